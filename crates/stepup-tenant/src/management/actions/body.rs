//! What an Action may be made of.

use serde_json::{Map, Value, json};

use crate::{
    log::rfc3339,
    management::schema::{Kind, Member, NAME, Schema, optional, required},
    state::State,
};

const TRIGGER: Schema = Schema(&[
    required("id", Kind::OneOf(&["post-login"])),
    optional("version", Kind::OneOf(&["v1", "v2", "v3"])),
    optional("status", NAME),
    optional("runtimes", Kind::List(&NAME)),
    optional("default_runtime", NAME),
    optional("compatible_triggers", Kind::List(&Kind::Object)),
    optional("binding_policy", NAME),
]);

const DEPENDENCY: Schema = Schema(&[
    required("name", Kind::Text(1, 214)),
    optional("version", Kind::Text(1, 128)),
    optional("registry_url", Kind::Text(0, 2048)),
]);

/// A secret; one without a value keeps the value that it has.
const SECRET: Schema =
    Schema(&[required("name", Kind::Text(1, 128)), optional("value", Kind::Text(0, 4096))]);

/// The longest code of an Action, in characters.
pub(crate) const LONGEST_CODE: usize = 100_000;

const NAMED: Kind = Kind::Format("action-name", is_name);
const TRIGGERS: Kind = Kind::List(&Kind::Record(&TRIGGER));
const CODE: Kind = Kind::Text(0, LONGEST_CODE);
const DEPENDENCIES: Kind = Kind::List(&Kind::Record(&DEPENDENCY));
const RUNTIME: Kind = Kind::OneOf(&["node12", "node16", "node18", "node18-actions", "node22"]);
/// Secrets, with a change or with a binding.
pub(super) const SECRETS: Kind = Kind::List(&Kind::Record(&SECRET));

const OTHERS: [Member; 5] = [
    optional("code", CODE),
    optional("dependencies", DEPENDENCIES),
    optional("runtime", RUNTIME),
    optional("secrets", SECRETS),
    optional("modules", Kind::List(&Kind::Object)),
];

/// A new Action.
pub(super) const CREATE: Schema = {
    const MEMBERS: [Member; 8] = {
        let [code, dependencies, runtime, secrets, modules] = OTHERS;
        [
            required("name", NAMED),
            required("supported_triggers", TRIGGERS),
            optional("deploy", Kind::Boolean),
            code,
            dependencies,
            runtime,
            secrets,
            modules,
        ]
    };
    Schema(&MEMBERS)
};

/// A change of one.
pub(super) const UPDATE: Schema = {
    const MEMBERS: [Member; 7] = {
        let [code, dependencies, runtime, secrets, modules] = OTHERS;
        [
            optional("name", NAMED),
            optional("supported_triggers", TRIGGERS),
            code,
            dependencies,
            runtime,
            secrets,
            modules,
        ]
    };
    Schema(&MEMBERS)
};

/// Letters, digits, spaces and dashes; neither first nor last a space.
fn is_name(text: &str) -> bool {
    let fits = text.chars().all(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
    (1..=255).contains(&text.chars().count()) && fits && text.trim() == text
}

/// The secrets that were sent, each with its value, new or kept, and when that was given.
pub(super) fn secrets(state: &State, sent: &Value, held: Option<&Value>) -> Value {
    let now = rfc3339(state.clock.now());
    let held = held.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let settled = sent.as_array().into_iter().flatten().map(|secret| match secret.get("value") {
        Some(value) => json!({ "name": secret["name"], "value": value, "updated_at": now }),
        None => {
            let known = held.iter().find(|it| it["name"] == secret["name"]);
            known.cloned().unwrap_or_else(|| json!({ "name": secret["name"], "updated_at": now }))
        }
    });
    settled.collect()
}

/// The Action that the engine would run of a draft.
pub(super) fn runnable(draft: &Map<String, Value>) -> crate::actions::Action {
    let text = |name: &str| draft.get(name).and_then(Value::as_str).unwrap_or_default();
    let secrets =
        draft.get("secrets").and_then(Value::as_array).into_iter().flatten().filter_map(|secret| {
            Some((secret["name"].as_str()?.to_owned(), secret["value"].as_str()?.into()))
        });
    crate::actions::Action::new(text("name"), text("code")).with_secrets(secrets.collect::<Vec<_>>())
}
