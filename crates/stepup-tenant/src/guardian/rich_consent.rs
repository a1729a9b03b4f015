//! `GET /rich-consents/{id}`: what exactly the phone is asked to agree to.

use axum::{
    Json,
    extract::{Path, State},
};
use http::{HeaderMap, HeaderName};
use serde::Deserialize;
use serde_json::{Value, json};
use stepup_seal::{
    base64url, digest,
    jws::{Algorithm, verify_self_signed},
};

use super::{Failure, resolve::question, signed};
use crate::{
    log::rfc3339,
    model::{Digest, OobOwner, OobTransaction, PushDevice},
    pipeline::{Caller, header_text},
    state::Shared,
};

/// The header and the scheme of a proof.
const PROOF: &str = "MFA-DPoP";
/// How old a proof may be, in seconds.
const LIFETIME: i64 = 300;

/// The details of a question, to the phone that is asked.
pub(super) async fn handle(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Failure> {
    let token = signed::credentials(&headers, PROOF)?;
    let (asked, _, device) = question(&shared, &caller, token).await?;
    if asked.id != id {
        return Err(Failure::LoginTransaction);
    }
    let url = shared.issuer.endpoint(&format!("rich-consents/{id}"));
    prove(&shared, &headers, &device, token, &url).await?;
    let (audience, scope) = requested(&shared, &asked).await?;
    let scope: Vec<_> = scope.split_whitespace().collect();
    Ok(Json(json!({
        "id": asked.id,
        // Guardian.swift takes nothing but texts.
        "requested_details": { "audience": audience.unwrap_or_default(), "scope": scope, "binding_message": "" },
        "created_at": rfc3339(asked.created_at),
        "expires_at": rfc3339(asked.expires_at),
    })))
}

/// What the proof says.
#[derive(Deserialize)]
struct Claims {
    htu: String,
    htm: String,
    ath: String,
    jti: String,
    iat: i64,
}

/// The phone shows that it holds the enrolled key, for this call and this token, once.
async fn prove(
    shared: &Shared,
    headers: &HeaderMap,
    device: &PushDevice,
    token: &str,
    url: &str,
) -> Result<(), Failure> {
    let proof = header_text(headers, HeaderName::from_static("mfa-dpop"))
        .ok_or(Failure::Token("the MFA-DPoP header is missing"))?;
    let proof = verify_self_signed(proof, &[Algorithm::Rs256])
        .map_err(|_| Failure::Token("the proof is not signed with the key in its header"))?;
    let key = signed::public_key(&proof.jwk)?;
    if key != device.public_key || proof.verified.header.typ.as_deref() != Some("dpop+jwt") {
        return Err(Failure::Token("the proof is not one of the enrolled device"));
    }
    let claims: Claims =
        proof.verified.claims().map_err(|_| Failure::Token("a claim of the proof is missing"))?;
    signed::fresh(claims.iat, claims.iat.saturating_add(LIFETIME), LIFETIME, shared.clock.now())?;
    if claims.htm != "GET" || claims.htu != url {
        return Err(Failure::Token("the proof is for another call"));
    }
    if claims.ath != base64url::encode(digest::sha256(token.as_bytes())) {
        return Err(Failure::Token("the proof is for another token"));
    }
    let once = Digest::of(&format!("mfa-dpop {} {}", device.identifier, claims.jti));
    let until = shared.clock.now() + std::time::Duration::from_secs(2 * LIFETIME.unsigned_abs());
    if shared.store.accept_proof(&once, until).await? {
        Ok(())
    } else {
        Err(Failure::Token("the proof was used before"))
    }
}

/// The API and the scopes that the login or token request behind the question is for.
async fn requested(shared: &Shared, asked: &OobTransaction) -> Result<(Option<String>, String), Failure> {
    Ok(match &asked.owner {
        OobOwner::MfaToken(digest) => match shared.store.mfa(digest).await? {
            Some(request) => (request.audience, request.scope.to_parameter().unwrap_or_default()),
            None => (None, String::new()),
        },
        OobOwner::Login(state) => match shared.store.login(state).await? {
            Some(login) => {
                let parameter = |name: &str| login.parameters.get(name).cloned();
                (parameter("audience"), parameter("scope").unwrap_or_default())
            }
            None => (None, String::new()),
        },
        OobOwner::AccessToken | OobOwner::Ticket(_) => (None, String::new()),
    })
}
