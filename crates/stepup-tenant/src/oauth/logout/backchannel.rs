//! Back-channel logout: every application of a session is told that it ended (OpenID Connect Back-Channel Logout 1.0).

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use stepup_protocol::time::UnixTime;
use stepup_seal::token;

use crate::{
    config::{BackchannelLogout, Client, LogoutInitiator},
    model::{Call, LogEvent, TenantSession},
    oauth::error::{Failure, TenantFault},
    state::State,
};

/// How long a logout token is good, and is tried to be delivered.
const LIFETIME: Duration = Duration::from_secs(120);
/// The event that makes a token a logout token (section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Ends a session, and tells its applications why.
///
/// They are told first: were the tenant killed in between, the session would go on and nobody miss a logout.
///
/// # Errors
/// The store failed.
pub(crate) async fn end(
    state: &State,
    session: &TenantSession,
    initiator: LogoutInitiator,
) -> Result<(), Failure> {
    notify(state, session, initiator).await?;
    state.store.delete_session(&session.id).await?;
    Ok(())
}

/// Ends every session of a user: who was blocked or deleted, or has another password or address.
///
/// # Errors
/// The store failed.
pub(crate) async fn end_all(state: &State, user_id: &str, initiator: LogoutInitiator) -> Result<(), Failure> {
    for session in state.store.sessions_of(user_id).await? {
        end(state, &session, initiator).await?;
    }
    Ok(())
}

/// Ends the sessions that ran out by `now`, where somebody wants to be told of that; the rest are the sweep's.
///
/// # Errors
/// The store failed.
pub(crate) async fn end_expired(state: &State, now: UnixTime) -> Result<(), Failure> {
    let mut wishes = state.config.clients.iter().filter_map(|client| client.backchannel_logout.as_ref());
    if !wishes.any(|wish| wish.wants(LogoutInitiator::SessionExpired)) {
        return Ok(());
    }
    loop {
        let expired = state.store.expired_sessions(now, AT_ONCE).await?;
        if expired.is_empty() {
            return Ok(());
        }
        for session in expired {
            end(state, &session, LogoutInitiator::SessionExpired).await?;
        }
    }
}

/// Sessions that are read at once.
const AT_ONCE: u32 = 200;

/// Tells the applications of every session of a user, where something else ends the sessions.
///
/// # Errors
/// The store failed.
pub(crate) async fn notify_all(
    state: &State,
    user_id: &str,
    initiator: LogoutInitiator,
) -> Result<(), Failure> {
    for session in state.store.sessions_of(user_id).await? {
        notify(state, &session, initiator).await?;
    }
    Ok(())
}

/// Keeps a logout token for every application of the session that wants to be told; each is delivered, and delivered
/// again until it is taken, while the caller goes on.
///
/// # Errors
/// The store failed.
pub(crate) async fn notify(
    state: &State,
    session: &TenantSession,
    initiator: LogoutInitiator,
) -> Result<(), Failure> {
    // One that ran out is told of as that, whatever ends it now.
    let ran_out = session.expired(state.clock.now());
    let initiator = if ran_out { LogoutInitiator::SessionExpired } else { initiator };
    for client in session.clients.iter().filter_map(|id| state.config.client(id)) {
        if let Some(wish) = client.backchannel_logout.as_ref().filter(|wish| wish.wants(initiator)) {
            let call = call(state, session, client, wish, initiator)?;
            state.outbound.enqueue(&call).await?;
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct LogoutToken<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: UnixTime,
    exp: UnixTime,
    jti: &'a str,
    sid: &'a str,
    events: Value,
    trace_id: &'a str,
}

fn call(
    state: &State,
    session: &TenantSession,
    client: &Client,
    wish: &BackchannelLogout,
    initiator: LogoutInitiator,
) -> Result<Call, Failure> {
    let now = state.clock.now();
    let id = token(state.random.as_ref(), 24);
    let claims = LogoutToken {
        iss: state.issuer.as_str(),
        sub: &session.user_id,
        aud: &client.client_id,
        iat: now,
        exp: now + LIFETIME,
        jti: &id,
        sid: &session.id,
        events: json!({ EVENT: {} }),
        trace_id: &id,
    };
    let logout_token = state.keys.sign("logout+jwt", &claims).map_err(TenantFault::Sign)?;
    let told = |kind: &str| LogEvent {
        client_id: Some(client.client_id.clone()),
        client_name: Some(client.name.clone()),
        user_id: Some(session.user_id.clone()),
        description: Some(initiator.as_str().to_owned()),
        details: Some(json!({ "sid": session.id, "initiator": initiator.as_str() })),
        ..LogEvent::new(kind, now)
    };
    Ok(Call {
        url: wish.url.to_string(),
        content_type: "application/x-www-form-urlencoded".to_owned(),
        body: format!("logout_token={logout_token}").into(),
        secret: None,
        is_message: false,
        deadline: now + LIFETIME,
        succeeded: Some(told("oidc_backchannel_logout_succeeded")),
        failed: Some(told("oidc_backchannel_logout_failed")),
        id,
    })
}

/// What an Action wants when it revokes a session: the session ends, and with it, unless they are to be kept, every
/// refresh token that came from it.
///
/// # Errors
/// The store failed.
pub(crate) async fn revoke(
    state: &State,
    session: &TenantSession,
    preserve_refresh_tokens: bool,
) -> Result<(), Failure> {
    if !preserve_refresh_tokens {
        state.store.revoke_session_families(&session.id, state.clock.now()).await?;
    }
    end(state, session, LogoutInitiator::SessionRevoked).await
}
