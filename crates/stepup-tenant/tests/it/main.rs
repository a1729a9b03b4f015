//! Tests through the public interface, one module a subject.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail their tests")]

mod actions;
