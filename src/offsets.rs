//! The tracker: which offsets may be stored.
