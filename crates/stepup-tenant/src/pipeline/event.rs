//! `event`: what a post-login Action is told.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use stepup_protocol::{mfa::FactorType, scope::Scopes};

use super::{Facts, Progress};
use crate::{
    log::rfc3339,
    mfa::requirement::Flow,
    model::{Authenticator, Credential, PhoneChannel, RefreshToken, TenantSession, User},
    oauth::claims,
    state::State,
};

/// Parameters of a token request that no Action may see.
pub(crate) const SECRET_PARAMETERS: &[&str] = &[
    "binding_code",
    "client_assertion",
    "client_assertion_type",
    "client_secret",
    "code",
    "code_verifier",
    "mfa_token",
    "oob_code",
    "otp",
    "password",
    "recovery_code",
    "refresh_token",
];

/// What a user has enrolled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Enrolled<'a> {
    /// The factors that can be challenged.
    pub(super) factors: &'a [FactorType],
    /// What the store holds of them.
    pub(super) held: &'a [Authenticator],
}

/// The whole event, but for `secrets`, which the engine adds.
pub(super) fn event(
    state: &State,
    facts: &Facts<'_>,
    user: &User,
    enrolled: Enrolled<'_>,
    progress: &Progress,
) -> Value {
    let mut event = json!({
        "transaction": transaction(facts, progress),
        "request": request(facts),
        "user": user_profile(state, user, enrolled),
        "authorization": { "roles": [] },
        "client": client(facts),
        "connection": connection(state, &user.connection),
        "stats": { "logins_count": user.logins_count },
        "tenant": { "id": state.config.name },
    });
    // What is not there is undefined in JavaScript, not null.
    if let (Some(members), Some(it)) = (event.as_object_mut(), authentication(facts, progress)) {
        members.insert("authentication".to_owned(), it);
    }
    if let (Some(members), Some(audience)) = (event.as_object_mut(), facts.audience) {
        members.insert("resource_server".to_owned(), json!({ "identifier": audience }));
    }
    if let (Some(members), Some(it)) = (event.as_object_mut(), facts.session) {
        members.insert("session".to_owned(), session(it));
    }
    if let (Some(members), Some(it)) = (event.as_object_mut(), facts.refresh_token) {
        members.insert("refresh_token".to_owned(), refresh_token(it));
    }
    event
}

fn transaction(facts: &Facts<'_>, progress: &Progress) -> Value {
    let parameters = facts.parameters;
    let words = |name: &str| -> Vec<String> {
        let text = parameters.get(name).map(String::as_str).unwrap_or_default();
        text.split_ascii_whitespace().map(str::to_owned).collect()
    };
    let mut transaction = json!({
        "acr_values": words("acr_values"),
        "locale": "en",
        "metadata": progress.metadata,
        "prompt": words("prompt"),
        "protocol": facts.protocol,
        "requested_scopes": facts.scope.iter().collect::<Vec<_>>(),
        "response_type": words("response_type"),
        "ui_locales": words("ui_locales"),
    });
    if let Some(members) = transaction.as_object_mut() {
        if words("response_type") == ["code"] {
            members.insert("response_mode".to_owned(), json!("query"));
        }
        for name in ["login_hint", "redirect_uri", "response_mode", "state"] {
            copy(parameters, name, members);
        }
    }
    transaction
}

fn copy(parameters: &BTreeMap<String, String>, name: &str, into: &mut Map<String, Value>) {
    if let Some(value) = parameters.get(name) {
        into.insert(name.to_owned(), Value::String(value.clone()));
    }
}

fn request(facts: &Facts<'_>) -> Value {
    json!({
        "body": facts.body,
        "geoip": {},
        "hostname": facts.caller.hostname,
        "ip": facts.caller.ip,
        "language": facts.caller.language,
        "method": facts.caller.method,
        "query": facts.query,
        "user_agent": facts.caller.user_agent,
    })
}

fn user_profile(state: &State, user: &User, enrolled: Enrolled<'_>) -> Value {
    let identity = user.user_id.split_once('|').map_or(user.user_id.as_str(), |(_, id)| id);
    let mut profile = claims::full_profile(user);
    profile.entry("picture").or_insert_with(|| json!(NO_PICTURE));
    let more = json!({
        "app_metadata": user.app_metadata,
        "created_at": rfc3339(user.created_at),
        "identities": [{
            "connection": user.connection,
            "isSocial": false,
            "provider": "auth0",
            "user_id": identity,
            "userId": identity,
        }],
        "user_id": user.user_id,
        "user_metadata": user.user_metadata,
    });
    if let Value::Object(more) = more {
        profile.extend(more);
    }
    // Undefined, and not empty, where Actions may not name factors.
    if state.config.mfa.factors_in_actions {
        profile.insert("enrolledFactors".to_owned(), enrolled_factors(enrolled));
    }
    // The older way to ask whether anything is enrolled: the automatic e-mail never counted there.
    if enrolled.factors.iter().any(|factor| !matches!(factor, FactorType::Email | FactorType::RecoveryCode)) {
        profile.insert("multifactor".to_owned(), json!(["guardian"]));
    }
    if let Some(username) = &user.username {
        profile.insert("username".to_owned(), json!(username));
    }
    if let Some(reset) = user.last_password_reset {
        profile.insert("last_password_reset".to_owned(), json!(rfc3339(reset)));
    }
    Value::Object(profile)
}

