//! Guarded routes of the bank.

mod api;
mod chain;
mod once;
mod page;
mod peer;
mod ready_made;
mod scope;
mod setup;
