//! `POST /oauth/revoke`: a refresh token is given up (RFC 7009).

use axum::extract::State;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    audit::Audit,
    client_auth,
    error::{ClientFault, Failure, RequestFault},
    params::Params,
};
use crate::{
    model::Digest,
    pipeline::{Caller, header_text},
    state::Shared,
};

/// Revokes every refresh token that the user has given to the client for the API, or the one login that the token descends
/// from, as the tenant is set. A token that is unknown or another client's is answered alike
/// and left alone (RFC 7009 section 2.2): the caller learns nothing.
pub(crate) async fn handle(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, [(header::HeaderName, HeaderValue); 1]), Failure> {
    let params = Params::from_body(header_text(&headers, header::CONTENT_TYPE), &body)?;
    let client = client_auth::authenticate(&shared, &headers, &params).await.map_err(as_invalid_client)?;
    let token = params.text("token").ok_or(RequestFault::Missing("token"))?;
    let held = shared.store.refresh_token(&Digest::of(token)).await?;
    if let Some(held) = held.filter(|held| held.client_id == client.client_id) {
        let now = shared.clock.now();
        if shared.config.revoke_whole_grant {
            let audience = held.audience.as_deref();
            shared.store.revoke_grant(&held.user_id, &held.client_id, audience, now).await?;
        } else {
            shared.store.revoke_family(&held.family, now).await?;
        }
        Audit::new(&shared, &caller)
            .client(client)
            .describe(format!("revoked {}", held.id))
            .write("srrt")
            .await;
    }
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]))
}

/// A client that did not prove itself is told so in the words of RFC 6749 section 5.2 here.
fn as_invalid_client(failure: Failure) -> Failure {
    match failure {
        Failure::Client(ClientFault::Unauthorized { by_basic }) => ClientFault::Unproven { by_basic }.into(),
        other => other,
    }
}
