//! Takes the notes that `api` hands over, one a call, and checks them where the Action can still be told.

use serde::Deserialize;
use serde_json::Value;
use stepup_protocol::mfa::FactorType;
use url::Url;

use super::{
    claims,
    outcome::{
        CookieMode, Denial, Factor, FactorChoice, FactorCommand, FactorOptions, MetadataChanges,
        MultifactorProvider, MultifactorRequest, Outcome, Redirect, ScopeChange, Selection,
        SessionRevocation,
    },
};

/// Bytes of JSON that one execution may hand over: the engine's heap does not hold them.
const NOTES: usize = 1 << 20;

/// The notes of one execution.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    outcome: Outcome,
    bytes: usize,
}

/// What became of a note that was in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Noted {
    /// It will have its effect.
    Kept,
    /// It has none, or another than one may think; this says why.
    Remarked(String),
}

impl Recorder {
    /// Notes one call of `method`; an error is what the Action is told, as a `TypeError`.
    pub(super) fn note(&mut self, method: &str, call: &str) -> Result<Noted, String> {
        self.bytes += call.len();
        if self.bytes > NOTES {
            return Err(format!("{method}: an Action can hand over {} KiB at most", NOTES / 1024));
        }
        let call: Value = serde_json::from_str(call).map_err(|error| format!("{method}: {error}"))?;
        let call = Call::deserialize(call).map_err(|error| format!("{method}: {error}"))?;
        self.apply(call).map_err(|problem| format!("{method}: {problem}"))
    }

    pub(super) fn into_outcome(self) -> Outcome {
        self.outcome
    }

    fn apply(&mut self, call: Call) -> Result<Noted, String> {
        let Outcome {
            commands,
            multifactor,
            denial,
            redirect,
            transaction_metadata,
            recorded_methods,
            changes,
            ..
        } = &mut self.outcome;
        match call {
            Call::AccessTokenClaim { key, value } => {
                return Ok(set_claim(&mut changes.access_token_claims, key, value));
            }
            Call::AddScope { scope } => {
                changes.access_token_scopes.push(ScopeChange::Add(scope_token(scope)?));
            }
            Call::AppMetadata { key, value } => drop(changes.app_metadata.insert(key, value)),
            Call::Challenge(request) => {
                commands.push(FactorCommand::Challenge(request.check(|_| true)?));
            }
            Call::Deny { reason } => {
                denial.get_or_insert(Denial { reason });
            }
            Call::Enroll(request) => {
                let choice = request.check(|factor| factor != FactorType::Email)?;
                if choice.factors.iter().all(|factor| factor.factor_type == FactorType::RecoveryCode) {
                    return Err(ALONE.to_owned());
                }
                commands.push(FactorCommand::Enroll(choice));
            }
            Call::IdTokenClaim { key, value } => {
                return Ok(set_claim(&mut changes.id_token_claims, key, value));
            }
            Call::Multifactor { provider, allow_remember_browser, provider_options } => {
                *multifactor =
                    Some(MultifactorRequest { provider, allow_remember_browser, provider_options });
                if provider == MultifactorProvider::Duo {
                    return Ok(Noted::Remarked(NO_DUO.to_owned()));
                }
            }
            Call::PrimaryUser { user_id } if changes.primary_user.is_some() => {
                return Err(format!("the primary user is set already; `{user_id}` cannot be it too"));
            }
            Call::PrimaryUser { user_id } => changes.primary_user = Some(user_id),
            Call::RecordMethod { url } => recorded_methods.push(web_address(&url)?.into()),
            Call::Redirect { url, query } => *redirect = Some(Redirect { url: with_query(&url, &query)? }),
            Call::RefreshToken(change) => {
                let token = &mut changes.refresh_token;
                match change {
                    RefreshTokenCall::EvictMetadata => evict(&mut token.metadata),
                    RefreshTokenCall::ExpiresAt { at } => token.expires_at = Some(at),
                    RefreshTokenCall::IdleExpiresAt { at } => token.idle_expires_at = Some(at),
                    RefreshTokenCall::Metadata { key, value } => drop(token.metadata.set.insert(key, value)),
                    RefreshTokenCall::Revoke { reason } => {
                        token.revoked.get_or_insert(reason);
                    }
                }
            }
            Call::RemoveScope { scope } => {
                changes.access_token_scopes.push(ScopeChange::Remove(scope_token(scope)?));
            }
            Call::Session(change) => {
                let session = &mut changes.session;
                match change {
                    SessionCall::CookieMode { mode } => session.cookie_mode = Some(mode),
                    SessionCall::EvictMetadata => evict(&mut session.metadata),
                    SessionCall::ExpiresAt { at } => session.expires_at = Some(at),
                    SessionCall::IdleExpiresAt { at } => session.idle_expires_at = Some(at),
                    SessionCall::Metadata { key, value } => drop(session.metadata.set.insert(key, value)),
                    SessionCall::Revoke { reason, preserve_refresh_tokens } => {
                        session.revoked.get_or_insert(SessionRevocation { reason, preserve_refresh_tokens });
                    }
                }
            }
            Call::TransactionMetadata { key, value } => drop(transaction_metadata.insert(key, value)),
            Call::UserMetadata { key, value } => drop(changes.user_metadata.insert(key, value)),
        }
        Ok(Noted::Kept)
    }
}

