//! Under construction.

pub mod actions;
pub mod pages;
