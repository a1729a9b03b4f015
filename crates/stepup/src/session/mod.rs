//! The session as a value: who is logged in, and the tokens that go with it.
//!
//! It is read once at the start of a request ([`SessionState`]), changed by methods that keep it whole, and written
//! once at the end if it changed.

mod codec;
mod cookies;
mod doubles;
mod ended;
mod factor_proof;
mod lifetime;
mod login_mark;
mod second_factor;
mod size;
mod state;
mod token_set;
mod user_claims;

use serde_json::{Map, Value};
use stepup_protocol::{scope::Scopes, time::UnixTime, token::TokenResponse};

pub(crate) use self::{
    ended::EndedSessions,
    lifetime::{CEILING_MARGIN, Lifetime},
    second_factor::{Asked, SecondFactor},
    size::{DEFAULT_LIMIT, Listed, SizeWatch, parts as session_parts},
    user_claims::UserClaims,
};
pub use self::{
    factor_proof::FactorProof,
    size::{SessionPart, SessionTooLarge},
    state::SessionState,
    token_set::TokenSet,
};
use crate::tokens::Refreshes;

/// A logged-in user and their tokens. Prints no token.
#[derive(Clone)]
pub struct Session {
    pub(crate) user: Map<String, Value>,
    pub(crate) subject: String,
    pub(crate) main: TokenSet,
    pub(crate) others: Vec<TokenSet>,
    pub(crate) id_token: Option<String>,
    pub(crate) refresh_token: Option<String>,
    pub(crate) internal: Internal,
    pub(crate) data: Map<String, Value>,
    changed: bool,
}

/// What the session knows of itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Internal {
    /// The tenant's session (`sid`), empty where the tenant did not tell it.
    pub(crate) sid: String,
    /// When the user logged in.
    pub(crate) created_at: UnixTime,
    /// The end that the identity provider set (`session_expiry`).
    pub(crate) expires_at: Option<UnixTime>,
    /// What is known of a second factor.
    pub(crate) second_factor: SecondFactor,
    /// Members of other SDKs, kept as they came.
    pub(crate) other: Map<String, Value>,
}

/// Tokens as the tenant granted them, with what was asked for: the one way into a session.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// The API they are for; absent: the default one of this session.
    pub(crate) audience: Option<String>,
    /// The scope that was asked for.
    pub(crate) requested: Scopes,
    /// The answer of the token endpoint.
    pub(crate) tokens: TokenResponse,
    /// What its ID token says, which was checked.
    pub(crate) claims: Option<UserClaims>,
    /// When it arrived.
    pub(crate) received_at: UnixTime,
    /// The proof that it was granted for.
    pub(crate) proof: Option<FactorProof>,
}

/// The ID token of a grant speaks of another user than the session.
#[derive(Debug, thiserror::Error)]
#[error("the ID token is for another user than the session")]
pub(crate) struct OtherUser;

impl Session {
    /// A session of its own for the user of `grant`, whose ID token has these claims.
    pub(crate) fn new(grant: &Grant, claims: &UserClaims) -> Self {
        let proof = grant.proof.clone().or_else(|| FactorProof::told(&claims.profile, grant.received_at));
        Self {
            subject: claims.subject.clone(),
            user: claims.profile.clone(),
            main: TokenSet::of(grant),
            others: Vec::new(),
            id_token: grant.tokens.id_token.clone(),
            refresh_token: grant.tokens.refresh_token.clone(),
            internal: Internal {
                sid: claims.sid.clone().unwrap_or_default(),
                created_at: grant.received_at,
                expires_at: claims.session_expiry,
                second_factor: SecondFactor::new(proof),
                other: Map::new(),
            },
            data: Map::new(),
            changed: true,
        }
    }

    /// A session as it was written. `None` without a user.
    fn stored(
        user: Map<String, Value>,
        main: TokenSet,
        others: Vec<TokenSet>,
        id_token: Option<String>,
        refresh_token: Option<String>,
        internal: Internal,
        data: Map<String, Value>,
    ) -> Option<Self> {
        let subject = user.get("sub")?.as_str().filter(|subject| !subject.is_empty())?.to_owned();
        Some(Self { user, subject, main, others, id_token, refresh_token, internal, data, changed: false })
    }

