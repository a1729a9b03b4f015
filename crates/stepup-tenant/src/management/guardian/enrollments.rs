//! `guardian/enrollments`: one by its id, and tickets with which users enrol by themselves.

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use serde_json::{Value, json};
use stepup_protocol::mfa::FactorType;

use crate::{
    delivery::{Outgoing, Purpose},
    login::ticket,
    management::{
        Answer, Answered,
        authentication_methods::note,
        bearer::Bearer,
        enrollment,
        error::Failure,
        request::{Ids, Payload},
        schema::{Kind, NAME, Schema, optional, required},
        users::{existing, is_email},
    },
    model::{Authenticator, Channel, TicketPurpose},
    state::{Shared, State as Tenant},
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/guardian/enrollments/ticket", post(issue))
        .route("/guardian/enrollments/{id}", get(one).delete(delete))
}

const TICKET: Schema = Schema(&[
    required("user_id", NAME),
    optional("email", Kind::Format("email", is_email)),
    optional("send_mail", Kind::Boolean),
    optional("email_locale", Kind::Text(1, 35)),
    optional(
        "factor",
        Kind::OneOf(&["push-notification", "phone", "email", "otp", "webauthn-roaming", "webauthn-platform"]),
    ),
    optional("allow_multiple_enrollments", Kind::Boolean),
]);

/// Issues a ticket, and mails its link where asked.
async fn issue(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(&["create:guardian_enrollment_tickets"])?;
    let body = payload.object(&TICKET)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let truth = |name: &str| body.get(name).is_some_and(|it| it == true);
    let user = existing(&shared, text("user_id").unwrap_or_default()).await?;
    let to = text("email").map(str::to_owned).or_else(|| user.email.clone());
    if truth("send_mail") && to.is_none() {
        return Err(Failure::bad_request("The user has no e-mail address to send to.", "invalid_body"));
    }
    let purpose = TicketPurpose::Enrollment {
        factor: text("factor").map(|name| enabled(&shared, name)).transpose()?,
        allow_multiple: truth("allow_multiple_enrollments"),
    };
    let issued = ticket::issue(&shared, &user.user_id, purpose, ticket::LIFETIME).await?;
    if let (true, Some(to)) = (truth("send_mail"), to) {
        let tenant = &shared.config.friendly_name;
        let outgoing = Outgoing {
            channel: Channel::Email,
            to,
            purpose: Purpose::Account,
            user_id: Some(user.user_id.clone()),
            code: None,
            subject: Some(format!("Set up a second factor for {tenant}")),
            body: format!(
                "Follow this link to set up a second factor for {tenant}:\n\n{}\n\nIt works once, for five days.\n",
                issued.url
            ),
        };
        shared.delivery.send(outgoing).await.map_err(Failure::Delivery)?;
    }
    Ok(Answer::ok(json!({ "ticket_id": issued.ticket, "ticket_url": issued.url })))
}

/// The factor of this name, if users can enrol it.
fn enabled(tenant: &Tenant, name: &str) -> Result<FactorType, Failure> {
    let factor = FactorType::parse(name).filter(|factor| tenant.config.factors.enabled(*factor));
    factor.ok_or_else(|| Failure::bad_request(format!("The factor {name} is not enabled."), "invalid_body"))
}

/// One enrolment.
async fn one(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(&["read:guardian_enrollments"])?;
    Ok(Answer::ok(enrollment::of_guardian(&find(&shared, &id).await?)))
}

/// Removes an enrolment.
async fn delete(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(&["delete:guardian_enrollments"])?;
    let authenticator = find(&shared, &id).await?;
    shared.store.delete_authenticator(&authenticator.user_id, &authenticator.id).await?;
    if let Some(user) = shared.store.user(&authenticator.user_id).await? {
        note(&shared, &user, "gd_unenroll", &authenticator.id).await;
    }
    Ok(Answer::gone())
}

async fn find(tenant: &Tenant, id: &str) -> Result<Authenticator, Failure> {
    let found = tenant.store.enrollment(id).await?;
    found.ok_or_else(|| Failure::not_found("Enrollment not found", "enrollment_not_found"))
}
