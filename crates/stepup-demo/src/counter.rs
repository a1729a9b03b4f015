//! The counter: the front page, the balance, and where a transfer begins.

use axum::Form;
use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use stepup_axum::OptionalSession;

use crate::customer::{self, Customer};
use crate::money::{AmountError, Pence};
use crate::order::Order;
use crate::pages::{Balance, Developer, Frame, Front, Transfer, html, notice};
use crate::{App, step_up, today};

/// The longest name that money goes to, in characters.
const LONGEST_NAME: usize = 80;

pub(crate) async fn front(session: OptionalSession) -> Html<String> {
    html(&Front { frame: Frame { customer: session.session().map(customer::name) } })
}

pub(crate) async fn balance(State(app): State<App>, customer: Customer) -> Html<String> {
    let statement = app.bank.statement(&customer.id(), today());
    html(&Balance { frame: customer.frame(), statement })
}

pub(crate) async fn transfer_form(State(app): State<App>, customer: Customer) -> Html<String> {
    let balance = app.bank.statement(&customer.id(), today()).balance;
    html(&Transfer { frame: customer.frame(), balance, ..Transfer::default() })
}

/// What the customer typed.
#[derive(Debug, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    to: String,
    #[serde(default)]
    amount: String,
}

pub(crate) async fn transfer(
    State(app): State<App>,
    customer: Customer,
    Form(typed): Form<Typed>,
) -> Response {
    let statement = app.bank.statement(&customer.id(), today());
    let payee = payee(&typed.to);
    let amount = Pence::parse(&typed.amount).map_err(AmountError::message).and_then(|amount| {
        if statement.covers(amount) { Ok(amount) } else { Err("You do not have that much.") }
    });
    match (payee, amount) {
        (Ok(to), Ok(amount)) => {
            let id = app.bank.place(&customer.id(), Order::new(to, amount), today());
            step_up::proceed(&app, customer, id).await
        }
        (to, amount) => {
            let page = Transfer {
                frame: customer.frame(),
                balance: statement.balance,
                to_problem: to.err(),
                amount_problem: amount.err(),
                to: typed.to,
                amount: typed.amount,
            };
            (StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response()
        }
    }
}

pub(crate) async fn developer(customer: Customer) -> Html<String> {
    html(&Developer { frame: customer.frame() })
}

pub(crate) async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, notice::nothing_here()).into_response()
}

/// To the page of an order, which shows how far it has come.
pub(crate) fn to_order(id: crate::order::OrderId) -> Response {
    Redirect::to(&format!("/transfer/{id}")).into_response()
}

fn payee(typed: &str) -> Result<String, &'static str> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    match name.chars().count() {
        0 => Err("Enter who gets the money."),
        1..=LONGEST_NAME if !name.chars().any(char::is_control) => Ok(name),
        _ => Err("Enter a name of at most 80 characters."),
    }
}
