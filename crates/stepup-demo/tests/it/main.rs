//! The bank through real HTTP, against the tenant in this process.

mod browser;
mod front;
mod house;
mod transfer;
