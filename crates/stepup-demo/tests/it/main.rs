//! The bank through real HTTP, against the tenant in this process.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod browser;
mod confirm;
mod front;
mod house;
mod transfer;
mod universal_login;
