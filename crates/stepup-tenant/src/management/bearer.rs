//! Who calls: a program with an access token whose audience is the Management API.

use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use stepup_protocol::{claims::AccessTokenClaims, scope::Scopes};
use stepup_seal::jws::Algorithm;

use super::error::{BearerFault, Failure, TenantFault};
use crate::{
    oauth::{
        self,
        dpop::{self, Scheme},
    },
    state::{Issuer, State},
};

/// The audience of the Management API.
pub(crate) fn audience(issuer: &Issuer) -> String {
    issuer.endpoint("api/v2/")
}

/// A caller whose token is good.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    /// The application that it was issued to.
    pub(crate) client_id: String,
    scope: Scopes,
}

/// What the `Authorization` header of a request turned out to be; left in its extensions, so that a token is verified once.
#[derive(Clone, Debug)]
pub(super) struct Presented(pub(super) Result<Bearer, BearerFault>);

impl Bearer {
    /// Reads the `Authorization` header of a call to `path` (RFC 6750 section 2.1, RFC 9449 section 7.1).
    ///
    /// # Errors
    /// There is no token, or it is not good: [`Failure::Bearer`]; the store failed.
    pub(super) async fn of(state: &State, head: &Parts, path: &str) -> Result<Self, Failure> {
        if !head.headers.contains_key(header::AUTHORIZATION) {
            return Err(BearerFault::Missing.into());
        }
        let (scheme, token) = dpop::presented(&head.headers).ok_or(BearerFault::Format)?;
        let claims = claims(state, token)?;
        match (scheme, claims.bound_to()) {
            (Scheme::Bearer, None) => {}
            (Scheme::Dpop, Some(key)) => {
                let proved = dpop::prove_with(state, &head.method, &head.headers, path, token).await;
                let proved = proved.map_err(not_proved)?;
                dpop::same_key(Some(key), Some(&proved)).map_err(BearerFault::Proof)?;
            }
            // RFC 9449 section 7.2: the thief of a bound token must not use it as a plain one.
            (Scheme::Bearer, Some(_)) => return Err(BearerFault::Bound.into()),
            (Scheme::Dpop, None) => return Err(BearerFault::Unbound.into()),
        }
        let client_id = claims.sub.strip_suffix("@clients").ok_or(BearerFault::Invalid)?.to_owned();
        let scope = claims.scope.as_deref().map(Scopes::from).unwrap_or_default();
        Ok(Self { client_id, scope })
    }

    /// Makes sure that the token has one of these scopes.
    ///
    /// # Errors
    /// It has none of them.
    pub(crate) fn any(&self, scopes: &'static [&'static str]) -> Result<(), Failure> {
        if self.has_any(scopes) { Ok(()) } else { Err(Failure::Scope(scopes)) }
    }

    /// Whether the token has one of these scopes.
    pub(crate) fn has_any(&self, scopes: &[&str]) -> bool {
        scopes.iter().any(|scope| self.scope.contains(scope))
    }
}

/// What a token for this API says.
fn claims(state: &State, token: &str) -> Result<AccessTokenClaims, BearerFault> {
    let keys = state.keys.published();
    let verified = keys.set.verify(token, &[Algorithm::Rs256]).map_err(|_| BearerFault::Invalid)?;
    let claims: AccessTokenClaims = verified.claims().map_err(|_| BearerFault::Invalid)?;
    if claims.iss != state.issuer.as_str() {
        return Err(BearerFault::Invalid);
    }
    if !claims.aud.contains(&audience(&state.issuer)) {
        return Err(BearerFault::Audience(claims.aud.iter().collect::<Vec<_>>().join(",")));
    }
    if claims.exp <= state.clock.now() {
        return Err(BearerFault::Expired);
    }
    Ok(claims)
}

fn not_proved(failure: oauth::error::Failure) -> Failure {
    match failure {
        oauth::error::Failure::Proof(fault) => BearerFault::Proof(fault).into(),
        failure => TenantFault::Proof(Box::new(failure)).into(),
    }
}

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        match parts.extensions.get::<Presented>() {
            Some(Presented(presented)) => presented.clone().map_err(Failure::Bearer),
            None => Err(BearerFault::Missing.into()),
        }
    }
}
