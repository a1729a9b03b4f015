//! What a user can prove a second factor with: one module a factor.

pub(crate) mod otp;
pub(crate) mod recovery_code;
