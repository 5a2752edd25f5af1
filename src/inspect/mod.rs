//! Tokens become findings.
