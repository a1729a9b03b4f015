//! What an Action decided, as plain values: nothing in here points back into the JavaScript engine, and all of it can be
//! kept with a transaction that pauses.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stepup_protocol::{mfa::FactorType, time::UnixTime};

use crate::model::TenantSession;

/// What one Action decided.
///
/// The caller carries out [`commands`](Self::commands) before the next Action runs, stops at a
/// [`denial`](Self::denial) or [`redirect`](Self::redirect), and keeps [`changes`](Self::changes) for the end of the flow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// Factors to ask for, in call order; the queue is worked off after this Action and before the next one.
    pub commands: Vec<FactorCommand>,
    /// The last call of `api.multifactor.enable`; carried out at the end of the pipeline, if no command ran.
    pub multifactor: Option<MultifactorRequest>,
    /// The first call of `api.access.deny` or `api.validation.error`: the flow stops after this Action.
    pub denial: Option<Denial>,
    /// The last call of `api.redirect.sendUserTo`: the browser leaves after this Action.
    pub redirect: Option<Redirect>,
    /// `api.transaction.setMetadata`: visible to later Actions of the transaction; `null` removes a key.
    pub transaction_metadata: Map<String, Value>,
    /// URLs of `api.authentication.recordMethod`, in call order: each is one more entry of `event.authentication.methods`.
    pub recorded_methods: Vec<String>,
    /// What is applied when the flow ends.
    pub changes: Changes,
    /// What the Action wrote to `api.cache`; already visible to the next execution.
    pub cache: Vec<CacheWrite>,
    /// What it printed.
    pub console: Vec<ConsoleLine>,
    /// Wall-clock time of the execution.
    pub duration: Duration,
}

impl Outcome {
    /// What was decided as JSON, for people: without what was printed, with stars for options of a provider, which may be
    /// its keys, and with the duration in milliseconds (`duration_ms`).
    #[must_use]
    pub fn decided(&self) -> Value {
        let mut decided = serde_json::to_value(self).unwrap_or_default();
        if let Some(members) = decided.as_object_mut() {
            members.remove("console");
            members.remove("duration");
            let options = members.get_mut("multifactor").and_then(|it| it.get_mut("provider_options"));
            if let Some(options) = options.and_then(Value::as_object_mut) {
                options.values_mut().for_each(|value| *value = "***".into());
            }
            let microseconds = (self.duration.as_secs_f64() * 1_000_000.0).round();
            members.insert("duration_ms".to_owned(), (microseconds / 1000.0).into());
        }
        decided
    }
}

/// A factor that the flow has to ask for before it goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorCommand {
    /// `challengeWith`, `challengeWithAny`: use a factor that is enrolled.
    Challenge(FactorChoice),
    /// `enrollWith`, `enrollWithAny`: enrol a new one.
    Enroll(FactorChoice),
}

impl FactorCommand {
    /// The factors that the command lists, and how the person chooses among them.
    #[must_use]
    pub const fn choice(&self) -> &FactorChoice {
        match self {
            Self::Challenge(choice) | Self::Enroll(choice) => choice,
        }
    }
}

/// The factors of one command, in the Action's order, and who chooses among them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactorChoice {
    /// Who chooses.
    pub selection: Selection,
    /// At least one factor, as listed; duplicates are the caller's to drop.
    pub factors: Vec<Factor>,
}

/// Who chooses among the factors of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// `…WithAny`: the person chooses, unless one factor is left.
    Any,
    /// `…With`: the first usable factor is shown, the others are offered beside it.
    First,
}

/// One factor of a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Which factor.
    #[serde(rename = "type")]
    pub factor_type: FactorType,
    /// `options` as the Action gave them: `otpFallback` of push, `preferredMethod` of phone.
    #[serde(default, skip_serializing_if = "FactorOptions::is_default")]
    pub options: FactorOptions,
}

impl Factor {
    /// The factor without options.
    #[must_use]
    pub const fn new(factor_type: FactorType) -> Self {
        Self { factor_type, options: FactorOptions { otp_fallback: None, preferred_method: None } }
    }
}

