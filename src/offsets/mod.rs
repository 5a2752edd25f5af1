//! Which offsets may be stored, and where a partition begins.
//!
//! The lane inspects in place, so what is delivered is complete but for the outputs it owes. The tracker
//! therefore holds ranges, not records: each range is one receipt, from the record that opened it to the one
//! that closed it, with the number of alerts it still waits for.

mod start;
mod tracker;

pub use start::{Gap, Known, Start, StartFrom, start};

pub use crate::alert::GapCause;
pub use tracker::{RangeId, Tracker};
