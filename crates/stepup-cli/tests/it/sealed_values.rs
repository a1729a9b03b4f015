//! `inspect` and `seal`, in all three forms and both directions.

use serde_json::{Value, json};

use crate::support::{OTHER_SECRET, SECRET, cases, stepup};

const FORMS: [&str; 3] = ["stepup", "nextjs-auth0", "auth0-server-python"];

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

fn seal(kind: &str, form: &str, payload: &Value, more: &[&str]) -> String {
    let arguments = [&["seal", "--kind", kind, "--format", form, "--secret", SECRET], more].concat();
    let ended = stepup(&arguments, &payload.to_string());
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:?}");
    ended.stdout
}

#[test]
fn what_is_sealed_is_inspected() {
    let payloads = [
        ("session", json!({"user": {"sub": "ada"}, "internal": {"sid": "s", "createdAt": 1}})),
        ("transaction", json!({"state": "the-state", "codeVerifier": "v", "returnTo": "/"})),
        ("mfa-token", json!({"mfaToken": "raw", "createdAt": 1, "mfa_token": "raw", "created_at": 1})),
    ];
    for form in FORMS {
        for (kind, payload) in &payloads {
            let value = seal(kind, form, payload, &[]);
            let secrets = ["--secret", OTHER_SECRET, "--secret", SECRET];
            let state = ["--state", "the-state"];
            let found =
                stepup(&[&["inspect"][..], &secrets, &state, &[value.trim_end()]].concat(), "").json();
            assert_eq!(
                (&found["kind"], &found["format"], &found["payload"]),
                (&json!(kind), &json!(form), payload)
            );
            assert_eq!(found["expires_at"].is_i64(), form != "auth0-server-python", "{found}");
        }
    }
}

#[test]
fn a_large_session_is_a_line_a_chunk() {
    let payload = json!({"user": {"sub": "ada", "filler": "f".repeat(9000)}, "internal": {"sid": "s"}});
    for (form, first, last) in [
        ("stepup", "__session__0=", "__session__3="),
        ("nextjs-auth0", "__session__0=", "__session__3="),
        ("auth0-server-python", "_a0_session_0=", "_a0_session_2="),
    ] {
        let lines = seal("session", form, &payload, &[]);
        assert!(lines.starts_with(first) && lines.lines().last().unwrap().starts_with(last), "{form}");
        let backwards: Vec<_> = lines.lines().rev().collect();
        let found = stepup(&["inspect", "--secret", SECRET, "-"], &backwards.join("\n")).json();
        assert_eq!((&found["kind"], &found["payload"]), (&json!("session"), &payload));
    }
}

#[test]
fn an_mfa_token_says_when_it_was_made() {
    for (form, name) in [("nextjs-auth0", "createdAt"), ("auth0-server-python", "created_at")] {
        let value = seal("mfa-token", form, &json!({"mfaToken": "raw", "mfa_token": "raw"}), &[]);
        assert!(
            stepup(&["inspect", "--secret", SECRET, value.trim_end()], "").json()["payload"][name].is_i64()
        );
    }
}

#[test]
fn values_of_the_official_packages_are_inspected() {
    let inspect = |secret: &Value, value: &Value, at: &Value| {
        let at = at.to_string();
        stepup(&["inspect", "--secret", secret.as_str().unwrap(), "--at", &at, value.as_str().unwrap()], "")
            .json()
    };
    for case in cases("nextjs-mfa-token")
        .iter()
        .filter(|case| case["name"].as_str().unwrap().starts_with("default ttl"))
    {
        let found = inspect(&case["secret"], &case["token"], &case["now"]);
        let context = &case["checks"][0]["context"];
        assert_eq!(
            found,
            json!({"kind": "mfa-token", "format": "nextjs-auth0", "payload": without(context.clone(), "exp"), "expires_at": context["exp"]})
        );
    }
    for case in cases("python-mfa-token").iter().filter(|case| case["plaintext"].is_object()) {
        let found = inspect(&case["secret"], &case["token"], &case["now"]);
        assert_eq!(
            found,
            json!({"kind": "mfa-token", "format": "auth0-server-python", "payload": case["plaintext"], "expires_at": null})
        );
    }
    let session = &cases("nextjs-session")[0];
    let found = inspect(&session["secret"], &session["cookie_header"], &session["now"]);
    assert_eq!((&found["kind"], &found["payload"]), (&json!("session"), &session["session"]));

    let chunked = &cases("nextjs-session")[5];
    let found = inspect(&chunked["secret"], &chunked["cookie_header"], &chunked["now"]);
    assert_eq!((&found["kind"], &found["payload"]), (&json!("session"), &chunked["session"]));

    let transaction = &cases("nextjs-transaction")[0];
    for value in ["cookie_value", "cookie_header"] {
        let found = inspect(&transaction["secret"], &transaction[value], &transaction["now"]);
        assert_eq!(
            (&found["kind"], &found["expires_at"]),
            (&json!("transaction"), &transaction["payload"]["exp"])
        );
    }
    let id = &cases("nextjs-stateful")[0];
    assert_eq!(inspect(&id["secret"], &id["cookie_header"], &id["now"])["kind"], "session-id");
    let legacy = &cases("nextjs-legacy-v3")[0];
    let found = inspect(&legacy["secret"], &legacy["cookie_header"], &legacy["now"]);
    assert_eq!((&found["kind"], &found["payload"]), (&json!("session"), &legacy["session_v3"]));
}

#[test]
fn what_does_not_open_says_why_in_one_line() {
    let value = seal("mfa-token", "nextjs-auth0", &json!({"mfaToken": "raw"}), &["--ttl", "60"]);
    let value = value.trim_end();
    let inspect = |more: &[&str]| stepup(&[&["inspect"], more].concat(), "");
    assert!(inspect(&["--secret", SECRET, "--at", "9999999999", value]).failure(1).contains("has expired"));
    assert!(inspect(&["--secret", OTHER_SECRET, value]).failure(1).contains("sealed with another secret"));
    let tampered = format!("{}A", &value[..value.len() - 1]);
    let tampered = if tampered == value { format!("{}Q", &value[..value.len() - 1]) } else { tampered };
    assert!(inspect(&["--secret", SECRET, &tampered]).failure(1).contains("tampered with"));
    assert!(inspect(&["--secret", SECRET, "nothing"]).failure(1).contains("neither sealed"));
    assert!(inspect(&["--secret", SECRET, "a..c.d.e"]).failure(1).contains("protected header"));
    assert!(inspect(&[value]).failure(2).contains("--secret"));
    assert!(inspect(&["--secret", "short", value]).failure(2).contains("has 5 bytes and needs at least 32"));
    assert!(
        stepup(&["seal", "--kind", "session", "--secret", SECRET], "[1]").failure(2).contains("JSON object")
    );
}

#[test]
fn a_jwt_is_read() {
    let token = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjE3NjcyMjU2MDB9.AAAA";
    let found = stepup(&["inspect", "--at", "2025-12-31T23:59:59Z", token], "").json();
    assert_eq!(
        found,
        json!({"kind": "jwt", "format": "jws", "payload": {"sub": "ada", "exp": 1_767_225_600}, "expires_at": 1_767_225_600})
    );
    assert!(stepup(&["inspect", token], "").failure(1).contains("expired at 2026-01-01T00:00:00Z"));
    assert!(stepup(&["inspect", "e30.e30."], "").failure(1).contains("`alg`"));
}
