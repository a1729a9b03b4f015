//! `stepup walkthrough`: the whole flow, and a step is a line.

use serde_json::Value;

use crate::support::stepup;

#[test]
fn every_step_does_what_it_should() {
    let ended = stepup(&["walkthrough", "--json"], "");
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
    let steps: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(steps.iter().all(|step| step["ok"] == true && step["ms"].is_u64()), "{steps:?}");
    let names: Vec<&str> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    for wanted in [
        "log in",
        "enrol an authenticator app",
        "get the token",
        "challenge the authenticator app",
        "refuse the code that was used already",
        "get the token after the challenge",
        "enrol a phone number in the account",
        "enrol a phone with the Guardian app",
        "challenge by e-mail",
        "get the token after the e-mail",
        "challenge by text message",
        "get the token after the text message",
        "challenge by push",
        "ask before the phone has answered",
        "approve on the phone",
        "get the token after the push",
        "use the recovery code",
        "get the token after the recovery",
        "refuse the recovery code that was used",
    ] {
        assert!(names.contains(&wanted), "{names:?}");
    }
}

#[test]
fn people_get_a_line_a_step() {
    let ended = stepup(&["walkthrough"], "");
    assert_eq!((ended.code, ended.stdout.lines().count()), (0, 34), "{ended:?}");
    assert!(
        ended.stdout.lines().all(|line| line.starts_with("ok   ") && line.contains(" ms): ")),
        "{}",
        ended.stdout
    );
}