    /// Takes in what a refresh or a second factor brought: the access token in its place, a rotated refresh token
    /// always, an ID token and its claims over the old ones.
    ///
    /// # Errors
    ///
    /// [`OtherUser`], and the session is as it was.
    pub(crate) fn keep(&mut self, grant: &Grant) -> Result<(), OtherUser> {
        if let Some(claims) = &grant.claims {
            if claims.subject != self.subject {
                return Err(OtherUser);
            }
            self.renew_claims(&claims.profile, grant.received_at);
            self.id_token.clone_from(&grant.tokens.id_token);
        }
        if let Some(refresh_token) = &grant.tokens.refresh_token {
            self.refresh_token = Some(refresh_token.clone());
        }
        if let Some(proof) = &grant.proof {
            self.proved(proof.clone(), grant.received_at);
        }
        self.put(TokenSet::of(grant), grant.received_at);
        self.changed = true;
        Ok(())
    }

    /// Goes on with the refresh token that its own was rotated to meanwhile, if it was: a spent one ends the session.
    pub(crate) fn follow(&mut self, refreshes: &Refreshes) {
        if let Some(newer) = self.refresh_token.as_deref().and_then(|held| refreshes.newer(held)) {
            self.refresh_token = Some(newer);
            self.changed = true;
        }
    }

    /// The claims of the user's ID token: `sub`, the profile, custom claims, `amr`, `acr` and `auth_time`.
    #[must_use]
    pub fn user(&self) -> &Map<String, Value> {
        &self.user
    }

    /// The user's id (`sub`).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The claim of that name.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.user.get(name)
    }

    /// The tenant's id of its own session (`sid`), if it told one.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        Some(self.internal.sid.as_str()).filter(|sid| !sid.is_empty())
    }

    /// How the user proved who they are (`amr`); holds `mfa` after a second factor.
    pub fn amr(&self) -> impl Iterator<Item = &str> {
        self.user.get("amr").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The class of the authentication (`acr`).
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.user.get("acr").and_then(Value::as_str)
    }

    /// When the user last proved who they are (`auth_time`).
    #[must_use]
    pub fn auth_time(&self) -> Option<UnixTime> {
        self.user.get("auth_time").and_then(Value::as_i64).map(UnixTime::from_seconds)
    }

    /// When the user logged in.
    #[must_use]
    pub fn created_at(&self) -> UnixTime {
        self.internal.created_at
    }

    /// The ID token as it came last.
    #[must_use]
    pub fn id_token(&self) -> Option<&str> {
        self.id_token.as_deref()
    }

    /// Whether access tokens can be renewed.
    #[must_use]
    pub fn has_refresh_token(&self) -> bool {
        self.refresh_token.is_some()
    }

    /// The access tokens held: the login's own first.
    pub fn token_sets(&self) -> impl Iterator<Item = &TokenSet> {
        std::iter::once(&self.main).chain(&self.others)
    }

    /// What the application keeps in the session under `key`.
    #[must_use]
    pub fn data(&self, key: &str) -> Option<&Value> {
        self.data.get(key)
    }

    /// Keeps `value` under `key`, or removes the key with [`Value::Null`]. Everything in a session travels in a cookie:
    /// keep it small. The SDK's own members cannot be written this way; the call then changes nothing.
    pub fn set_data(&mut self, key: impl Into<String>, value: Value) {
        let key = key.into();
        if OWN_MEMBERS.contains(&key.as_str()) {
            return;
        }
        if value.is_null() {
            self.data.remove(&key);
        } else {
            self.data.insert(key, value);
        }
        self.changed = true;
    }

    /// Drops the claims that `keep` does not want, to keep the cookie small. `sub` stays, and so does what
    /// [`Session::second_factor`] knows.
    pub fn retain_claims(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.user.retain(|name, _| name == "sub" || keep(name));
        self.changed = true;
    }

    /// Drops the ID token, to keep the cookie small. The tenant may then ask at a logout by OpenID Connect whether it is
    /// meant: the ID token is what tells it.
    pub fn remove_id_token(&mut self) {
        self.changed |= self.id_token.take().is_some();
    }

    /// Drops the access tokens that `keep` does not want, beside the login's own. They are got again when they are
    /// asked for, those behind a second factor after another proof.
    pub fn retain_access_tokens(&mut self, keep: impl FnMut(&TokenSet) -> bool) {
        let held = self.others.len();
        self.others.retain(keep);
        self.changed |= self.others.len() < held;
    }

    pub(crate) fn is_changed(&self) -> bool {
        self.changed
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Session")
            .field("subject", &self.subject)
            .field("internal", &self.internal)
            .field("main", &self.main)
            .field("others", &self.others)
            .field("has_refresh_token", &self.refresh_token.is_some())
            .field("has_id_token", &self.id_token.is_some())
            .finish_non_exhaustive()
    }
}

/// The members of a session in nextjs-auth0's form and ours; application data lies beside them.
const OWN_MEMBERS: [&str; 6] = ["user", "tokenSet", "accessTokens", "internal", "connectionTokenSets", "exp"];
