//! Loads facts from where they are kept.
