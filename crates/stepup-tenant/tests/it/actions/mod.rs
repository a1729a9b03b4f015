//! Actions: what they may do, what they decided, and what becomes of those that misbehave.

mod api;
mod examples;
mod language;
mod metadata;
mod redirect;
mod round_trip;
mod traps;

use serde_json::{Value, json};
use stepup_protocol::time::UnixTime;
use stepup_tenant::actions::{Action, ActionError, Cause, Engine, Entry, Host, Limits, Outcome};

const NOW: UnixTime = UnixTime::from_seconds(1_767_225_600); // 2026-01-01T00:00:00Z

fn host() -> Host {
    Host { now: NOW, seed: [7; 32] }
}

/// Runs `code` as a whole module.
async fn run_module(code: &str, event: Value) -> Result<Outcome, ActionError> {
    Engine::new(Limits::default()).run(&Action::new("test.js", code), Entry::PostLogin, event, host()).await
}

/// Runs `body` as the handler's body, on the module's first line.
async fn run(body: &str, event: Value) -> Result<Outcome, ActionError> {
    run_module(&format!("exports.onExecutePostLogin = async (event, api) => {{ {body}\n}}"), event).await
}

/// What an Action printed that runs `body`.
async fn printed(body: &str) -> Vec<String> {
    let outcome = run(body, json!({})).await.unwrap();
    outcome.console.into_iter().map(|line| line.text).collect()
}

/// Why an Action failed that runs `body`.
async fn cause(body: &str) -> Cause {
    run(body, json!({})).await.unwrap_err().cause
}

/// The message that an Action threw with that runs `body`.
async fn thrown(body: &str) -> String {
    match cause(body).await {
        Cause::Threw(thrown) => thrown.message,
        other => panic!("{other:?}"),
    }
}
