//! nextjs-auth0's members. What is not known is kept: applications put their own data beside ours.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stepup_protocol::{scope::Scopes, time::UnixTime};

use crate::session::{Internal, SecondFactor, Session, TokenSet};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Written<'s> {
    user: &'s Map<String, Value>,
    token_set: WrittenSet<'s>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    access_tokens: Vec<WrittenSet<'s>>,
    internal: WrittenInternal<'s>,
    #[serde(flatten)]
    data: &'s Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenSet<'s> {
    access_token: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'s Scopes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_scope: Option<&'s Scopes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<UnixTime>,
    #[serde(rename = "token_type", skip_serializing_if = "Option::is_none")]
    token_type: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    narrowed_at: Option<UnixTime>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenInternal<'s> {
    #[serde(skip_serializing_if = "str::is_empty")]
    sid: &'s str,
    created_at: UnixTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_expires_at: Option<UnixTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_factor: Option<&'s SecondFactor>,
    #[serde(flatten)]
    other: &'s Map<String, Value>,
}

impl<'s> From<&'s Session> for Written<'s> {
    fn from(session: &'s Session) -> Self {
        Self {
            user: &session.user,
            token_set: WrittenSet {
                id_token: session.id_token.as_deref(),
                refresh_token: session.refresh_token.as_deref(),
                ..WrittenSet::from(&session.main)
            },
            access_tokens: session.others.iter().map(WrittenSet::from).collect(),
            internal: WrittenInternal {
                sid: &session.internal.sid,
                created_at: session.internal.created_at,
                session_expires_at: session.internal.expires_at,
                second_factor: session.internal.second_factor.written(),
                other: &session.internal.other,
            },
            data: &session.data,
        }
    }
}

impl<'s> From<&'s TokenSet> for WrittenSet<'s> {
    fn from(set: &'s TokenSet) -> Self {
        Self {
            access_token: &set.access_token,
            id_token: None,
            scope: set.scope.as_ref(),
            requested_scope: set.requested_scope.as_ref(),
            audience: set.audience.as_deref(),
            refresh_token: None,
            expires_at: set.expires_at,
            token_type: set.token_type.as_deref(),
            narrowed_at: set.narrowed_at,
        }
    }
}

/// A session of version 4, or one of version 3, whose members are then among the unknown ones.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Read {
    user: Map<String, Value>,
    token_set: Option<ReadSet>,
    #[serde(default)]
    access_tokens: Vec<ReadSet>,
    internal: Option<ReadInternal>,
    #[serde(flatten)]
    data: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadSet {
    access_token: String,
    id_token: Option<String>,
    scope: Option<Scopes>,
    requested_scope: Option<Scopes>,
    audience: Option<String>,
    refresh_token: Option<String>,
    expires_at: Option<UnixTime>,
    #[serde(rename = "token_type")]
    token_type: Option<String>,
    narrowed_at: Option<UnixTime>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadInternal {
    #[serde(default)]
    sid: String,
    created_at: UnixTime,
    session_expires_at: Option<UnixTime>,
    #[serde(default)]
    second_factor: Value,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// The token members of version 3, which had one token set and no internal part.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version3 {
    id_token: Option<String>,
    access_token: String,
    access_token_scope: Option<Scopes>,
    access_token_expires_at: Option<UnixTime>,
    refresh_token: Option<String>,
}

impl Read {
    /// A user and an internal part are what makes it a session: under nextjs-auth0's one key for everything, other
    /// values open too.
    pub(super) fn into_session(mut self) -> Option<Session> {
        let (mut main, internal) = (self.token_set.take()?, self.internal.take()?);
        // Expiry and purpose travel in the sealing; connection tokens have cookies of their own.
        ["exp", "connectionTokenSets"].iter().for_each(|name| drop(self.data.remove(*name)));
        let (id_token, refresh_token) = (main.id_token.take(), main.refresh_token.take());
        let internal = Internal {
            sid: internal.sid,
            created_at: internal.created_at,
            expires_at: internal.session_expires_at,
            second_factor: SecondFactor::read(internal.second_factor),
            other: internal.other,
        };
        let others = self.access_tokens.into_iter().map(TokenSet::from).collect();
        Session::stored(self.user, main.into(), others, id_token, refresh_token, internal, self.data)
    }

    pub(super) fn into_session_of_version_3(self, issued_at: UnixTime) -> Option<Session> {
        let tokens: Version3 = serde_json::from_value(Value::Object(self.data)).ok()?;
        let main = TokenSet {
            access_token: tokens.access_token,
            scope: tokens.access_token_scope,
            requested_scope: None,
            audience: None,
            expires_at: tokens.access_token_expires_at,
            token_type: None,
            narrowed_at: None,
        };
        let sid = self.user.get("sid").and_then(Value::as_str).unwrap_or_default().to_owned();
        let internal = Internal {
            sid,
            created_at: issued_at,
            expires_at: None,
            second_factor: SecondFactor::default(),
            other: Map::new(),
        };
        Session::stored(
            self.user,
            main,
            Vec::new(),
            tokens.id_token,
            tokens.refresh_token,
            internal,
            Map::new(),
        )
    }
}

impl From<ReadSet> for TokenSet {
    fn from(set: ReadSet) -> Self {
        Self {
            access_token: set.access_token,
            scope: set.scope,
            requested_scope: set.requested_scope,
            audience: set.audience,
            expires_at: set.expires_at,
            token_type: set.token_type,
            narrowed_at: set.narrowed_at,
        }
    }
}
