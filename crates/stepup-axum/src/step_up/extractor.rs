//! The session with the proof that satisfied a guard, as handlers take it.

use std::{fmt, marker::PhantomData};

use axum_core::extract::FromRequestParts;
use http::request::Parts;
use stepup::{AccessToken, FactorProof, guard::Passed};

use super::{StepUp, StepUpRejection, judge::judge, layer::Granted};
use crate::Session;

/// What a handler needs of the user's second factor, as a type: [`SteppedUp`] of it needs no layer of its own.
///
/// ```
/// use std::time::Duration;
/// use stepup_axum::{Requirement, StepUp, SteppedUp};
///
/// struct Transfer;
///
/// impl Requirement for Transfer {
///     fn step_up() -> StepUp {
///         StepUp::new().audience("https://api.bank.example.com").scope("transfer:funds").within(Duration::from_secs(300))
///     }
/// }
///
/// async fn transfer(SteppedUp { session, access_token, .. }: SteppedUp<Transfer>) -> String {
///     format!("{}, with a token: {}", session.subject(), access_token.is_some())
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no requirement of a guard",
    label = "not a `Requirement`",
    note = "behind a `StepUp` layer, write `SteppedUp`; without one, name a type of your own that implements `Requirement`"
)]
pub trait Requirement {
    /// What is needed. Called once a request.
    fn step_up() -> StepUp;
}

/// The requirement of the [`StepUp`] layer around the handler.
#[derive(Clone, Copy, Debug)]
pub struct Layered;

/// What [`SteppedUp`] may name: [`Layered`], or a [`Requirement`]. A bound of the type, so that the compiler says what is
/// wrong there, and not only that a function is no handler.
pub trait Guarding {}

impl Guarding for Layered {}

impl<R: Requirement> Guarding for R {}

/// The session with a proof that satisfied the guard: the [`StepUp`] layer's, or that of the requirement `R`.
///
/// An extractor cannot keep a form that was being sent, for the body is not its own: where a handler with `R` is posted
/// to and asks for a second factor, the user proves it and sends the form again by hand. The layer keeps forms.
#[non_exhaustive]
pub struct SteppedUp<R: Guarding = Layered> {
    /// The session. A handler takes it once, so not beside this.
    pub session: Session,
    /// The proof.
    pub proof: FactorProof,
    /// The access token, where an audience or a scope is required.
    pub access_token: Option<AccessToken>,
    requirement: PhantomData<fn() -> R>,
}

impl<R: Guarding> SteppedUp<R> {
    fn new(session: Session, Passed { proof, access_token, .. }: Passed) -> Self {
        Self { session, proof, access_token, requirement: PhantomData }
    }
}

impl<R: Guarding> fmt::Debug for SteppedUp<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SteppedUp")
            .field("session", &self.session)
            .field("proof", &self.proof)
            .field("access_token", &self.access_token)
            .finish_non_exhaustive()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SteppedUp<Layered> {
    type Rejection = StepUpRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Some(Granted(passed)) = parts.extensions.get::<Granted>().cloned() else {
            return Err(StepUpRejection::LayerMissing);
        };
        Ok(Self::new(Session::from_request_parts(parts, state).await?, passed))
    }
}

impl<S: Send + Sync, R: Requirement> FromRequestParts<S> for SteppedUp<R> {
    type Rejection = StepUpRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let (state, passed) = judge(&R::step_up().guard, parts, &mut None).await?;
        Ok(Self::new(Session::of(parts, state)?, passed))
    }
}
