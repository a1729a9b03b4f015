//! `/dashboard/devices`: virtual devices, and the questions that wait for one.

use askama::Template;
use axum::{
    extract::{Form, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    admit::Admin,
    frame::{Frame, Section},
    page,
};
use crate::{
    devices::{Decision, DeviceKind, VirtualDevice},
    oauth::error::Failure,
    state::Shared,
};

#[derive(Template)]
#[template(path = "dashboard/devices.html")]
struct View<'a> {
    frame: Frame<'a>,
    /// The newest event of the log before the rest was read: whatever comes after it, the page does not know.
    newest: String,
    questions: Vec<Question>,
    devices: Vec<Device>,
    problem: Option<String>,
}

struct Question {
    id: String,
    user: String,
    user_id: String,
    ago: String,
    expires: String,
}

struct Device {
    described: VirtualDevice,
    code: Option<Code>,
}

struct Code {
    digits: String,
    seconds_left: u64,
}

/// The page.
pub(super) async fn show(State(shared): State<Shared>, admin: Admin) -> Result<Response, Failure> {
    render(&shared, &admin, None).await
}

async fn render(shared: &Shared, admin: &Admin, problem: Option<String>) -> Result<Response, Failure> {
    let frame = Frame::new(shared, Section::Devices, admin);
    let newest = shared.log.newest().await?;
    let now = shared.clock.now();
    let mut questions = Vec::new();
    for asked in shared.store.pending_pushes(None, now).await? {
        let user = shared.store.user(&asked.user_id).await?;
        questions.push(Question {
            user: user.map_or_else(|| asked.user_id.clone(), |user| user.email.unwrap_or(user.name)),
            ago: frame.ago(asked.created_at),
            expires: frame.ago(asked.expires_at),
            id: asked.id,
            user_id: asked.user_id,
        });
    }
    let code = |id: &str| {
        let (digits, seconds_left) = (shared.devices.code(id, now)?, shared.devices.seconds_left(id, now)?);
        Some(Code { digits, seconds_left })
    };
    let devices = shared.devices.list().into_iter();
    let devices = devices.map(|described| Device { code: code(&described.id), described }).collect();
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(page(status, &View { frame, newest, questions, devices, problem }))
}

/// A QR code that a new device scans.
#[derive(Debug, Deserialize)]
pub(super) struct Scan {
    barcode_uri: String,
}

/// Scans it.
pub(super) async fn scan(
    State(shared): State<Shared>,
    admin: Admin,
    Form(Scan { barcode_uri }): Form<Scan>,
) -> Result<Response, Failure> {
    match shared.devices.scan(&shared, barcode_uri.trim()).await {
        Ok(_) => Ok(Redirect::to(Section::Devices.path()).into_response()),
        Err(error) => render(&shared, &admin, Some(error.to_string())).await,
    }
}

/// What the person at the device says.
#[derive(Debug, Deserialize)]
pub(super) struct Decided {
    decision: String,
}

/// Answers a question.
pub(super) async fn answer(
    State(shared): State<Shared>,
    admin: Admin,
    Path(id): Path<String>,
    Form(Decided { decision }): Form<Decided>,
) -> Result<Response, Failure> {
    let decision = match decision.as_str() {
        "approve" => Decision::Approve,
        "deny" => Decision::Deny,
        _ => return render(&shared, &admin, Some("Approve or deny.".to_owned())).await,
    };
    match shared.devices.answer(&shared, &id, decision).await {
        Ok(()) => Ok(Redirect::to(Section::Devices.path()).into_response()),
        Err(error) => render(&shared, &admin, Some(error.to_string())).await,
    }
}