/// Options of a factor in a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct FactorOptions {
    /// Push: whether a code from the app may be typed instead; unset means that it may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otp_fallback: Option<bool>,
    /// Phone: how the code is delivered; unset means as the tenant is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_method: Option<PreferredMethod>,
}

impl FactorOptions {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How a phone receives its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PreferredMethod {
    /// The person chooses.
    Both,
    /// A text message.
    Sms,
    /// A voice call.
    Voice,
}

/// `api.multifactor.enable(provider, options)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MultifactorRequest {
    /// Whose factors are asked for.
    pub provider: MultifactorProvider,
    /// Whether "remember this browser" is offered.
    pub allow_remember_browser: bool,
    /// `providerOptions`, as given; null where none were.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub provider_options: Value,
}

/// The providers of `api.multifactor.enable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MultifactorProvider {
    /// Any factor that the tenant has on.
    Any,
    /// Duo.
    Duo,
    /// An authenticator app.
    GoogleAuthenticator,
    /// The tenant's own factors.
    Guardian,
    /// Multi-factor authentication is off for this flow.
    None,
}

/// Why the flow is refused: `access_denied` with this description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// What the application is told.
    pub reason: String,
}

/// Where the browser goes before the flow resumes at `/continue`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// An absolute http(s) address with the Action's own query parameters; the caller adds `state`.
    pub url: String,
}

/// What is applied when the flow ends; several Actions add up, see [`Changes::absorb`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Changes {
    /// Claims of the access token; reserved names never get here. `null` takes a claim of an earlier Action back.
    pub access_token_claims: Map<String, Value>,
    /// Scopes of the access token, in call order; see [`Changes::scopes`].
    pub access_token_scopes: Vec<ScopeChange>,
    /// Claims of the ID token; reserved names never get here. `null` leaves a claim out.
    pub id_token_claims: Map<String, Value>,
    /// `api.user.setUserMetadata`; `null` removes a key.
    pub user_metadata: Map<String, Value>,
    /// `api.user.setAppMetadata`; `null` removes a key.
    pub app_metadata: Map<String, Value>,
    /// `api.authentication.setPrimaryUser`.
    pub primary_user: Option<String>,
    /// `api.refreshToken.*`.
    pub refresh_token: TokenChanges,
    /// `api.session.*`.
    pub session: SessionChanges,
}

impl Changes {
    /// Adds what a later Action decided; where both set the same thing, the later one stands.
    pub fn absorb(&mut self, later: Self) {
        self.access_token_claims.extend(later.access_token_claims);
        self.access_token_scopes.extend(later.access_token_scopes);
        self.id_token_claims.extend(later.id_token_claims);
        self.user_metadata.extend(later.user_metadata);
        self.app_metadata.extend(later.app_metadata);
        self.primary_user = later.primary_user.or(self.primary_user.take());
        self.refresh_token.absorb(later.refresh_token);
        self.session.absorb(later.session);
    }

    /// The claims that the access token gets.
    pub(crate) fn access_token_claims(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        merge(&mut claims, &self.access_token_claims);
        claims
    }

    /// The scopes of the access token once the changes are applied to `granted`, each once, in order.
    #[must_use]
    pub fn scopes(&self, granted: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut scopes: Vec<String> = granted.into_iter().collect();
        for change in &self.access_token_scopes {
            let (ScopeChange::Add(scope) | ScopeChange::Remove(scope)) = change;
            scopes.retain(|granted| granted != scope || matches!(change, ScopeChange::Add(_)));
            if matches!(change, ScopeChange::Add(_)) && !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
        scopes
    }
}

/// One call of `api.accessToken.addScope` or `removeScope`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeChange {
    /// The scope is granted although it was not asked for.
    Add(String),
    /// The scope is not granted.
    Remove(String),
}

/// Changes of the refresh token that is exchanged or about to be issued.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TokenChanges {
    /// Why it is revoked: the exchange is refused.
    pub revoked: Option<String>,
    /// When it ends, in milliseconds since 1970.
    pub expires_at: Option<i64>,
    /// When it ends unless it is used before, in milliseconds since 1970.
    pub idle_expires_at: Option<i64>,
    /// Its metadata.
    pub metadata: MetadataChanges,
}

