//! Lanes, snapshot and shutdown.
