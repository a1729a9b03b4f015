//! The second factor: list, enrol, challenge, verify, delete.
//!
//! [`Client::access_token`](crate::Client::access_token) fails with [`MfaRequired`] when the tenant wants more than a
//! password. What it carries, an [`MfaToken`] and the requirements, is all that a page needs to go on:
//!
//! ```no_run
//! # use stepup::{Client, SessionState, mfa::{Enroll, MfaRequired, Verify, VerifyError}};
//! # async fn step_up(client: &Client, session: &mut SessionState, due: MfaRequired) -> Result<(), Box<dyn std::error::Error>> {
//! let mfa = client.mfa();
//! let Some(token) = due.mfa_token else { return Ok(()) };          // only a new login helps
//!
//! if mfa.authenticators(&token).await?.iter().any(|authenticator| authenticator.active) {
//!     // The user has an app: ask for its code.
//! } else {
//!     let app = mfa.enroll(&token, &Enroll::otp()).await?;          // show app.barcode_uri as a QR code
//! }
//! match mfa.verify(session, &token, Verify::otp("123456")).await {
//!     Ok(_verified) => {}                                          // the access token is in the session
//!     Err(VerifyError::WrongCode(_)) => {}                         // the same token serves again
//!     Err(VerifyError::MfaRequired(_next)) => {}                   // an Action wants a further factor
//!     Err(other) => return Err(other.into()),
//! }
//! # Ok(()) }
//! ```
//!
//! Errors tell their code, status and JSON through [`WireError`](crate::WireError).

mod client;
mod error;
mod failure;
mod form;
mod once;
mod operation;
mod own;
mod proof;
mod push;
mod refusal;
mod request;
mod requirement;
mod token;
mod verify;
mod wire;

pub use stepup_protocol::mfa::{
    AssociateResponse, Authenticator, AuthenticatorType, ChallengeResponse, FactorType, MfaRequirements,
    OobChannel, RequiredFactor,
};

pub(crate) use self::own::SCOPE as OWN_SCOPE;
pub use self::{
    client::Mfa,
    error::{
        ChallengeError, DeleteAuthenticatorError, EnrollError, InvalidRequest, ListAuthenticatorsError,
        MfaRequired, MfaTokenError, NoAvailableFactors, VerifyError,
    },
    failure::Unavailable,
    own::OwnAuthenticators,
    proof::{OutOfBand, Verify},
    push::{PushOutcome, PushWait},
    refusal::Refusal,
    request::{Challenge, Enroll},
    token::MfaToken,
    verify::Verified,
};
pub(crate) use self::{
    once::StepUps,
    operation::Operation,
    push::{Pace, Turn},
};
