//! `refresh_token` (RFC 6749 section 6): rotation, reuse detection, several APIs from one token.
//!
//! A request that is answered with `mfa_required` spends nothing: the token may be presented again.

use stepup_protocol::{
    scope::Scopes,
    token::{GrantType, TokenResponse},
};

use super::{TokenRequest, UserGrant, user_grant::Asked};
use crate::{
    model::{Digest, RefreshToken, User},
    oauth::{
        access,
        audit::Audit,
        dpop,
        error::{Failure, GrantFault, UserFault},
    },
    pipeline::{Progress, SECRET_PARAMETERS},
    store::Presented,
};

/// Exchanges a refresh token.
pub(super) async fn exchange(request: &TokenRequest<'_>) -> Result<TokenResponse, Failure> {
    let digest = Digest::of(request.required("refresh_token")?);
    let token = present(request, &digest).await?;
    let user = request.shared.store.user(&token.user_id).await?;
    let result = proceed(request, digest, token, user.clone()).await;
    let audit = || {
        let audit = Audit::new(request.shared, request.caller).client(request.client);
        user.iter().fold(audit, Audit::user)
    };
    match &result {
        Ok(tokens) => audit().scope(tokens.scope.as_ref().unwrap_or(&Scopes::none())).write("sertft").await,
        // Told by its own event.
        Err(Failure::User(UserFault::MfaRequired(_))) => {}
        Err(failure) => audit().describe(failure.to_string()).write("fertft").await,
    }
    result
}

/// Judges the token without spending it; a replay has its family revoked.
async fn present(request: &TokenRequest<'_>, digest: &Digest) -> Result<RefreshToken, Failure> {
    let client = request.client;
    let now = request.shared.clock.now();
    let leeway = client.refresh_tokens.leeway;
    let audit = Audit::new(request.shared, request.caller).client(client);
    match request.shared.store.present_refresh_token(digest, &client.client_id, leeway, now).await? {
        Presented::Valid(token) => Ok(token),
        Presented::Invalid => {
            audit.describe(GrantFault::RefreshToken.to_string()).write("fertft").await;
            Err(GrantFault::RefreshToken.into())
        }
        Presented::Reused(token) => {
            audit.describe(format!("Reused rotating refresh token {}", token.id)).write("ferrt").await;
            Err(GrantFault::RefreshToken.into())
        }
    }
}

async fn proceed(
    request: &TokenRequest<'_>,
    digest: Digest,
    token: RefreshToken,
    user: Option<User>,
) -> Result<TokenResponse, Failure> {
    let shared = request.shared;
    dpop::same_key(token.dpop_jkt.as_deref(), request.dpop_jkt)?;
    let user = user.ok_or(GrantFault::UserGone)?;
    if user.blocked {
        return Err(GrantFault::RefreshToken.into());
    }
    let asked_scope = request.optional("scope")?.map(Scopes::from);
    let audience = request.audience()?;
    let (audience, scope) =
        access::of_refresh(&shared.config, request.client, &token, audience, asked_scope.as_ref());
    let now = shared.clock.now();
    let session = match &token.session_id {
        Some(id) => shared.store.session(id).await?.filter(|session| !session.expired(now)),
        None => None,
    };
    let methods = match (&session, &token.session_id) {
        (Some(session), _) => session.methods.clone(),
        (None, Some(_)) => Vec::new(),
        (None, None) => token.methods.clone(),
    };
    let grant = UserGrant {
        asked: Asked {
            shared,
            caller: request.caller,
            client: request.client,
            grant: GrantType::RefreshToken,
            audience,
            scope,
            session,
            presented: Some((digest, token)),
            body: request.params.to_json(SECRET_PARAMETERS),
            dpop_jkt: request.dpop_jkt.map(str::to_owned),
        },
        user,
        progress: Progress::begin(methods),
    };
    grant.proceed().await
}
