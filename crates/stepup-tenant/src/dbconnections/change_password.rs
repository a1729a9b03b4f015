//! `POST /dbconnections/change_password`.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, header};

use super::{error::Fault, mail, sign_up};
use crate::{
    factors::email::is_address,
    oauth::{audit::Audit, error::Failure, params::Params},
    pipeline::{Caller, header_text},
    state::Shared,
};

/// Mails a link to choose a new password. The answer is the same for addresses that nobody has.
pub(super) async fn handle(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    let params = Params::from_body(header_text(&headers, header::CONTENT_TYPE), &body);
    let params = params.map_err(Fault::Malformed)?;
    let connection = sign_up::connection(&shared, &params)?;
    let email = sign_up::required(&params, "email")?;
    if !is_address(email) {
        return Err(Fault::Field("email is not a valid email address".to_owned()));
    }
    request(&shared, &caller, params.text("client_id"), &connection.name, email).await?;
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    Ok((headers, "We've just sent you an email to reset your password.").into_response())
}

/// Mails the link, if somebody has that address.
///
/// # Errors
/// The store failed. A mail that cannot be sent is logged and not told, since it would tell that there is an account.
pub(crate) async fn request(
    shared: &Shared,
    caller: &Caller,
    client_id: Option<&str>,
    connection: &str,
    email: &str,
) -> Result<(), Failure> {
    let user = shared.store.user_by_identifier(connection, email).await?;
    let audit = Audit::new(shared, caller).connection(connection);
    let audit = match client_id.and_then(|id| shared.config.client(id)) {
        Some(client) => audit.client(client),
        None => audit,
    };
    let Some(user) = user.filter(|user| !user.blocked) else {
        audit.named(email).describe("User does not exist.").write("fcpr").await;
        return Ok(());
    };
    match mail::password_reset(shared, &user, client_id).await {
        Ok(()) => audit.user(&user).write("scpr").await,
        Err(failure) => {
            tracing::warn!(error = &failure as &dyn std::error::Error, "a mail for a new password failed");
            audit.user(&user).describe("the mail could not be sent").write("fcpr").await;
        }
    }
    Ok(())
}
