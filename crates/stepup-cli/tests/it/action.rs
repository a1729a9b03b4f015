//! `stepup action run`: what an Action decided, and where it fails.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::support::stepup;

const STEP_UP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/actions/step-up.js");

/// A file of a test's own.
fn file(name: &str, content: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn exchange(enrolled: &Value) -> String {
    json!({
        "request": { "body": { "grant_type": "refresh_token" } },
        "resource_server": { "identifier": "https://api.example.com" },
        "user": { "enrolledFactors": enrolled },
    })
    .to_string()
}

#[test]
fn the_example_decides_by_what_is_enrolled() {
    let event = file("enrolled.json", &exchange(&json!([{ "type": "otp" }])));
    let decided = stepup(&["action", "run", STEP_UP, "--event", &event], "").json();
    assert_eq!(
        decided["commands"],
        json!([{ "challenge": { "selection": "any", "factors": [{ "type": "otp" }] } }])
    );
    assert_eq!((&decided["denial"], &decided["multifactor"]), (&Value::Null, &Value::Null));
    assert!(decided["duration_ms"].as_f64().unwrap() > 0.0);

    let decided = stepup(&["action", "run", STEP_UP, "--event", "-"], &exchange(&json!([]))).json();
    let factors = json!([{ "type": "otp" }, { "type": "phone" }, { "type": "push-notification" }]);
    assert_eq!(decided["commands"], json!([{ "enroll": { "selection": "any", "factors": factors } }]));
}

/// The Action that EXAMPLES.md shows.
pub(crate) fn of_the_examples() -> String {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../EXAMPLES.md")).unwrap();
    let (_, rest) = text.split_once("```js action\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_action_of_the_examples_decides_as_they_say() {
    let action = file("examples.js", &of_the_examples());
    let run = |event: &str| stepup(&["action", "run", &action, "--event", "-"], event).json();

    let types = |decided: &Value, what: &str| -> Vec<String> {
        let factors = decided["commands"][0][what]["factors"].as_array().unwrap();
        factors.iter().map(|factor| factor["type"].as_str().unwrap().to_owned()).collect()
    };
    let challenged = run(&exchange(&json!([{ "type": "otp" }])));
    assert_eq!(
        types(&challenged, "challenge"),
        ["otp", "phone", "push-notification", "email", "recovery-code"]
    );
    assert_eq!(types(&run(&exchange(&json!([]))), "enroll"), ["otp", "phone", "push-notification"]);
    let log_in = json!({ "request": { "body": {} }, "user": { "enrolledFactors": [] } }).to_string();
    assert_eq!(run(&log_in)["commands"], json!([]), "a log-in is not guarded");
    let in_the_background =
        exchange(&json!([])).replace("https://api.example.com", "https://other.example.com");
    assert_eq!(run(&in_the_background)["commands"], json!([]), "nor is a refresh for something else");
}

#[test]
fn what_it_prints_goes_to_standard_error() {
    let code = "exports.onContinuePostLogin = async (event, api) => {
        console.log('at', new Date().toISOString(), event.secrets.KEY); api.access.deny('closed') }";
    let action = file("printing.js", code);
    let ended = stepup(
        &[
            "action",
            "run",
            &action,
            "--event",
            "-",
            "--continue",
            "--secret",
            "KEY=a=b",
            "--now",
            "2026-01-01T00:00:00Z",
        ],
        "{}",
    );
    assert_eq!((ended.code, ended.stderr.as_str()), (0, "at 2026-01-01T00:00:00.000Z a=b\n"));
    let decided: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(decided["denial"], json!({ "reason": "closed" }));
    assert_eq!(decided.get("console"), None);
}

#[test]
fn secrets_come_from_the_event_and_from_the_command_line() {
    let code = "exports.onExecutePostLogin = (event, api) => api.access.deny(JSON.stringify(event.secrets))";
    let action = file("secrets.js", code);
    let run = |event: &str| stepup(&["action", "run", &action, "--event", "-", "--secret", "B=two"], event);
    let decided = run(r#"{ "secrets": { "A": "1", "B": "2" } }"#).json();
    assert_eq!(decided["denial"]["reason"], r#"{"A":"1","B":"two"}"#);
    let wrong = run(r#"{ "secrets": { "A": 1 } }"#);
    assert_eq!(wrong.failure(2), "-: secrets.A must be a text");
}

#[test]
fn a_failure_names_the_place() {
    let action =
        file("throwing.js", "exports.onExecutePostLogin = async (event) => {\n  event.user.name.length;\n};");
    let ended = stepup(&["action", "run", &action, "--event", "-"], "{}");
    let told = format!(
        "2 |   event.user.name.length;\n  |   ^\nstepup: {action}:2:3: TypeError: cannot read property 'name' of undefined\n"
    );
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr), (1, "", told));
    let action = file("broken.js", "\nconst = 1;");
    let ended = stepup(&["action", "run", &action, "--event", "-"], "{}");
    assert_eq!(ended.code, 1);
    let said = format!("2 | const = 1;\n  |       ^\nstepup: {action}:2:7: SyntaxError: ");
    assert!(ended.stderr.starts_with(&said), "{ended:?}");
    let action = file("empty.js", "");
    let ended = stepup(&["action", "run", &action, "--event", "-"], "{}");
    assert!(ended.failure(1).starts_with(&format!("{action}: it exports no function")), "{ended:?}");
}

#[test]
fn a_mark_of_the_encoding_is_no_part_of_the_event() {
    let event = format!("\u{feff}{}", exchange(&json!([])));
    let decided = stepup(&["action", "run", STEP_UP, "--event", "-"], &event).json();
    assert_eq!(decided["commands"].as_array().unwrap().len(), 1);
}

#[test]
fn bad_input_is_named() {
    let missing = stepup(&["action", "run", "/nonexistent/a.js", "--event", "-"], "{}");
    assert!(missing.failure(2).starts_with("cannot read /nonexistent/a.js: "));
    assert!(
        stepup(&["action", "run", STEP_UP, "--event", "-"], "[]")
            .failure(2)
            .contains("-: the event must be a JSON object")
    );
    assert!(stepup(&["action", "run", STEP_UP], "").failure(2).contains("--event <FILE>"));
    let secret = stepup(&["action", "run", STEP_UP, "--event", "-", "--secret", "KEY"], "{}");
    assert!(secret.failure(2).contains("a secret is given as NAME=VALUE"));
}
