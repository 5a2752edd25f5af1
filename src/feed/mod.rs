//! Where facts come from. Only here are they read; [`crate::facts`] holds them.

pub mod files;
