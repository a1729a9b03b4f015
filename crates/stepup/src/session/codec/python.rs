//! auth0-server-python's members. Absent ones are `null`; the default audience is the word `default`. There is no place for
//! what was asked for: what was granted stands for it, and where that is something else, it lies beside, and so does when it
//! was granted less. That package keeps members beside its own, and none within them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stepup_protocol::{scope::Scopes, time::UnixTime};
use stepup_seal::{base64url, digest};

use crate::session::{Internal, SecondFactor, Session, TokenSet};

/// What that package calls the audience of a login that named none.
const DEFAULT_AUDIENCE: &str = "default";

/// Members that only that package has a use for.
pub(super) const MEMBERS: [&str; 2] = ["connection_token_sets", "domain"];

#[derive(Serialize)]
pub(super) struct Written<'s> {
    user: &'s Map<String, Value>,
    id_token: Option<&'s str>,
    refresh_token: Option<&'s str>,
    token_sets: Vec<WrittenSet<'s>>,
    connection_token_sets: Value,
    domain: Value,
    internal: WrittenInternal<'s>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_factor: Option<&'s SecondFactor>,
    /// By the tokens that it was asked for with.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    requested_scopes: BTreeMap<String, &'s Scopes>,
    /// By the same names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    narrowed_at: BTreeMap<String, UnixTime>,
}

#[derive(Serialize)]
struct WrittenSet<'s> {
    audience: &'s str,
    access_token: &'s str,
    scope: Option<&'s Scopes>,
    expires_at: UnixTime,
}

#[derive(Serialize)]
struct WrittenInternal<'s> {
    sid: &'s str,
    created_at: UnixTime,
    session_expires_at: Option<UnixTime>,
}

impl<'s> From<&'s Session> for Written<'s> {
    fn from(session: &'s Session) -> Self {
        let kept = |name| session.data.get(name).cloned();
        Self {
            user: &session.user,
            id_token: session.id_token.as_deref(),
            refresh_token: session.refresh_token.as_deref(),
            token_sets: session.token_sets().map(WrittenSet::from).collect(),
            connection_token_sets: kept("connection_token_sets").unwrap_or_else(|| Value::Array(Vec::new())),
            domain: kept("domain").unwrap_or(Value::Null),
            internal: WrittenInternal {
                sid: &session.internal.sid,
                created_at: session.internal.created_at,
                session_expires_at: session.internal.expires_at,
            },
            second_factor: session.internal.second_factor.written(),
            requested_scopes: session.token_sets().filter_map(requested_scope).collect(),
            narrowed_at: session.token_sets().filter_map(narrowed_at).collect(),
        }
    }
}

impl<'s> From<&'s TokenSet> for WrittenSet<'s> {
    fn from(set: &'s TokenSet) -> Self {
        Self {
            audience: set.audience.as_deref().unwrap_or(DEFAULT_AUDIENCE),
            access_token: &set.access_token,
            scope: set.scope.as_ref().or(set.requested_scope.as_ref()),
            expires_at: set.expires_at.unwrap_or_default(),
        }
    }
}

/// What a token was asked for with, where it is not what was granted.
fn requested_scope(set: &TokenSet) -> Option<(String, &Scopes)> {
    let (granted, requested) = (set.scope.as_ref()?, set.requested_scope.as_ref()?);
    (!granted.same_set(requested)).then(|| (name_of(&set.access_token), requested))
}

fn narrowed_at(set: &TokenSet) -> Option<(String, UnixTime)> {
    Some((name_of(&set.access_token), set.narrowed_at?))
}

/// Short, for cookies are, and it has to tell apart the few tokens of one session.
fn name_of(access_token: &str) -> String {
    base64url::encode(&digest::sha256(access_token.as_bytes())[..9])
}

#[derive(Deserialize)]
pub(super) struct Read {
    user: Option<Map<String, Value>>,
    id_token: Option<String>,
    refresh_token: Option<String>,
    #[serde(default)]
    token_sets: Vec<ReadSet>,
    internal: ReadInternal,
    #[serde(default)]
    second_factor: Value,
    #[serde(default)]
    requested_scopes: Value,
    #[serde(default)]
    narrowed_at: Value,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Deserialize)]
struct ReadSet {
    audience: Option<String>,
    access_token: String,
    scope: Option<Scopes>,
    expires_at: UnixTime,
}

#[derive(Deserialize)]
struct ReadInternal {
    sid: Option<String>,
    created_at: UnixTime,
    session_expires_at: Option<UnixTime>,
}

impl Read {
    /// The login's own token set is the one for the default audience, by its name or as `default`; else the first.
    pub(super) fn into_session(self, default_audience: Option<&str>) -> Option<Session> {
        let (requested, narrowed) = (self.requested_scopes, self.narrowed_at);
        let set = |set: ReadSet| {
            let name = name_of(&set.access_token);
            let requested_scope = requested.get(&name).and_then(Value::as_str).map(Scopes::from);
            let narrowed_at = narrowed.get(&name).and_then(Value::as_i64).map(UnixTime::from_seconds);
            TokenSet { requested_scope, narrowed_at, ..TokenSet::from(set) }
        };
        let mut sets: Vec<TokenSet> = self.token_sets.into_iter().map(set).collect();
        let is_main = |set: &TokenSet| set.audience.is_none() || set.audience.as_deref() == default_audience;
        let main = sets.iter().position(is_main).unwrap_or(0);
        let main = (main < sets.len()).then(|| sets.remove(main))?;
        let internal = Internal {
            sid: self.internal.sid.unwrap_or_default(),
            created_at: self.internal.created_at,
            expires_at: self.internal.session_expires_at,
            second_factor: SecondFactor::read(self.second_factor),
            other: Map::new(),
        };
        // `null` is that package's way of leaving a claim out.
        let user = self.user?.into_iter().filter(|(_, value)| !value.is_null()).collect();
        Session::stored(user, main, sets, self.id_token, self.refresh_token, internal, self.other)
    }
}

impl From<ReadSet> for TokenSet {
    fn from(set: ReadSet) -> Self {
        Self {
            access_token: set.access_token,
            scope: set.scope,
            requested_scope: None,
            audience: set.audience.filter(|audience| audience != DEFAULT_AUDIENCE),
            expires_at: Some(set.expires_at).filter(|end| end.seconds() > 0),
            token_type: None,
            narrowed_at: None,
        }
    }
}
