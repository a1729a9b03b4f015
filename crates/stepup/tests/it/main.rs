//! Flows through real HTTP, and recorded behaviour of the official packages.

mod config;
mod login_vectors;
mod nextjs_mfa_routes;
mod refresh;
mod route_vectors;
mod session_cookies;
mod support;
mod transaction_cookies;
