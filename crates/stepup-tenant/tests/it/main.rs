//! The tenant from outside: its store, its start and stop, its remote control, Actions, and the flows over HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail their tests")]

mod actions;
mod config;
mod control;
mod server;
mod start;
mod store;
mod support;