const ALONE: &str =
    "`recovery-code` cannot be enrolled by itself here: a user gets one with the first other factor";
const NO_DUO: &str = "a local tenant has no `duo`: any factor that is enabled is asked for";

/// A call as `js/api.js` writes it down.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Call {
    AccessTokenClaim { key: String, value: Value },
    AddScope { scope: String },
    AppMetadata { key: String, value: Value },
    Challenge(FactorRequest),
    Deny { reason: String },
    Enroll(FactorRequest),
    IdTokenClaim { key: String, value: Value },
    Multifactor { provider: MultifactorProvider, allow_remember_browser: bool, provider_options: Value },
    PrimaryUser { user_id: String },
    RecordMethod { url: String },
    Redirect { url: String, query: Vec<(String, String)> },
    RefreshToken(RefreshTokenCall),
    RemoveScope { scope: String },
    Session(SessionCall),
    TransactionMetadata { key: String, value: Value },
    UserMetadata { key: String, value: Value },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum RefreshTokenCall {
    EvictMetadata,
    ExpiresAt { at: i64 },
    IdleExpiresAt { at: i64 },
    Metadata { key: String, value: Value },
    Revoke { reason: String },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum SessionCall {
    CookieMode { mode: CookieMode },
    EvictMetadata,
    ExpiresAt { at: i64 },
    IdleExpiresAt { at: i64 },
    Metadata { key: String, value: Value },
    Revoke { reason: String, preserve_refresh_tokens: bool },
}

#[derive(Debug, Deserialize)]
struct FactorRequest {
    selection: Selection,
    factors: Vec<RequestedFactor>,
}

#[derive(Debug, Deserialize)]
struct RequestedFactor {
    #[serde(rename = "type")]
    word: String,
    #[serde(default)]
    options: Option<FactorOptions>,
}

impl FactorRequest {
    fn check(self, may_be: impl Fn(FactorType) -> bool) -> Result<FactorChoice, String> {
        if self.factors.is_empty() {
            return Err("at least one factor must be given".to_owned());
        }
        let factors = self.factors.into_iter().map(|RequestedFactor { word, options }| {
            let factor_type = factor(&word).filter(|factor| may_be(*factor)).ok_or_else(|| {
                let known = FACTORS.iter().filter(|factor| may_be(**factor)).map(|factor| factor.as_str());
                format!("`{word}` is no factor here; known are {}", known.collect::<Vec<_>>().join(", "))
            })?;
            Ok(Factor { factor_type, options: options.unwrap_or_default() })
        });
        Ok(FactorChoice { selection: self.selection, factors: factors.collect::<Result<_, String>>()? })
    }
}

const FACTORS: [FactorType; 7] = [
    FactorType::Otp,
    FactorType::Email,
    FactorType::PushNotification,
    FactorType::Phone,
    FactorType::WebauthnRoaming,
    FactorType::WebauthnPlatform,
    FactorType::RecoveryCode,
];

/// The factor of a command; `push` is in the typings of the real service.
fn factor(word: &str) -> Option<FactorType> {
    if word == "push" {
        return Some(FactorType::PushNotification);
    }
    FACTORS.into_iter().find(|factor| factor.as_str() == word)
}

fn set_claim(claims: &mut serde_json::Map<String, Value>, name: String, value: Value) -> Noted {
    if let Some(reason) = claims::refusal(&name) {
        return Noted::Remarked(format!("the claim `{name}` is not set: {reason}"));
    }
    claims.insert(name, value);
    Noted::Kept
}

fn scope_token(scope: String) -> Result<String, String> {
    // RFC 6749 section 3.3
    let is_token =
        !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    if is_token { Ok(scope) } else { Err(format!("`{scope}` is no scope")) }
}

fn web_address(url: &str) -> Result<Url, String> {
    match Url::parse(url) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Ok(url) => Err(format!("`{url}` is not an http or https address")),
        Err(error) => Err(format!("`{url}` is no address: {error}")),
    }
}

fn with_query(url: &str, query: &[(String, String)]) -> Result<String, String> {
    let mut url = web_address(url)?;
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url.into())
}

fn evict(metadata: &mut MetadataChanges) {
    *metadata = MetadataChanges { evict: true, ..MetadataChanges::default() };
}
