//! Who calls the MFA API: the holder of an `mfa_token`, or of an access token for it.

use http::{HeaderMap, header};
use stepup_protocol::{claims::AccessTokenClaims, scope::Scopes};
use stepup_seal::jws::Algorithm;

use super::pending::Pending;
use crate::{
    factors::{Acceptable, Transaction},
    model::{Authenticator, OobOwner, User},
    oauth::{
        access,
        error::{ClientFault, Failure, GrantFault},
    },
    pipeline::{Caller, header_text},
    state::{Shared, State},
};

/// The bearer of a call to `/mfa/*`.
#[derive(Debug)]
pub(crate) enum Bearer {
    /// An access token whose audience is the MFA API.
    AccessToken {
        /// The user it was issued for.
        user_id: String,
        /// The client that got it.
        client_id: String,
        /// What it allows.
        scope: Scopes,
    },
    /// A pending transaction.
    MfaToken(Box<Pending>),
}

impl Bearer {
    /// Reads the `Authorization` header (RFC 6750 section 2.1).
    ///
    /// # Errors
    /// There is none, or it holds neither kind of token: [`GrantFault::MfaBearer`]. An `mfa_token` that is too old:
    /// [`GrantFault::MfaTokenExpired`].
    pub(crate) async fn of(shared: &Shared, caller: &Caller, headers: &HeaderMap) -> Result<Self, Failure> {
        let token = header_text(headers, header::AUTHORIZATION)
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or(GrantFault::MfaBearer)?;
        if let Some(bearer) = access_token(shared, token) {
            return Ok(bearer);
        }
        match Pending::open(shared, caller, token).await {
            Ok(pending) => Ok(Self::MfaToken(Box::new(pending))),
            Err(Failure::Grant(GrantFault::MfaTokenMalformed)) => Err(GrantFault::MfaBearer.into()),
            Err(failure) => Err(failure),
        }
    }

    /// Whose authenticators the call is about.
    pub(crate) fn user_id(&self) -> &str {
        match self {
            Self::AccessToken { user_id, .. } => user_id,
            Self::MfaToken(pending) => &pending.transaction.user_id,
        }
    }

    /// What is enrolled with it, as the factors see it.
    pub(crate) fn transaction<'a>(
        &'a self,
        shared: &'a Shared,
        caller: &'a Caller,
        user: &'a User,
        held: &'a [Authenticator],
    ) -> Transaction<'a> {
        match self {
            Self::AccessToken { client_id, .. } => Transaction {
                shared,
                caller,
                client: shared.config.client(client_id),
                user,
                held,
                owner: OobOwner::AccessToken,
                acceptable: Acceptable::New,
            },
            Self::MfaToken(pending) => pending.transaction(shared, caller, user, held),
        }
    }

    /// Makes sure that an access token allows `scope`; an `mfa_token` has none.
    ///
    /// # Errors
    /// It does not.
    pub(crate) fn needs(&self, scope: &'static str) -> Result<(), Failure> {
        match self {
            Self::AccessToken { scope: granted, .. } if !granted.contains(scope) => {
                Err(ClientFault::InsufficientScope(scope).into())
            }
            _ => Ok(()),
        }
    }
}

fn access_token(state: &State, token: &str) -> Option<Bearer> {
    let verified = state.keys.published().set.verify(token, &[Algorithm::Rs256]).ok()?;
    let claims: AccessTokenClaims = verified.claims().ok()?;
    let good = claims.iss == state.issuer.as_str()
        && claims.exp > state.clock.now()
        // RFC 9449 section 7.2: the thief of a bound token must not use it as a plain one.
        && claims.bound_to().is_none()
        && claims.aud.contains(&access::mfa_api(&state.issuer));
    let scope = claims.scope.as_deref().map(Scopes::from).unwrap_or_default();
    good.then_some(Bearer::AccessToken { user_id: claims.sub, client_id: claims.azp, scope })
}
