//! ID tokens: the signature, and then each claim by its rule (OIDC Core sections 2, 3.1.3.6, 3.1.3.7 and 12.2).

use std::time::Duration;

use icu_normalizer::ComposingNormalizerBorrowed;
use stepup_protocol::{claims::IdTokenClaims, time::UnixTime};
use stepup_seal::{
    base64url, digest,
    jws::{Algorithm, JwsError},
};

use super::{Provider, ProviderError, keys::SignatureError};
use crate::clock::LEEWAY;

/// What an ID token must say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Expected<'a> {
    /// What the authorization request carried. Absent after a refresh, where a nonce is not repeated (section 12.2).
    pub(crate) nonce: Option<&'a str>,
    /// The oldest authentication that was asked for, in seconds.
    pub(crate) max_age: Option<u64>,
    /// The organization that was asked for: an id (`org_…`) or a name.
    pub(crate) organization: Option<&'a str>,
    /// The access token that came with it, for `at_hash`.
    pub(crate) access_token: Option<&'a str>,
}

/// An ID token that is not accepted. Names the claim, never the token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdTokenError {
    /// It is signed with an algorithm that the tenant does not list, or that no tenant should.
    #[error("the ID token's signature is not accepted")]
    Signature(#[source] JwsError),
    /// Its payload is not the claims of an ID token: `iss`, `sub`, `aud`, `exp` and `iat` must be there.
    #[error("the ID token's claims cannot be read")]
    Malformed(#[source] serde_json::Error),
    /// A claim is missing or does not say what it must.
    #[error("the ID token's `{claim}` {problem}")]
    Claim {
        /// The claim.
        claim: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It was made, or is good, only later by our clock: ours or the tenant's is wrong.
    #[error(
        "the ID token's `{claim}` is {seconds} seconds in the future: set this machine's clock right, or the tenant's"
    )]
    Early {
        /// The claim: `iat` or `nbf`.
        claim: &'static str,
        /// How far ahead of our clock it is.
        seconds: i64,
    },
    /// The keys to check it with cannot be had.
    #[error("the ID token could not be checked")]
    Unchecked(#[source] ProviderError),
}

impl Provider {
    /// Checks an ID token and returns its claims.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks.
    pub(crate) async fn id_token(
        &self,
        token: &str,
        expected: &Expected<'_>,
    ) -> Result<IdTokenClaims, IdTokenError> {
        let metadata = self.metadata().await.map_err(IdTokenError::Unchecked)?;
        let listed = metadata.id_token_signing_alg_values_supported.as_deref();
        let verified = match self.verify(&metadata, token, &allowed(listed)).await {
            Ok(verified) => verified,
            Err(SignatureError::Provider(error)) => return Err(IdTokenError::Unchecked(error)),
            Err(SignatureError::Token(error)) => return Err(IdTokenError::Signature(error)),
        };
        let claims: IdTokenClaims = verified.claims().map_err(IdTokenError::Malformed)?;
        check(&claims, expected, self.issuer(), &self.client_id, self.clock.now())?;
        if let (Some(hash), Some(access_token)) = (&claims.at_hash, expected.access_token) {
            check_hash(hash, access_token, verified.header.alg)?;
        }
        Ok(claims)
    }
}

/// What the tenant lists, without shared secrets and `none`; RS256 where it lists nothing.
fn allowed(listed: Option<&[String]>) -> Vec<Algorithm> {
    let Some(listed) = listed else { return vec![Algorithm::Rs256] };
    Algorithm::ASYMMETRIC
        .into_iter()
        .filter(|algorithm| listed.iter().any(|name| name == algorithm.name()))
        .collect()
}

/// The rules, in the order of OIDC Core section 3.1.3.7.
fn check(
    claims: &IdTokenClaims,
    expected: &Expected<'_>,
    issuer: &str,
    client_id: &str,
    now: UnixTime,
) -> Result<(), IdTokenError> {
    let wrong = |claim, problem| Err(IdTokenError::Claim { claim, problem });
    if claims.iss != issuer {
        return wrong("iss", "is another issuer");
    }
    if claims.sub.is_empty() {
        return wrong("sub", "is empty");
    }
    if !claims.aud.contains(client_id) {
        return wrong("aud", "does not name this client");
    }
    match &claims.azp {
        Some(party) if party != client_id => return wrong("azp", "is another client"),
        None if claims.aud.iter().count() > 1 => return wrong("azp", "is missing beside several audiences"),
        Some(_) | None => {}
    }
    if claims.exp + LEEWAY <= now {
        return wrong("exp", "is over");
    }
    for (claim, time) in [("iat", Some(claims.iat)), ("nbf", claims.nbf)] {
        if let Some(time) = time.filter(|time| *time > now + LEEWAY) {
            let seconds = time.seconds().saturating_sub(now.seconds());
            return Err(IdTokenError::Early { claim, seconds });
        }
    }
    if let Some(nonce) = expected.nonce {
        match &claims.nonce {
            Some(held) if digest::constant_time_eq(held.as_bytes(), nonce.as_bytes()) => {}
            Some(_) => return wrong("nonce", "is not the one of this login"),
            None => return wrong("nonce", "is missing"),
        }
    }
    if let Some(max_age) = expected.max_age {
        match claims.auth_time {
            Some(then) if then + Duration::from_secs(max_age) + LEEWAY >= now => {}
            Some(_) => return wrong("auth_time", "is older than `max_age` allows"),
            None => return wrong("auth_time", "is missing although `max_age` was asked for"),
        }
    }
    expected.organization.map_or(Ok(()), |organization| check_organization(claims, organization))
}

/// An id is compared as it is, a name without regard to case and to how its letters are composed.
fn check_organization(claims: &IdTokenClaims, asked: &str) -> Result<(), IdTokenError> {
    let (claim, held, same): (_, _, fn(&str, &str) -> bool) = if asked.starts_with("org_") {
        ("org_id", &claims.org_id, |held, asked| held == asked)
    } else {
        ("org_name", &claims.org_name, |held, asked| folded(held) == folded(asked))
    };
    match held {
        Some(held) if same(held, asked) => Ok(()),
        Some(_) => Err(IdTokenError::Claim { claim, problem: "is another organization" }),
        None => {
            Err(IdTokenError::Claim { claim, problem: "is missing although an organization was asked for" })
        }
    }
}

fn folded(name: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(name).to_lowercase()
}

/// Section 3.1.3.6: the left half of the access token's hash, with the hash function of the signature's algorithm.
fn check_hash(at_hash: &str, access_token: &str, algorithm: Algorithm) -> Result<(), IdTokenError> {
    let hash = algorithm.hash(access_token.as_bytes());
    let half = &hash[..hash.len() / 2];
    if digest::constant_time_eq(base64url::encode(half).as_bytes(), at_hash.as_bytes()) {
        Ok(())
    } else {
        Err(IdTokenError::Claim { claim: "at_hash", problem: "is not of the access token that came with it" })
    }
}
