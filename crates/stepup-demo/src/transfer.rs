//! A transfer under way: the page of an order, and what the customer sends from it.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use stepup::mfa::Verify;
use stepup_axum::SteppedUp;

use crate::counter::{not_found, to_order};
use crate::customer::Customer;
use crate::order::{Order, OrderId, Stage, Step};
use crate::pages::{Challenge, Enroll, Keep, Receipt, Recovery, Resume, html};
use crate::step_up::{self, CodeProblem};
use crate::{App, qr, today};

const BUSY: &str =
    "Our log-in service has too much to do. Nothing is lost: wait a moment, then enter the code again.";
const LOCKED_OUT: &str = "Too many wrong codes. To keep your money safe, no code is taken for some minutes now, not even a right one. Wait, then try again.";

/// A code from a form.
#[derive(Deserialize)]
pub(crate) struct Code {
    #[serde(default)]
    code: String,
}

/// The tick under a recovery code.
#[derive(Debug, Deserialize)]
pub(crate) struct Kept {
    saved: Option<String>,
}

/// Whatever the order waits for.
pub(crate) async fn page(State(app): State<App>, Path(id): Path<String>, customer: Customer) -> Response {
    match find(&app, &customer, &id) {
        Some((id, order)) => show(&app, &customer, id, order, None),
        None => not_found().await,
    }
}

/// The code of the authenticator app.
pub(crate) async fn code(
    State(app): State<App>,
    Path(id): Path<String>,
    customer: Customer,
    Form(Code { code }): Form<Code>,
) -> Response {
    let Some((id, order)) = find(&app, &customer, &id) else { return not_found().await };
    let digits: String = code.chars().filter(|character| !character.is_whitespace()).map(narrow).collect();
    if digits.is_empty() {
        return retry(show(&app, &customer, id, order, Some("Enter the 6-digit code that your app shows.")));
    }
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let problem = "A code has 6 digits. Check the one that your app shows and enter it again.";
        return retry(show(&app, &customer, id, order, Some(problem)));
    }
    match step_up::verify(&app, customer, id, Verify::otp(digits)).await {
        Ok(response) => response,
        Err((customer, problem)) => {
            let text = match problem {
                CodeProblem::Busy => BUSY,
                CodeProblem::LockedOut => LOCKED_OUT,
                CodeProblem::Wrong => {
                    "That code is not right. It changes every 30 seconds: enter the one that your app shows now."
                }
            };
            refused(problem, show_current(&app, &customer, id, text))
        }
    }
}

/// The digit that a full-width one stands for, as Japanese keyboards type them.
fn narrow(character: char) -> char {
    match character {
        '０'..='９' => {
            char::from_u32(u32::from(character) - u32::from('０') + u32::from('0')).unwrap_or(character)
        }
        other => other,
    }
}

/// The order, after another factor than these pages know.
pub(crate) async fn confirm(
    State(app): State<App>,
    Path(id): Path<String>,
    stepped_up: SteppedUp,
) -> Response {
    match id.parse() {
        Ok(id) => step_up::confirmed(&app, stepped_up, id),
        Err(_) => not_found().await,
    }
}

/// The form for the recovery code.
pub(crate) async fn recovery_form(
    State(app): State<App>,
    Path(id): Path<String>,
    customer: Customer,
) -> Response {
    match find(&app, &customer, &id) {
        Some((id, order)) => show_recovery(&customer, id, order, None),
        None => not_found().await,
    }
}

/// The recovery code.
pub(crate) async fn recovery_code(
    State(app): State<App>,
    Path(id): Path<String>,
    customer: Customer,
    Form(Code { code }): Form<Code>,
) -> Response {
    let Some((id, order)) = find(&app, &customer, &id) else { return not_found().await };
    // People type it in groups, with dashes, in small letters.
    let code: String =
        code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    if code.is_empty() {
        return retry(show_recovery(&customer, id, order, Some("Enter your recovery code.")));
    }
    match step_up::verify(&app, customer, id, Verify::recovery_code(code)).await {
        Ok(response) => response,
        Err((customer, problem)) => {
            let text = match problem {
                CodeProblem::Busy => BUSY,
                CodeProblem::LockedOut => LOCKED_OUT,
                CodeProblem::Wrong => {
                    "That recovery code is not right. Check each character and enter it again."
                }
            };
            refused(problem, show_recovery(&customer, id, order, Some(text)))
        }
    }
}

