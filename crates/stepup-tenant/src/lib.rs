//! Under construction.

pub mod actions;
