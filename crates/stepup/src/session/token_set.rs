//! One access token with what it is good for, and how a session finds the right one.

use stepup_protocol::{scope::Scopes, time::UnixTime};

use super::{Grant, Session};

/// An access token and what it is good for. Does not print the token.
#[derive(Clone, PartialEq)]
pub struct TokenSet {
    pub(crate) access_token: String,
    /// Granted.
    pub(crate) scope: Option<Scopes>,
    /// Asked for.
    pub(crate) requested_scope: Option<Scopes>,
    pub(crate) audience: Option<String>,
    pub(crate) expires_at: Option<UnixTime>,
    pub(crate) token_type: Option<String>,
    /// When it was granted less than was asked for, if it was.
    pub(crate) narrowed_at: Option<UnixTime>,
}

impl TokenSet {
    pub(crate) fn of(grant: &Grant) -> Self {
        let tokens = &grant.tokens;
        let narrowed = tokens.scope.as_ref().is_some_and(|granted| !granted.includes(&grant.requested));
        Self {
            access_token: tokens.access_token.clone(),
            scope: tokens.scope.clone(),
            requested_scope: Some(grant.requested.clone()),
            audience: grant.audience.clone(),
            expires_at: tokens
                .expires_in
                .map(|seconds| grant.received_at + std::time::Duration::from_secs(seconds)),
            token_type: Some(normal_token_type(&tokens.token_type)),
            narrowed_at: narrowed.then_some(grant.received_at),
        }
    }

    /// The access token.
    #[must_use]
    pub fn access_token(&self) -> &str {
        &self.access_token
    }

    /// What was granted, where the tenant told it.
    #[must_use]
    pub fn scope(&self) -> Option<&Scopes> {
        self.scope.as_ref()
    }

    /// The API it is for; absent for the tenant's default.
    #[must_use]
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// From when on it is not to be used, where the tenant told it.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.expires_at
    }

    /// `Bearer` or `DPoP`.
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }

    /// Whether it was asked for with everything in `wanted`. No scope at all is a wish of its own: what the tenant
    /// grants by default.
    pub(crate) fn serves(&self, wanted: &Scopes) -> bool {
        match self.asked_for() {
            Some(held) if !held.is_empty() && !wanted.is_empty() => held.includes(wanted),
            Some(held) => held.is_empty() && wanted.is_empty(),
            None => wanted.is_empty(),
        }
    }

    /// What it was asked for with; where that is not known, what was granted stands for it.
    fn asked_for(&self) -> Option<&Scopes> {
        self.requested_scope.as_ref().or(self.scope.as_ref())
    }

    /// What it was granted; where the tenant told none, that is what was asked for (RFC 6749 section 5.1).
    pub(crate) fn granted(&self) -> Option<&Scopes> {
        self.scope.as_ref().or(self.requested_scope.as_ref())
    }

    /// Whether the tenant is known to have left some of `wanted` out. The sets of other SDKs do not tell, and are found as
    /// those find them.
    fn was_denied(&self, wanted: &Scopes) -> bool {
        self.narrowed_at.is_some() && self.scope.as_ref().is_some_and(|granted| !granted.includes(wanted))
    }

    pub(crate) fn expired(&self, now: UnixTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether it is known to be good after `time`. One without an end is not: it may be over already.
    pub(crate) fn is_good_after(&self, time: UnixTime) -> bool {
        self.expires_at.is_some_and(|end| end > time)
    }
}

impl Session {
    /// The token set for `audience` (absent: the session's default) that was asked for with all of `wanted` and `counts`. Of
    /// several one that was not denied any of it; of those the one that was granted least, and then the login's own, or the
    /// newest.
    pub(crate) fn find(
        &self,
        audience: Option<&str>,
        wanted: &Scopes,
        counts: impl Fn(&TokenSet) -> bool,
    ) -> Option<&TokenSet> {
        let audience = audience.or(self.main.audience.as_deref());
        std::iter::once(&self.main)
            .chain(self.others.iter().rev())
            .filter(|set| set.audience.as_deref() == audience && set.serves(wanted) && counts(set))
            .min_by_key(|set| (set.was_denied(wanted), set.granted().map_or(0, Scopes::len)))
    }

    /// Whether the login's own token set is for `audience`.
    pub(crate) fn is_main(&self, audience: Option<&str>) -> bool {
        audience.is_none() || audience == self.main.audience.as_deref()
    }

    /// Lets the tokens for `audience` go, but not those of the login itself.
    pub(crate) fn drop_tokens_for(&mut self, audience: &str) {
        self.others.retain(|other| other.audience.as_deref() != Some(audience));
    }

    /// Forms that do not remember what a login asked for: then it was what is configured.
    pub(super) fn assume_requested<'c>(&mut self, configured: impl FnOnce(Option<&str>) -> &'c Scopes) {
        if self.main.requested_scope.is_none() {
            self.main.requested_scope = Some(configured(self.main.audience.as_deref()).clone());
        }
    }

    /// Puts `set` where [`Session::find`] looks. Same audience and same requested scope: same place. What has expired is
    /// dropped: it only makes the cookie longer.
    pub(super) fn put(&mut self, mut set: TokenSet, now: UnixTime) {
        self.others.retain(|other| !other.expired(now));
        if self.is_main(set.audience.as_deref()) {
            set.audience.clone_from(&self.main.audience);
            if self.main.expired(now) || includes(&set, &self.main) {
                self.main = set;
                return;
            }
        }
        self.others.retain(|other| other.audience != set.audience || !same_request(other, &set));
        self.others.push(set);
    }
}

fn includes(wider: &TokenSet, narrower: &TokenSet) -> bool {
    narrower
        .asked_for()
        .is_none_or(|asked| wider.requested_scope.as_ref().is_some_and(|wide| wide.includes(asked)))
}

fn same_request(one: &TokenSet, other: &TokenSet) -> bool {
    match (one.asked_for(), other.asked_for()) {
        (Some(one), Some(other)) => one.same_set(other),
        (None, None) => true,
        _ => false,
    }
}

/// `bearer` and `dpop` in the spelling that goes into an `Authorization` header; others as they came.
fn normal_token_type(word: &str) -> String {
    if word.is_empty() || word.eq_ignore_ascii_case("bearer") {
        "Bearer".to_owned()
    } else if word.eq_ignore_ascii_case("dpop") {
        "DPoP".to_owned()
    } else {
        word.to_owned()
    }
}

impl std::fmt::Debug for TokenSet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TokenSet")
            .field("audience", &self.audience)
            .field("scope", &self.scope)
            .field("requested_scope", &self.requested_scope)
            .field("expires_at", &self.expires_at)
            .field("token_type", &self.token_type)
            .field("narrowed_at", &self.narrowed_at)
            .finish_non_exhaustive()
    }
}
