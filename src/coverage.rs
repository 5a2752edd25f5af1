//! The fold of receipts: what was inspected, and what was not.
