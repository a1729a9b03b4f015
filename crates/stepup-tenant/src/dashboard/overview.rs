//! `/dashboard`: how to point an application here, and what happened last.

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    admit::Admin,
    frame::{Frame, Section},
    log::{Row, rows},
    page,
};
use crate::{config::MfaPolicy, oauth::error::Failure, state::Shared};

#[derive(Template)]
#[template(path = "dashboard/overview.html")]
struct View<'a> {
    frame: Frame<'a>,
    issuer: &'a str,
    applications: Vec<Application<'a>>,
    policy: &'static str,
    factors: Vec<&'static str>,
    actions: Vec<&'a str>,
    warnings: &'a [String],
    latest: Vec<Row>,
}

struct Application<'a> {
    name: &'a str,
    client_id: &'a str,
    client_secret: Option<&'a str>,
    kind: &'static str,
}

/// The page.
pub(super) async fn show(State(shared): State<Shared>, admin: Admin) -> Result<Response, Failure> {
    let frame = Frame::new(&shared, Section::Overview, &admin);
    let latest = rows(&frame, &shared.log.read(None, 8).await?);
    let config = &shared.config;
    let view = View {
        issuer: shared.issuer.as_str(),
        applications: config
            .clients
            .iter()
            .filter(|client| client.client_id != crate::config::DASHBOARD_CLIENT)
            .map(|client| Application {
                name: &client.name,
                client_id: &client.client_id,
                client_secret: client.client_secret.as_ref().map(secrecy::ExposeSecret::expose_secret),
                kind: client.application_type.as_str(),
            })
            .collect(),
        policy: match config.policy {
            MfaPolicy::Adaptive => "Adaptive",
            MfaPolicy::Always => "Always",
            MfaPolicy::Never => "Never",
        },
        factors: config.factors.iter().map(stepup_protocol::mfa::FactorType::as_str).collect(),
        actions: config.actions.iter().map(|action| action.name.as_ref()).collect(),
        warnings: &config.warnings,
        latest,
        frame,
    };
    Ok(page(StatusCode::OK, &view))
}
