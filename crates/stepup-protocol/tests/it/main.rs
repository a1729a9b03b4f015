//! The vocabulary against the wire: what a tenant is known to send is read, and written again as it came.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod round_trip;
mod survives;
