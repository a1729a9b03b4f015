//! `authorization_code` (RFC 6749 section 4.1.3, RFC 7636 section 4.5).

use secrecy::ExposeSecret as _;
use stepup_protocol::token::{GrantType, TokenResponse};

use super::TokenRequest;
use crate::{
    model::{AuthorizationCode, Digest, User},
    oauth::{
        access::Target,
        audit::Audit,
        dpop,
        error::{ClientFault, Failure, GrantFault, RequestFault, UserFault},
        issue::{self, Granted, Login},
        pkce,
    },
    store::CodeTaken,
};

/// Exchanges a code.
pub(super) async fn exchange(request: &TokenRequest<'_>) -> Result<TokenResponse, Failure> {
    let code = request.required("code")?;
    let result = match take(request, code).await {
        Ok(code) => issue_for(request, code).await,
        Err(failure) => Err(failure),
    };
    let audit = Audit::new(request.shared, request.caller).client(request.client);
    match &result {
        Ok((_, user)) => audit.user(user).write("seacft").await,
        Err(failure) => audit.describe(failure.to_string()).write("feacft").await,
    }
    result.map(|(tokens, _)| tokens)
}

/// Takes the code, which is spent from then on whatever else is wrong with the request.
async fn take(request: &TokenRequest<'_>, code: &str) -> Result<AuthorizationCode, Failure> {
    let store = &request.shared.store;
    let now = request.shared.clock.now();
    let digest = Digest::of(code);
    prove_key(request, &digest).await?;
    let code = match store.take_code(&digest, now).await? {
        Some(CodeTaken::Now(code)) => {
            request.caller.correlation.join(&code.transaction_id);
            code
        }
        // RFC 6749 section 4.1.2: whoever has the code a second time may have had it first.
        Some(CodeTaken::Before(code)) => {
            request.caller.correlation.join(&code.transaction_id);
            store.revoke_family(&code.family, now).await?;
            return Err(GrantFault::Code.into());
        }
        None => return Err(GrantFault::Code.into()),
    };
    if code.client_id != request.client.client_id || now >= code.expires_at {
        return Err(GrantFault::Code.into());
    }
    check_redirect_uri(request, &code)?;
    dpop::same_key(code.dpop_jkt.as_deref(), request.dpop_jkt)?;
    check_verifier(request, &code)?;
    Ok(code)
}

/// A client that forgot its proof sends the same request once more with one: nothing is spent on that
/// (RFC 9449 section 10).
async fn prove_key(request: &TokenRequest<'_>, code: &Digest) -> Result<(), Failure> {
    if request.dpop_jkt.is_some() {
        return Ok(());
    }
    let code = request.shared.store.code(code).await?;
    match code.filter(|code| code.client_id == request.client.client_id) {
        Some(code) => Ok(dpop::same_key(code.dpop_jkt.as_deref(), None)?),
        None => Ok(()),
    }
}

fn check_redirect_uri(request: &TokenRequest<'_>, code: &AuthorizationCode) -> Result<(), Failure> {
    let Some(expected) = &code.redirect_uri else { return Ok(()) };
    let sent = request.required("redirect_uri")?;
    if sent == expected {
        return Ok(());
    }
    Err(GrantFault::RedirectUri { sent: sent.to_owned(), expected: expected.clone() }.into())
}

/// A challenge needs its verifier; a verifier without a challenge means that somebody took the challenge away
/// (RFC 9700 section 2.1.1).
fn check_verifier(request: &TokenRequest<'_>, code: &AuthorizationCode) -> Result<(), Failure> {
    match (&code.code_challenge, request.optional("code_verifier")?) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) if pkce::is_met(challenge, verifier) => Ok(()),
        (Some(_), None) => Err(RequestFault::Missing("code_verifier").into()),
        _ => Err(GrantFault::Verifier.into()),
    }
}

async fn issue_for(
    request: &TokenRequest<'_>,
    code: AuthorizationCode,
) -> Result<(TokenResponse, User), Failure> {
    let state = request.shared;
    let user = state.store.user(&code.user_id).await?.ok_or(GrantFault::Code)?;
    if user.blocked {
        return Err(UserFault::Blocked.into());
    }
    let audience = code.audience.as_deref();
    let target = Target::find(state, audience)
        .ok_or_else(|| ClientFault::ApiUnknown(audience.unwrap_or_default().to_owned()))?;
    let mut tokens = issue::tokens(
        state,
        &Granted {
            client: request.client,
            user: &user,
            target,
            scope: &code.scope,
            grant: GrantType::AuthorizationCode,
            session_id: Some(&code.session_id),
            nonce: code.nonce.as_deref(),
            auth_time: code.auth_time,
            mfa: code.mfa,
            changes: &code.changes,
            dpop_jkt: request.dpop_jkt,
        },
    )?;
    if code.scope.contains("offline_access") {
        let login = Login {
            caller: request.caller,
            client: request.client,
            user_id: &user.user_id,
            family: Some(code.family),
            session_id: Some(&code.session_id),
            grant: GrantType::AuthorizationCode,
            audience: code.audience,
            scope: &code.scope,
            methods: &code.methods,
            dpop_jkt: request.dpop_jkt,
        };
        let token = issue::refresh_token(state, login, &code.changes);
        state.store.insert_refresh_token(&token.digest, &token.value).await?;
        tokens.refresh_token = Some(token.secret.expose_secret().to_owned());
    }
    Ok((tokens, user))
}
