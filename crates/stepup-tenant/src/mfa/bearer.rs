//! Who calls the MFA API: the holder of an `mfa_token`, or of an access token for it.

use http::{HeaderMap, Method, Uri};
use stepup_protocol::{claims::AccessTokenClaims, scope::Scopes};
use stepup_seal::jws::Algorithm;

use super::pending::Pending;
use crate::{
    factors::{Acceptable, Transaction},
    model::{Authenticator, OobOwner, User},
    oauth::{
        access,
        dpop::{self, Scheme},
        error::{ClientFault, Failure, GrantFault, UserFault},
    },
    pipeline::Caller,
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
    /// Reads the `Authorization` header of a call (RFC 6750 section 2.1, RFC 9449 section 7.1).
    ///
    /// # Errors
    /// There is none, or it holds neither kind of token, or a bound one without its key's proof: [`GrantFault::MfaBearer`]. A
    /// token of either kind that is too old: [`GrantFault::MfaTokenExpired`]. A proof that is not good: [`Failure::Proof`].
    pub(crate) async fn of(shared: &Shared, caller: &Caller, call: &Call<'_>) -> Result<Self, Failure> {
        let (scheme, token) = dpop::presented(call.headers).ok_or(GrantFault::MfaBearer)?;
        if let Some(claims) = access_token(shared, token) {
            match (scheme, claims.bound_to()) {
                (Scheme::Bearer, None) => {}
                (Scheme::Dpop, Some(key)) => {
                    let proved =
                        dpop::prove_with(shared, call.method, call.headers, call.path, token).await?;
                    dpop::same_key(Some(key), Some(&proved))?;
                }
                // RFC 9449 section 7.2: the thief of a bound token must not use it as a plain one.
                (Scheme::Bearer, Some(_)) | (Scheme::Dpop, None) => return Err(GrantFault::MfaBearer.into()),
            }
            if claims.exp <= shared.clock.now() {
                return Err(GrantFault::MfaTokenExpired.into());
            }
            let scope = claims.scope.as_deref().map(Scopes::from).unwrap_or_default();
            return Ok(Self::AccessToken { user_id: claims.sub, client_id: claims.azp, scope });
        }
        if scheme == Scheme::Dpop {
            return Err(GrantFault::MfaBearer.into());
        }
        match Pending::open(shared, caller, token).await {
            Ok(pending) => Ok(Self::MfaToken(Box::new(pending))),
            Err(Failure::Grant(GrantFault::MfaTokenMalformed)) => Err(GrantFault::MfaBearer.into()),
            Err(failure) => Err(failure),
        }
    }

    /// Whose authenticators the call is about.
    ///
    /// # Errors
    /// The user is gone or blocked; the store failed.
    pub(crate) async fn user(&self, shared: &Shared) -> Result<User, Failure> {
        let user_id = match self {
            Self::AccessToken { user_id, .. } => user_id,
            Self::MfaToken(pending) => &pending.transaction.user_id,
        };
        let user = shared.store.user(user_id).await?.ok_or(GrantFault::MfaBearer)?;
        if user.blocked { Err(UserFault::Blocked.into()) } else { Ok(user) }
    }

    /// Which client it was issued to.
    pub(crate) fn client_id(&self) -> &str {
        match self {
            Self::AccessToken { client_id, .. } => client_id,
            Self::MfaToken(pending) => &pending.transaction.client_id,
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

/// A call to `/mfa/*`, as far as its token is read from it.
pub(crate) struct Call<'a> {
    method: &'a Method,
    /// Without the leading slash, as it was sent.
    path: &'a str,
    headers: &'a HeaderMap,
}

impl<'a> Call<'a> {
    pub(crate) fn new(method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap) -> Self {
        Self { method, path: uri.path().trim_start_matches('/'), headers }
    }
}

/// The claims of an access token for the MFA API, too old or not; nothing where it is not one.
pub(crate) fn access_token(state: &State, token: &str) -> Option<AccessTokenClaims> {
    let verified = state.keys.published().set.verify(token, &[Algorithm::Rs256]).ok()?;
    let claims: AccessTokenClaims = verified.claims().ok()?;
    let good = claims.iss == state.issuer.as_str() && claims.aud.contains(&access::mfa_api(&state.issuer));
    good.then_some(claims)
}
