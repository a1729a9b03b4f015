//! JOSE on `aws-lc-rs`, and values sealed for one purpose.
//!
//! - [`jwe`]: `dir` with A256GCM and A256CBC-HS512 (RFC 7516, RFC 7518).
//! - [`jws`]: signing keys, verification keys, key sets (RFC 7515, RFC 7517, RFC 8037).
//! - [`Sealer`]: session cookies, transaction cookies and MFA tokens in three forms: this SDK's own, nextjs-auth0's and
//!   auth0-server-python's; [`Secrets`] rotates what they are sealed with.
//! - [`thumbprint`], [`hkdf`], [`digest`], [`base64url`], [`Random`]: what those are made of.
//!
//! No I/O, no clock, no randomness of its own but in signatures and key generation: times and [`Random`] come in as arguments. Sizes are
//! bounded before anything is decoded, and nothing panics on input.

pub mod base64url;
pub mod digest;
mod header;
pub mod hkdf;
pub mod jwe;
pub mod jws;
mod random;
pub mod sealed;
mod secrets;
pub mod thumbprint;

pub use random::{Random, base62, token};
pub use sealed::{Format, OpenError, Purpose, Sealer, UnknownFormat, Unsealed};
pub use secrets::{Secrets, SecretsError};
