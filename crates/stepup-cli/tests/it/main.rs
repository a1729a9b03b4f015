//! The real binary, from outside: what it prints and how it ends.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails the test")]

mod action;
mod config;
mod doctor;
mod killed;
mod push;
mod sealed_values;
mod support;
mod tenant;
mod usage;
mod walkthrough;
