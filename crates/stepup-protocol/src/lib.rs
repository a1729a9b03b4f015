//! The wire's vocabulary: the nouns that the SDK and the tenant both speak.
//!
//! Plain serde types for OpenID Connect, OAuth 2.0 and Auth0's MFA API. They tolerate members they do not know
//! and are exact in what they write: an absent value is left out, never `null`. Nothing here does I/O, reads a
//! clock or draws a random number.
//!
//! One module a noun: [`claims`], [`discovery`], [`error`], [`guardian`], [`jwk`], [`mask`], [`mfa`], [`scope`], [`time`],
//! [`token`].

pub mod claims;
pub mod discovery;
pub mod error;
pub mod guardian;
pub mod jwk;
pub mod mask;
pub mod mfa;
pub mod scope;
pub mod time;
pub mod token;