impl TokenChanges {
    fn absorb(&mut self, later: Self) {
        self.revoked = self.revoked.take().or(later.revoked);
        self.expires_at = later.expires_at.or(self.expires_at);
        self.idle_expires_at = later.idle_expires_at.or(self.idle_expires_at);
        self.metadata.absorb(later.metadata);
    }
}

/// Changes of the browser's session at the tenant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SessionChanges {
    /// Why it is revoked.
    pub revoked: Option<SessionRevocation>,
    /// When it ends, in milliseconds since 1970.
    pub expires_at: Option<i64>,
    /// When it ends unless it is used before, in milliseconds since 1970.
    pub idle_expires_at: Option<i64>,
    /// Whether its cookie outlives the browser.
    pub cookie_mode: Option<CookieMode>,
    /// Its metadata.
    pub metadata: MetadataChanges,
}

impl SessionChanges {
    /// The session as it then is. Its cookie is the browser's: see [`Self::cookie_mode`].
    pub(crate) fn apply(&self, session: &mut TenantSession) {
        let from_milliseconds = |it: i64| UnixTime::from_seconds(it.div_euclid(1000));
        session.expires_at = self.expires_at.map_or(session.expires_at, from_milliseconds);
        session.idle_expires_at = self.idle_expires_at.map_or(session.idle_expires_at, from_milliseconds);
        session.cookie_mode = self.cookie_mode.unwrap_or(session.cookie_mode);
        self.metadata.apply(&mut session.metadata);
    }

    fn absorb(&mut self, later: Self) {
        self.revoked = self.revoked.take().or(later.revoked);
        self.expires_at = later.expires_at.or(self.expires_at);
        self.idle_expires_at = later.idle_expires_at.or(self.idle_expires_at);
        self.cookie_mode = later.cookie_mode.or(self.cookie_mode);
        self.metadata.absorb(later.metadata);
    }
}

/// `api.session.revoke(reason, {preserveRefreshTokens})`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRevocation {
    /// What the log says.
    pub reason: String,
    /// Whether refresh tokens of the session stay valid.
    pub preserve_refresh_tokens: bool,
}

/// `api.session.setCookieMode(mode)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CookieMode {
    /// Gone with the browser.
    NonPersistent,
    /// Kept until the session ends.
    #[default]
    Persistent,
}

/// Changes of a session's or refresh token's metadata: first cleared if asked for, then each key set, or removed by `null`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetadataChanges {
    /// `evictMetadata`: everything that was there is dropped.
    pub evict: bool,
    /// Keys to set; `null` removes one.
    pub set: Map<String, Value>,
}

impl MetadataChanges {
    fn absorb(&mut self, later: Self) {
        if later.evict {
            *self = later;
        } else {
            self.set.extend(later.set);
        }
    }

    /// `metadata` after the changes.
    pub fn apply(&self, metadata: &mut Map<String, Value>) {
        if self.evict {
            metadata.clear();
        }
        merge(metadata, &self.set);
    }
}

/// Writes `changes` into `metadata` the way every metadata of a tenant is written: `null` removes a key.
pub fn merge(metadata: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (key, value) in changes {
        if value.is_null() {
            metadata.remove(key);
        } else {
            metadata.insert(key.clone(), value.clone());
        }
    }
}

/// One write to `api.cache`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheWrite {
    /// `delete(key)`.
    Delete(String),
    /// `set(key, value)`.
    Set {
        /// The record's name.
        key: String,
        /// Its text.
        value: String,
        /// When it is gone, in milliseconds since 1970.
        expires_at: i64,
    },
}

/// One line of `console.*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleLine {
    /// The method that printed it.
    pub level: ConsoleLevel,
    /// The text; may hold line breaks.
    pub text: String,
}

/// The methods of `console`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConsoleLevel {
    /// `console.debug`, `console.trace`.
    Debug,
    /// `console.error`.
    Error,
    /// `console.info`.
    Info,
    /// `console.log`, `console.dir`.
    Log,
    /// `console.warn`, and what the tenant has to say about a call without effect.
    Warn,
}
