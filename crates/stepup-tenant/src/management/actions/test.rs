//! `actions/{id}/test`: the draft, run with a given event; nothing of what it decides is carried out.

use axum::extract::State;
use serde_json::{Value, json};

use super::{body, find};
use crate::{
    actions::{ConsoleLine, Entry, Host},
    management::{
        Answer, Answered,
        bearer::Bearer,
        request::{Ids, Payload},
        schema::{Kind, Schema, required},
    },
    state::Shared,
};

const TEST: Schema = Schema(&[required("payload", Kind::Object)]);

/// Runs the draft. `payload.event`, or else the payload, is its event.
pub(super) async fn run(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(super::CREATE)?;
    let mut body = payload.object(&TEST)?;
    let document = shared.configuration.document();
    let action = body::runnable(find(&document, &id)?);
    let mut event = body.remove("payload").unwrap_or_default();
    if let Some(inner) = event.get_mut("event").filter(|inner| inner.is_object()) {
        event = inner.take();
    }
    let mut seed = [0; 32];
    shared.random.fill(&mut seed);
    let host = Host { now: shared.clock.now(), seed };
    let result = match shared.actions.run(&action, Entry::PostLogin, event, host).await {
        Ok(outcome) => {
            let mut result = serde_json::to_value(&outcome).unwrap_or_default();
            result["logs"] = printed(&outcome.console);
            result
        }
        Err(error) => {
            let place = error.cause.location();
            json!({
                "error": {
                    "message": error.cause.to_string(),
                    "line": place.map(|place| place.line),
                    "column": place.map(|place| place.column),
                },
                "logs": printed(&error.console),
            })
        }
    };
    Ok(Answer::ok(json!({ "payload": result })))
}

fn printed(console: &[ConsoleLine]) -> Value {
    console.iter().map(|line| Value::String(line.text.clone())).collect()
}
