use std::time::Duration;
use axum::{Form, Router, routing::post};
use stepup::{ClientBuilder, ConfigError, pages::PageOptions};
use stepup_axum::{SessionLayer, StepUp, SteppedUp};

#[derive(serde::Deserialize)]
struct Order { to: String, amount: u64 }

async fn transfer(stepped_up: SteppedUp, Form(order): Form<Order>) -> String {
    // stepped_up.access_token is for the API, with transfer:funds.
    format!("{} sends {} to {}", stepped_up.session.subject(), order.amount, order.to)
}

/// With `Client::builder().environment()`.
fn app(client: ClientBuilder) -> Result<Router, ConfigError> {
    let pages = PageOptions::new().application_name("Bank of Ada").variable("--accent", "#0a6e5a");
    let client = client.mfa_pages(pages).build()?;
    let guard = StepUp::new().audience("https://api.example.com").scope("transfer:funds").within(Duration::from_secs(300));
    Ok(Router::new().route("/transfer", post(transfer).route_layer(guard)).layer(SessionLayer::new(client)))
}
