//! An Auth0-compatible tenant for development and tests.

pub mod actions;
pub mod model;
pub mod pages;
pub mod store;
