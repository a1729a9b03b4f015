//! An Auth0-compatible tenant for development and tests.

pub mod actions;
mod factors;
pub mod mfa;
pub mod model;
mod oauth;
pub mod pages;
pub mod store;
