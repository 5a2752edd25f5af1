//! The immutable snapshot of all facts that the stages read.
