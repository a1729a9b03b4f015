//! `access_token`: cache, refresh, or a second factor.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use stepup_protocol::{scope::Scopes, time::UnixTime};

use super::{
    error::{AccessTokenError, RefreshError},
    outcome::Want,
    refresh::{Failure, Refreshed, refresh},
};
use crate::{
    client::Client,
    mfa::MfaRequired,
    session::{Grant, Session, TokenSet},
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
    pub(super) insists_since: Option<UnixTime>,
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

    /// With this scope, beside what is configured for the audience. The tenant may grant less, which
    /// [`AccessToken::scope`] tells.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<Scopes>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// With this scope too, beside the one that was named.
    pub(crate) fn and_scope(self, scope: &Scopes) -> Self {
        let scope = self.scope.as_ref().map_or_else(|| scope.clone(), |named| named.union(scope));
        Self { scope: Some(scope).filter(|scope| !scope.is_empty()), ..self }
    }

    /// What it names, for whoever remembers it.
    pub(crate) fn named(&self) -> Value {
        let Self { audience, scope, only_this_scope, refresh, insists_since: _ } = self;
        json!([audience, scope, only_this_scope, refresh])
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

    /// A token at hand that was granted less than is named is not the last word: the tenant is asked anew, unless it said so
    /// at `proved` or later, for it may grant more to who has proved more. Where it asks for a proof then, its answer to that
    /// is the last word: nobody is asked for ever.
    pub(crate) fn insist(self, proved: UnixTime) -> Self {
        Self { insists_since: Some(proved), ..self }
    }

    /// The scope that is named, without what is configured.
    pub(crate) fn named_scope(&self) -> &str {
        self.scope.as_ref().map_or("", Scopes::as_str)
    }

    /// What is named, and `token` was not granted.
    pub(crate) fn missing_in(&self, token: &AccessToken) -> Scopes {
        self.missing(&token.set)
    }

    fn missing(&self, set: &TokenSet) -> Scopes {
        let Some(named) = &self.scope else { return Scopes::none() };
        let granted = set.granted();
        named.filter(|scope| !granted.is_some_and(|granted| granted.contains(scope)))
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
    /// the others. The session is then as it was, but for a refresh token that was rotated.
    pub async fn access_token(
        &self,
        session: &mut Session,
        request: &AccessTokenRequest,
    ) -> Result<AccessToken, AccessTokenError> {
        let now = self.now();
        if session.is_over(now) {
            return Err(AccessTokenError::SessionExpired);
        }
        let audience = request.audience.as_deref();
        let wanted = request.wanted(self.config().authorization.scope_for(audience));
        let good_after = now + self.config().token_refresh_buffer;
        let counts = |set: &TokenSet| {
            !set.expired(now) && self.provider().accepts(set.token_type()) && request.settles_for(set)
        };
        let held = session.find(audience, &wanted, counts);
        let Some(refresh_token) = &session.refresh_token else {
            return held.map(AccessToken::of).ok_or(AccessTokenError::MissingRefreshToken);
        };
        if let Some(held) = held
            && !request.refresh
            && held.is_good_after(good_after)
        {
            return Ok(AccessToken::of(held));
        }
        // A failure ahead of time costs nobody a token that is still good.
        let in_hand = held.filter(|set| !request.refresh && set.is_good_after(now)).map(AccessToken::of);
        let want = Want {
            audience: request.audience.clone(),
            scope: request.sent(&wanted),
            requested: wanted,
            subject: Some(session.subject().to_owned()),
        };
        let still_good = |grant: &Grant| {
            let set = TokenSet::of(grant);
            !request.refresh && set.is_good_after(good_after) && request.settles_for(&set)
        };
        match refresh(self, refresh_token, want.clone(), still_good).await {
            Ok(refreshed) => self.keep_refreshed(session, &refreshed),
            Err(failure) => {
                if failure.may_have_rotated() {
                    session.follow(self.refreshes());
                }
                in_hand.ok_or_else(|| self.failed(&failure, session, &want))
            }
        }
    }

    fn keep_refreshed(
        &self,
        session: &mut Session,
        new: &Refreshed,
    ) -> Result<AccessToken, AccessTokenError> {
        session.keep(&new.grant).map_err(|_| RefreshError::OtherUser)?;
        session.refresh_token = Some(new.refresh_token.clone());
        self.before_saving(session);
        let mut set = TokenSet::of(&new.grant);
        if session.is_main(set.audience()) {
            set.audience.clone_from(&session.main.audience);
        }
        Ok(AccessToken { set })
    }

    fn failed(&self, failure: &Failure, session: &Session, want: &Want) -> AccessTokenError {
        match failure {
            Failure::MfaRequired(body) => {
                let subject = Some(session.subject());
                MfaRequired::seal(self, (**body).clone(), want.audience.as_deref(), &want.requested, subject)
                    .into()
            }
            Failure::Other(error) => AccessTokenError::FailedToRefresh(Arc::clone(error)),
        }
    }
}

impl AccessTokenRequest {
    /// What the token set must have been asked for with.
    fn wanted(&self, configured: &Scopes) -> Scopes {
        match &self.scope {
            given if self.only_this_scope => given.clone().unwrap_or_default(),
            Some(given) => configured.union(given),
            None => configured.clone(),
        }
    }

    /// What an authorization request must say for its login to bring this token.
    pub(crate) fn login_parameters(&self, client: &Client) -> Vec<(&'static str, String)> {
        let configured = &client.config().authorization;
        let audience = self.audience.as_deref().or(configured.audience.as_deref());
        let scope = self.wanted(configured.scope_for(audience));
        let audience = audience.map(|audience| ("audience", audience.to_owned()));
        audience.into_iter().chain([("scope", scope.as_str().to_owned())]).collect()
    }

    /// Whether `set` will do, or is the tenant's last word.
    fn settles_for(&self, set: &TokenSet) -> bool {
        let Some(since) = self.insists_since else { return true };
        set.narrowed_at.is_some_and(|then| then >= since) || self.missing(set).is_empty()
    }

    /// What goes into the request: nothing where the caller named no scope, so that the tenant grants what it granted.
    fn sent(&self, wanted: &Scopes) -> Option<Scopes> {
        self.scope.is_some().then(|| wanted.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_and_was_not_granted_is_missing() {
        for (named, granted, requested, missing) in [
            ("read pay", Some("openid read pay"), "read pay", ""),
            ("read pay", Some("openid read"), "read pay", "pay"),
            ("pay", Some("payments"), "pay", "pay"),
            ("pay", Some(""), "pay", "pay"),
            ("pay", None, "openid pay", ""),
            ("pay", None, "openid", "pay"),
            ("", Some("openid"), "openid pay", ""),
        ] {
            let set = TokenSet {
                access_token: "at".to_owned(),
                scope: granted.map(Scopes::from),
                requested_scope: Some(requested.into()),
                audience: None,
                expires_at: None,
                token_type: None,
                narrowed_at: None,
            };
            let request = AccessTokenRequest::new().and_scope(&named.into());
            let context = format!("{named:?} of {granted:?}, asked for {requested:?}");
            assert_eq!(request.missing_in(&AccessToken { set }).as_str(), missing, "{context}");
        }
    }
}
