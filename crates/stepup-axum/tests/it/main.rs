//! The adapter through a bound server.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

mod application;
mod bank;
mod custom_routes;
mod every_route;
mod examples;
mod extractors;
mod guard;
mod refusals;
mod step_up;
