//! The adapter through a bound server.

mod application;
mod every_route;
mod extractors;
mod refusals;
