//! What a judged record owes: alerts, and its share of the next receipt.
//!
//! Pure: outputs are built here as bytes; who sends them and waits for their acknowledgement is elsewhere.

mod alerts;
mod receipts;
mod register;
#[cfg(test)]
mod tests;
mod text;

pub use alerts::{
    ALERTS_PER_RECORD_MAX, Context, Judged, JudgedTransfer, Output, Unread, alerts, gap_alert, unread_alert,
};
pub use receipts::{Draft, Full, RECEIPT_BYTES_MAX, Share, Stamp};
