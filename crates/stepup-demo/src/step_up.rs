//! The second factor before money moves: this is the part to read for anybody who adds step-up to an application.
//!
//! [`proceed`] asks the SDK for a new access token with `transfer:funds`. The tenant answers `mfa_required`, and [`begin`]
//! finds out what the customer has to do: enter the code of the app that they have, or enrol one. [`verify`] hands in
//! the code; from then on the token is in the session, and the order is carried out.
//!
//! Factors that these pages do not know take three lines instead: the [`guard`] has them proved on the SDK's pages, and
//! [`confirmed`] carries out what came through it.

use std::time::Duration;

use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use stepup::mfa::{AuthenticatorType, Enroll, EnrollError, FactorType, MfaRequired, Verify, VerifyError};
use stepup::{AccessToken, AccessTokenError, AccessTokenRequest, Client};
use stepup_axum::{StepUp, SteppedUp};

use crate::bank::{TRANSFER_SCOPE, TransferError};
use crate::counter::to_order;
use crate::customer::Customer;
use crate::order::{OrderId, RecoveryCode, Stage, Step};
use crate::pages::{Resume, html, notice};
use crate::{App, today};

/// The API that moves money.
const BANK_API: &str = "https://api.example.com";

/// Goes on with an order as far as it goes without the customer.
///
/// Each order asks the tenant anew: a code that was given for one transfer does not send the next.
pub(crate) async fn proceed(app: &App, customer: Customer, id: OrderId) -> Response {
    settle(app, customer, id, permission().refresh(true)).await
}

/// What stands before a transfer that is confirmed on the SDK's pages: one proof, by whichever factor, for one transfer.
pub(crate) fn guard() -> StepUp {
    StepUp::new().audience(BANK_API).scope(TRANSFER_SCOPE).within(Duration::ZERO)
}

/// Carries out an order that came through the [`guard`].
pub(crate) fn confirmed(
    app: &App,
    SteppedUp { session, access_token, .. }: SteppedUp,
    id: OrderId,
) -> Response {
    let customer = Customer { session };
    match access_token {
        Some(permission) => carry_out(app, &customer, id, &permission),
        None => not_allowed(app, &customer, id),
    }
}

fn permission() -> AccessTokenRequest {
    AccessTokenRequest::new().audience(BANK_API).scope(TRANSFER_SCOPE)
}

async fn settle(app: &App, mut customer: Customer, id: OrderId, permission: AccessTokenRequest) -> Response {
    match customer.session.access_token(&permission).await {
        Ok(token) => carry_out(app, &customer, id, &token),
        Err(AccessTokenError::MfaRequired(due)) => ask(app, &customer, id, due).await,
        Err(error) if error.needs_login() => log_in_again(app, &customer, id),
        Err(error) => unavailable(app, &customer, id, &error),
    }
}

fn carry_out(app: &App, customer: &Customer, id: OrderId, permission: &AccessToken) -> Response {
    match app.bank.carry_out(&customer.id(), id, permission, today()) {
        Ok(()) => to_order(id),
        Err(TransferError::NoSuchOrder) => (StatusCode::NOT_FOUND, notice::nothing_here()).into_response(),
        Err(TransferError::InsufficientFunds) => {
            resume(app, customer, id, StatusCode::CONFLICT, "You do not have that much any more.")
        }
        Err(TransferError::NotAllowed) => not_allowed(app, customer, id),
    }
}

fn not_allowed(app: &App, customer: &Customer, id: OrderId) -> Response {
    resume(app, customer, id, StatusCode::FORBIDDEN, "You may not transfer money from this account.")
}

/// Hands in what the customer typed, and goes on. A wrong code is the caller's to tell, in the words of its page.
pub(crate) async fn verify(
    app: &App,
    mut customer: Customer,
    id: OrderId,
    proof: Verify,
) -> Result<Response, (Customer, CodeProblem)> {
    let Some(Stage::StepUp { mfa_token, step }) = app.bank.order(&customer.id(), id).map(|order| order.stage)
    else {
        return Ok(to_order(id));
    };
    match customer.session.verify(&mfa_token, proof).await {
        Ok(verified) => {
            let enrolled = if let Step::Enroll { recovery_code, .. } = step { recovery_code } else { None };
            let recovery_code = verified.recovery_code.map(RecoveryCode).or(enrolled);
            app.bank.amend(&customer.id(), id, |order| {
                order.stage = Stage::Ready;
                order.recovery_code = recovery_code;
            });
            Ok(settle(app, customer, id, permission()).await)
        }
        Err(VerifyError::MfaRequired(due)) => Ok(ask(app, &customer, id, due).await),
        Err(VerifyError::WrongCode(_)) => Err((customer, CodeProblem::Wrong)),
        Err(VerifyError::Busy(_)) => Err((customer, CodeProblem::Busy)),
        Err(VerifyError::LockedOut(_)) => Err((customer, CodeProblem::LockedOut)),
        // The tenant's own token may end before the SDK's.
        Err(VerifyError::Token(_) | VerifyError::Expired(_)) => Ok(too_late(app, &customer, id)),
        Err(VerifyError::Over(_) | VerifyError::Used(_)) => Ok(over(app, &customer, id)),
        Err(error) => Ok(unavailable(app, &customer, id, &error)),
    }
}

