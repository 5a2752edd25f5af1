//! Consent acts: what a subject did about one disclosure version.
