//! `private_key_jwt`: a client proves who it is with a token that it signed (RFC 7523 sections 2.2 and 3).

use std::time::Duration;

use serde::Deserialize;
use stepup_protocol::{claims::Audience, time::UnixTime};

use crate::{
    config::{AssertionKey, Client},
    model::Digest,
    oauth::error::{ClientFault, Failure},
    state::State,
};

/// `client_assertion_type`.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far `exp` may lie ahead.
const LONGEST: Duration = Duration::from_secs(300);
/// How far two clocks may be apart.
const SKEW: Duration = Duration::from_secs(10);
/// The longest `jti` that is taken.
const JTI_BYTES: usize = 512;

/// Why an assertion is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AssertionFault {
    #[error("its aud is neither the issuer nor the token endpoint of this tenant")]
    Audience,
    #[error("its exp is in the past")]
    Expired,
    #[error("iss and sub must both be the client_id")]
    Issuer,
    #[error("it has no jti of reasonable length")]
    Jti,
    #[error("its exp is more than five minutes ahead")]
    LivesTooLong,
    #[error("it is not a signed token with iss, sub, aud, exp and jti")]
    Malformed,
    #[error("its iat or nbf is in the future")]
    NotYet,
    #[error("it was used before")]
    Replayed,
    #[error("it is not signed by a registered key of the client with RS256, RS384 or PS256")]
    Signature,
}

/// What an assertion claims (RFC 7523 section 3).
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    /// The client.
    pub(super) sub: String,
    aud: Audience,
    exp: UnixTime,
    jti: String,
    iat: Option<UnixTime>,
    nbf: Option<UnixTime>,
}

impl Claims {
    /// What is claimed, unverified: to find the client by, and nothing else.
    pub(super) fn peek(assertion: &str) -> Result<Self, AssertionFault> {
        let payload = assertion.split('.').nth(1).ok_or(AssertionFault::Malformed)?;
        let payload = stepup_seal::base64url::decode(payload).map_err(|_| AssertionFault::Malformed)?;
        serde_json::from_slice(&payload).map_err(|_| AssertionFault::Malformed)
    }
}

/// Checks that `client` itself made `assertion`, for this tenant and not long ago, and that it comes for the first time.
pub(super) async fn check(
    state: &State,
    client: &Client,
    keys: &[AssertionKey],
    assertion: &str,
) -> Result<(), Failure> {
    let refused = |fault| Failure::from(ClientFault::Assertion(fault));
    let now = state.clock.now();
    let claims = signed(keys, assertion, now).map_err(refused)?;
    judge(&claims, client, state, now).map_err(refused)?;
    let once = Digest::of(&format!("assertion {} {}", client.client_id, claims.jti));
    if state.store.accept_proof(&once, claims.exp + SKEW).await? {
        Ok(())
    } else {
        Err(refused(AssertionFault::Replayed))
    }
}

fn signed(keys: &[AssertionKey], assertion: &str, now: UnixTime) -> Result<Claims, AssertionFault> {
    let verified = keys
        .iter()
        .filter(|key| !key.expired(now))
        .find_map(|key| key.verify(assertion).ok())
        .ok_or(AssertionFault::Signature)?;
    verified.claims().map_err(|_| AssertionFault::Malformed)
}

fn judge(claims: &Claims, client: &Client, state: &State, now: UnixTime) -> Result<(), AssertionFault> {
    if claims.iss != client.client_id || claims.sub != client.client_id {
        return Err(AssertionFault::Issuer);
    }
    let issuer = &state.issuer;
    // RFC 9126 section 2: a pushed request may name any of the three.
    let ours = [issuer.as_str().to_owned(), issuer.endpoint("oauth/token"), issuer.endpoint("oauth/par")];
    if !claims.aud.iter().any(|named| ours.iter().any(|own| own == named)) {
        return Err(AssertionFault::Audience);
    }
    if now >= claims.exp + SKEW {
        return Err(AssertionFault::Expired);
    }
    if claims.exp > now + LONGEST + SKEW {
        return Err(AssertionFault::LivesTooLong);
    }
    if [claims.iat, claims.nbf].into_iter().flatten().any(|start| start > now + SKEW) {
        return Err(AssertionFault::NotYet);
    }
    if claims.jti.is_empty() || claims.jti.len() > JTI_BYTES {
        return Err(AssertionFault::Jti);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in ".{0,120}", payload in ".{0,80}") {
            let _ = Claims::peek(&text);
            let token = format!("e30.{}.x", stepup_seal::base64url::encode(&payload));
            let _ = Claims::peek(&token);
        }
    }
}