/// Why a code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeProblem {
    Busy,
    LockedOut,
    Wrong,
}

/// Turns `mfa_required` into what the customer has to do, and shows it.
async fn ask(app: &App, customer: &Customer, id: OrderId, due: MfaRequired) -> Response {
    match begin(customer.session.client(), due).await {
        Ok(stage) => {
            app.bank.amend(&customer.id(), id, |order| order.stage = stage);
            to_order(id)
        }
        Err(Stop::NeedsLogin) => log_in_again(app, customer, id),
        // The same request once more, to where the guard has the other factor proved and then lets it pass.
        Err(Stop::OtherFactor) => Redirect::temporary(&format!("/transfer/{id}/confirm")).into_response(),
        Err(Stop::Unavailable(error)) => unavailable(app, customer, id, &*error),
    }
}

/// Why a step-up cannot be done on these pages.
enum Stop {
    NeedsLogin,
    OtherFactor,
    Unavailable(Box<dyn std::error::Error>),
}

async fn begin(client: &Client, due: MfaRequired) -> Result<Stage, Stop> {
    let enroll_one_of = due.enrollment_factors();
    let mfa_token = due.mfa_token.ok_or(Stop::NeedsLogin)?;
    let mfa = client.mfa();

    if enroll_one_of.is_empty() {
        let held = mfa.authenticators(&mfa_token).await.map_err(Stop::other)?;
        let (ours, others): (Vec<_>, Vec<_>) =
            held.iter().filter(|authenticator| authenticator.active).partition(|authenticator| {
                matches!(
                    authenticator.authenticator_type,
                    AuthenticatorType::Otp | AuthenticatorType::RecoveryCode
                )
            });
        if !ours.is_empty() {
            return Ok(Stage::StepUp { mfa_token, step: Step::Challenge { or_confirm: !others.is_empty() } });
        }
    } else if !enroll_one_of.contains(&FactorType::Otp) {
        return Err(Stop::OtherFactor);
    }

    let enrolled = match mfa.enroll(&mfa_token, &Enroll::otp()).await {
        Ok(enrolled) => enrolled,
        // The customer has a factor, and it is none that these pages know.
        Err(EnrollError::Refused(_)) => return Err(Stop::OtherFactor),
        Err(error) => return Err(Stop::other(error)),
    };
    let (Some(secret), Some(barcode_uri)) = (enrolled.secret, enrolled.barcode_uri) else {
        return Err(Stop::OtherFactor);
    };
    let recovery_code = enrolled.recovery_codes.into_iter().flatten().next().map(RecoveryCode);
    Ok(Stage::StepUp { mfa_token, step: Step::Enroll { secret, barcode_uri, recovery_code } })
}

impl Stop {
    fn other(error: impl std::error::Error + 'static) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

/// The order stays, and the log-in leads back to it.
fn log_in_again(app: &App, customer: &Customer, id: OrderId) -> Response {
    app.bank.amend(&customer.id(), id, |order| order.stage = Stage::Ready);
    let login = customer.session.client().login_path(&format!("/transfer/{id}"));
    (StatusCode::UNAUTHORIZED, notice::login_needed(login)).into_response()
}

fn too_late(app: &App, customer: &Customer, id: OrderId) -> Response {
    resume(app, customer, id, StatusCode::GONE, "That took too long, so the second step has to begin again.")
}

/// As a log-out elsewhere ends it.
fn over(app: &App, customer: &Customer, id: OrderId) -> Response {
    resume(
        app,
        customer,
        id,
        StatusCode::GONE,
        "The second step was ended elsewhere, so it has to begin again.",
    )
}

/// The order stays, and the customer may go on with it later.
fn resume(
    app: &App,
    customer: &Customer,
    id: OrderId,
    status: StatusCode,
    problem: &'static str,
) -> Response {
    app.bank.amend(&customer.id(), id, |order| order.stage = Stage::Ready);
    match app.bank.order(&customer.id(), id) {
        Some(order) => (status, html(&Resume { frame: customer.frame(), id, order, problem: Some(problem) }))
            .into_response(),
        None => (StatusCode::NOT_FOUND, notice::nothing_here()).into_response(),
    }
}

/// The tenant did not answer as it should. The customer reads that nothing was lost, the log says why.
fn unavailable(app: &App, customer: &Customer, id: OrderId, error: &dyn std::error::Error) -> Response {
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        reason.push_str(": ");
        reason.push_str(&cause.to_string());
        source = cause.source();
    }
    tracing::warn!(%reason, "a step-up stopped");
    resume(
        app,
        customer,
        id,
        StatusCode::BAD_GATEWAY,
        "Our log-in service does not answer. Nothing was sent; try again.",
    )
}
