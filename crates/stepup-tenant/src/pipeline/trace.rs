//! What an Action saw and decided, for the tenant log: names, never values that may be secret.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::actions::{Action, ActionError, Cause, ConsoleLine, Entry, FactorCommand, Outcome, ScopeChange};

/// `details` of the event of an Action that ended.
pub(super) fn decided(action: &Action, entry: Entry, event: &Value, outcome: &Outcome) -> Value {
    let mut details = ran(action, entry, event, outcome.duration, &outcome.console);
    details.insert("decided".to_owned(), decisions(action, outcome));
    Value::Object(details)
}

/// `details` of the event of an Action that failed.
pub(super) fn failed(action: &Action, entry: Entry, event: &Value, error: &ActionError) -> Value {
    let mut details = ran(action, entry, event, error.duration, &error.console);
    let mut told = json!({ "message": masked(action, &error.cause.to_string()) });
    if let Some(members) = told.as_object_mut() {
        if let Some(location) = error.cause.location() {
            members.insert("line".to_owned(), location.line.into());
            members.insert("column".to_owned(), location.column.into());
        }
        if let Some(line) = &error.line {
            members.insert("code".to_owned(), masked(action, line).into());
        }
        if let Cause::Threw(thrown) | Cause::StackOverflow(thrown) = &error.cause
            && !thrown.stack.is_empty()
        {
            members.insert("stack".to_owned(), masked(action, &thrown.stack).into());
        }
    }
    details.insert("error".to_owned(), told);
    Value::Object(details)
}

fn ran(
    action: &Action,
    entry: Entry,
    event: &Value,
    duration: Duration,
    console: &[ConsoleLine],
) -> Map<String, Value> {
    let mut left = CONSOLE;
    let line = |line: &ConsoleLine| {
        let text: String = masked(action, &line.text).chars().take(left).collect();
        left -= text.chars().count();
        (!text.is_empty()).then(|| json!({ "level": line.level, "text": text }))
    };
    let console: Vec<Value> = console.iter().map_while(line).collect();
    let mut details = Map::from_iter([
        ("action".to_owned(), json!(&*action.name)),
        ("function".to_owned(), json!(entry.function())),
        ("duration_ms".to_owned(), json!((duration.as_secs_f64() * 1e6).round() / 1e3)),
        ("saw".to_owned(), saw(event)),
    ]);
    if !console.is_empty() {
        details.insert("console".to_owned(), Value::Array(console));
    }
    details
}

/// The part of `event` that decisions are mostly made by.
fn saw(event: &Value) -> Value {
    let at = |pointer: &str| event.pointer(pointer).cloned();
    let each = |pointer: &str, member: &str| {
        let entries = event.pointer(pointer)?.as_array()?;
        Some(entries.iter().filter_map(|entry| entry.get(member).cloned()).collect())
    };
    object([
        ("protocol", at("/transaction/protocol")),
        ("grant_type", at("/request/body/grant_type")),
        ("resource_server", at("/resource_server/identifier")),
        ("requested_scopes", at("/transaction/requested_scopes")),
        ("acr_values", at("/transaction/acr_values")),
        ("prompt", at("/transaction/prompt")),
        ("enrolled_factors", each("/user/enrolledFactors", "type")),
        ("methods", each("/authentication/methods", "name")),
        ("risk", at("/authentication/riskAssessment/confidence")),
        ("logins_count", at("/stats/logins_count")),
    ])
}

fn decisions(action: &Action, outcome: &Outcome) -> Value {
    let changes = &outcome.changes;
    let keys = |map: &Map<String, Value>| Some(map.keys().cloned().collect::<Value>());
    let text = |text: &str| Value::String(masked(action, text));
    let scopes = changes.access_token_scopes.iter().map(|change| match change {
        ScopeChange::Add(scope) => format!("+{scope}"),
        ScopeChange::Remove(scope) => format!("-{scope}"),
    });
    object([
        ("commands", Some(outcome.commands.iter().map(command).collect())),
        ("multifactor", outcome.multifactor.as_ref().map(|request| json!(request.provider))),
        ("denied", outcome.denial.as_ref().map(|denial| text(&denial.reason))),
        ("redirect", outcome.redirect.as_ref().map(|redirect| json!(without_query(&redirect.url)))),
        ("access_token_claims", keys(&changes.access_token_claims)),
        ("id_token_claims", keys(&changes.id_token_claims)),
        ("scopes", Some(scopes.collect())),
        ("user_metadata", keys(&changes.user_metadata)),
        ("app_metadata", keys(&changes.app_metadata)),
        ("transaction_metadata", keys(&outcome.transaction_metadata)),
        ("recorded_methods", Some(json!(outcome.recorded_methods))),
        ("primary_user", changes.primary_user.as_deref().map(text)),
        ("refresh_token_revoked", changes.refresh_token.revoked.as_deref().map(text)),
        ("session_revoked", changes.session.revoked.as_ref().map(|revoked| text(&revoked.reason))),
        ("cache_writes", (!outcome.cache.is_empty()).then(|| json!(outcome.cache.len()))),
    ])
}

fn command(command: &FactorCommand) -> Value {
    let choice = command.choice();
    let word = match command {
        FactorCommand::Challenge(_) => "challenge",
        FactorCommand::Enroll(_) => "enroll",
    };
    json!({ word: choice.factors, "selection": choice.selection })
}

/// The members that say anything.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::Array(entries) => !entries.is_empty(),
        _ => true,
    };
    let told = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.filter(says)?)));
    Value::Object(told.collect())
}

/// `text` with the Action's secrets blotted out.
pub(super) fn masked(action: &Action, text: &str) -> String {
    let mut secrets: Vec<&str> = action.secrets.values().map(secrecy::ExposeSecret::expose_secret).collect();
    // of two secrets, one may be a part of the other
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
        .into_iter()
        .filter(|secret| !secret.is_empty())
        .fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

const MASK: &str = "***";
/// Characters of the console that are kept.
const CONSOLE: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::ConsoleLevel;

    #[test]
    fn secrets_are_blotted_out_wherever_an_action_repeats_them() {
        let action = Action::new("a.js", "").with_secrets(
            [("LONG", "hunter22"), ("SHORT", "hunter")].map(|(name, value)| (name.to_owned(), value.into())),
        );
        assert_eq!(masked(&action, "hunter22 and hunter"), "*** and ***");
        let mut outcome = Outcome::default();
        outcome.console.push(ConsoleLine { level: ConsoleLevel::Log, text: "key hunter22".to_owned() });
        let details = decided(&action, Entry::PostLogin, &json!({}), &outcome);
        assert_eq!(details["console"], json!([{ "level": "log", "text": "key ***" }]));
        assert_eq!((&details["saw"], &details["decided"]), (&json!({}), &json!({})));
    }

    #[test]
    fn a_long_console_is_cut() {
        let mut outcome = Outcome::default();
        for _ in 0..100 {
            outcome.console.push(ConsoleLine { level: ConsoleLevel::Log, text: "x".repeat(1000) });
        }
        let details = decided(&Action::new("a.js", ""), Entry::PostLogin, &json!({}), &outcome);
        let lines = details["console"].as_array().unwrap();
        assert_eq!((lines.len(), lines[8]["text"].as_str().unwrap().len()), (9, 192));
    }
}
