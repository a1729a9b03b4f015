//! Flows through real HTTP, and recorded behaviour of the official packages.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what fails in a test fails the test"
)]

mod also_read;
mod base_urls;
mod captured;
mod client_proof;
mod config;
mod doubled_session;
mod dpop;
mod ended_sessions;
mod factors;
mod faults;
mod hostile_input;
mod house;
mod login_ended;
mod login_vectors;
mod mfa_required;
mod nextjs_mfa_routes;
mod nothing_lost;
mod pages;
mod popup;
mod push;
mod refresh;
mod relying_party;
mod route_vectors;
mod second_factor;
mod session_cookies;
mod session_growth;
mod step_up;
mod strict_cookie;
mod support;
mod tenant_flows;
mod told;
mod transaction_cookies;