/// What the service shows of whoever has no picture.
const NO_PICTURE: &str = "https://cdn.auth0.com/avatars/default.png";

fn enrolled_factors(enrolled: Enrolled<'_>) -> Value {
    let reach = enrolled.held.iter().filter(|it| it.active()).find_map(|it| match &it.credential {
        Credential::Phone { reach, .. } => Some(*reach),
        _ => None,
    });
    let factor = |factor: &FactorType| match reach.filter(|_| *factor == FactorType::Phone) {
        Some(reach) => {
            let method = match reach.preferred {
                _ if reach.both => "both",
                PhoneChannel::Sms => "sms",
                PhoneChannel::Voice => "voice",
            };
            json!({ "type": factor, "options": { "preferredMethod": method } })
        }
        None => json!({ "type": factor }),
    };
    enrolled.factors.iter().map(factor).collect()
}

/// None where a refresh token outlived its session: how the user once logged in is known no more.
fn authentication(facts: &Facts<'_>, progress: &Progress) -> Option<Value> {
    if facts.flow == Flow::Refresh && facts.session.is_none() && progress.methods.is_empty() {
        return None;
    }
    let mut members = Map::from_iter([("methods".to_owned(), methods(progress))]);
    if let Some(risk) = &progress.risk {
        members.insert("riskAssessment".to_owned(), json!(risk));
    }
    Some(Value::Object(members))
}

fn methods(progress: &Progress) -> Value {
    progress
        .methods
        .iter()
        .map(|method| {
            let mut entry = json!({ "name": method.name, "timestamp": rfc3339(method.timestamp) });
            if let (Some(members), Some(factor)) = (entry.as_object_mut(), method.factor) {
                members.insert("type".to_owned(), json!(factor));
            }
            entry
        })
        .collect()
}

fn client(facts: &Facts<'_>) -> Value {
    let policies: Vec<Value> = facts
        .client
        .refresh_tokens
        .policies
        .iter()
        .map(|policy| json!({ "audience": policy.audience, "scope": scope_list(&policy.scope) }))
        .collect();
    json!({
        "client_id": facts.client.client_id,
        "metadata": facts.client.metadata,
        "name": facts.client.name,
        "refresh_token": { "policies": policies },
    })
}

fn session(session: &TenantSession) -> Value {
    let clients: Vec<Value> = session.clients.iter().map(|id| json!({ "client_id": id })).collect();
    json!({
        "authenticated_at": rfc3339(session.authenticated_at),
        "clients": clients,
        "cookie": { "mode": session.cookie_mode },
        "created_at": rfc3339(session.created_at),
        // No autonomous systems: nobody on a developer's machine comes from one.
        "device": {
            "initial_ip": session.initial_ip,
            "initial_user_agent": session.initial_user_agent,
            "last_ip": session.last_ip,
            "last_user_agent": session.last_user_agent,
        },
        "expires_at": rfc3339(session.expires_at),
        "id": session.id,
        "idle_expires_at": rfc3339(session.idle_expires_at),
        "last_interacted_at": rfc3339(session.last_interacted_at),
        "metadata": session.metadata,
        "updated_at": rfc3339(session.last_interacted_at),
        "user_id": session.user_id,
    })
}

fn refresh_token(token: &RefreshToken) -> Value {
    let mut members = json!({
        "client_id": token.client_id,
        "created_at": rfc3339(token.created_at),
        "device": token.device,
        "id": token.id,
        "metadata": token.metadata,
        "resource_servers": token.audience.iter().map(|audience| json!({
            "audience": audience,
            "scopes": token.scope.to_string(),
        })).collect::<Vec<_>>(),
        "rotating": token.rotating,
        "user_id": token.user_id,
    });
    if let Some(members) = members.as_object_mut() {
        let times = [
            ("expires_at", token.expires_at),
            ("idle_expires_at", token.idle_expires_at),
            ("last_exchanged_at", token.last_exchanged_at),
        ];
        for (name, time) in times {
            if let Some(time) = time {
                members.insert(name.to_owned(), json!(rfc3339(time)));
            }
        }
        if let Some(session) = &token.session_id {
            members.insert("session_id".to_owned(), json!(session));
        }
    }
    members
}

fn scope_list(scope: &Scopes) -> Vec<&str> {
    scope.iter().collect()
}

fn connection(state: &State, name: &str) -> Value {
    match state.config.connection(name) {
        Some(it) => json!({ "id": it.id, "metadata": it.metadata, "name": it.name, "strategy": "auth0" }),
        None => json!({ "name": name, "strategy": "auth0" }),
    }
}
