//! The tenant from outside: its store, its start and stop, its remote control, Actions, and the flows over HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail their tests")]

mod actions;
mod adaptive;
mod authorize;
mod bad_input;
mod config;
mod configuration;
mod configuration_folder;
mod control;
mod dashboard;
mod delivery;
mod devices;
mod endpoints;
mod event;
mod factors;
mod flow_actions;
mod grants;
mod guardian;
mod import;
mod login;
mod management;
mod mfa_api;
mod outbound;
mod pages;
mod password_rules;
mod protocol;
mod returns;
mod rig;
mod security;
mod sequencing;
mod server;
mod session_actions;
mod start;
mod step_up;
mod store;
mod support;
mod traces;
mod wire;
