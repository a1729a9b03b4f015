//! The second factor: when it is due, and the MFA API.

pub mod requirement;