/// The customer has kept the new recovery code, which is then forgotten here.
pub(crate) async fn kept(
    State(app): State<App>,
    Path(id): Path<String>,
    customer: Customer,
    Form(Kept { saved }): Form<Kept>,
) -> Response {
    let Some((id, order)) = find(&app, &customer, &id) else { return not_found().await };
    match (&order.recovery_code, saved) {
        (Some(code), None) => {
            let recovery_code = code.0.clone();
            let page = Keep { frame: customer.frame(), id, order, recovery_code, tick_is_missing: true };
            retry(html(&page).into_response())
        }
        _ => {
            app.bank.amend(&customer.id(), id, |order| order.recovery_code = None);
            to_order(id)
        }
    }
}

/// Goes on with an order that stopped.
pub(crate) async fn again(State(app): State<App>, Path(id): Path<String>, customer: Customer) -> Response {
    match find(&app, &customer, &id) {
        Some((id, order)) if matches!(order.stage, Stage::Ready) => {
            step_up::proceed(&app, customer, id).await
        }
        Some((id, _)) => to_order(id),
        None => not_found().await,
    }
}

/// Takes an order back.
pub(crate) async fn cancel(State(app): State<App>, Path(id): Path<String>, customer: Customer) -> Response {
    if let Some((id, _)) = find(&app, &customer, &id) {
        app.bank.cancel(&customer.id(), id);
    }
    Redirect::to("/balance").into_response()
}

fn find(app: &App, customer: &Customer, id: &str) -> Option<(OrderId, Order)> {
    let id = id.parse().ok()?;
    Some((id, app.bank.order(&customer.id(), id)?))
}

/// The page for the stage that an order is in.
fn show(
    app: &App,
    customer: &Customer,
    id: OrderId,
    order: Order,
    problem: Option<&'static str>,
) -> Response {
    let frame = customer.frame();
    match (order.stage.clone(), order.recovery_code.clone()) {
        (Stage::StepUp { step: Step::Challenge { or_confirm }, .. }, _) => {
            html(&Challenge { frame, id, order, or_confirm, problem }).into_response()
        }
        (Stage::StepUp { step: Step::Enroll { secret, barcode_uri, .. }, .. }, _) => {
            let qr = qr::svg(&barcode_uri);
            html(&Enroll { frame, id, order, secret, barcode_uri, qr, problem }).into_response()
        }
        (_, Some(code)) => {
            html(&Keep { frame, id, order, recovery_code: code.0, tick_is_missing: false }).into_response()
        }
        (Stage::Ready, None) => html(&Resume { frame, id, order, problem }).into_response(),
        (Stage::Done, None) => {
            let balance = app.bank.statement(&customer.id(), today()).balance;
            html(&Receipt { frame, order, balance }).into_response()
        }
    }
}

/// The order may have come further while the code was being checked: a form sent twice ends on the same receipt.
fn show_current(app: &App, customer: &Customer, id: OrderId, problem: &'static str) -> Response {
    match app.bank.order(&customer.id(), id) {
        Some(order) if matches!(order.stage, Stage::StepUp { .. }) => {
            show(app, customer, id, order, Some(problem))
        }
        _ => to_order(id),
    }
}

fn show_recovery(customer: &Customer, id: OrderId, order: Order, problem: Option<&'static str>) -> Response {
    match order.stage {
        Stage::StepUp { step: Step::Challenge { .. }, .. } => {
            html(&Recovery { frame: customer.frame(), id, order, problem }).into_response()
        }
        _ => to_order(id),
    }
}

/// The page again, because what was typed will not do.
fn retry(page: Response) -> Response {
    with_status(StatusCode::UNPROCESSABLE_ENTITY, page)
}

fn refused(problem: CodeProblem, page: Response) -> Response {
    match problem {
        CodeProblem::Busy | CodeProblem::LockedOut => with_status(StatusCode::TOO_MANY_REQUESTS, page),
        CodeProblem::Wrong => retry(page),
    }
}

/// A page gets the status; a redirect stays one.
fn with_status(status: StatusCode, mut response: Response) -> Response {
    if response.status().is_success() {
        *response.status_mut() = status;
    }
    response
}
