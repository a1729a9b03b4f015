//! Bad usage is one line and exit code 2.

use crate::support::stepup;

#[test]
fn help_and_version_are_no_failure() {
    let help = stepup(&["--help"], "");
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for command in ["doctor", "messages", "push", "clock", "action", "inspect", "seal"] {
        assert!(help.stdout.contains(command), "{command}");
    }
    let version = stepup(&["--version"], "");
    assert_eq!(
        (version.code, version.stdout.as_str()),
        (0, concat!("stepup ", env!("CARGO_PKG_VERSION"), "\n"))
    );
}

#[test]
fn bad_usage_is_one_line() {
    assert!(stepup(&["nonsense"], "").failure(2).contains("unrecognized subcommand 'nonsense'"));
    assert!(
        stepup(&["clock", "advance", "5x"], "").failure(2).contains("write it like 90s, 5m, 1h30m or 2d")
    );
    assert!(
        stepup(&["messages", "--channel", "pigeon"], "")
            .failure(2)
            .contains("possible values: sms, voice, email, push")
    );
    assert!(stepup(&["seal", "--kind", "session"], "{}").failure(2).contains("--secret <S>"));
}

#[test]
fn a_tenant_that_is_not_named_or_not_there() {
    assert!(stepup(&["clock"], "").failure(2).contains("--ready-file F"));
    assert!(
        stepup(&["clock", "--ready-file", "/nonexistent/ready.json"], "")
            .failure(2)
            .contains("/nonexistent/ready.json")
    );
    let unreachable = ["clock", "--control-url", "http://127.0.0.1:1/_control", "--control-key", "k"];
    let failure = stepup(&unreachable, "");
    assert!(
        failure.failure(1).contains("no answer from the control API at http://127.0.0.1:1/_control"),
        "{failure:?}"
    );
}
