//! Bad usage is one line and exit code 2.

use crate::support::{command, stepup};

#[test]
fn help_and_version_are_no_failure() {
    let help = stepup(&["--help"], "");
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for command in ["doctor", "messages", "push", "clock", "action", "inspect", "seal"] {
        assert!(help.stdout.contains(command), "{command}");
    }
    let clock = stepup(&["clock", "--help"], "");
    assert!(clock.stdout.contains("the next start goes with the machine's clock again"), "{}", clock.stdout);
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

#[test]
fn help_is_pointed_to_where_it_is() {
    for (arguments, command) in [
        (&["nonsense"][..], "stepup"),
        (&["clock", "advance", "5x"], "stepup clock advance"),
        (&["tenant", "--prot", "1"], "stepup tenant"),
        (&["config", "check"], "stepup config check"),
    ] {
        let ended = stepup(arguments, "");
        let failure = ended.failure(2);
        assert!(failure.ends_with(&format!(" · see `{command} --help`")), "{failure}");
    }
    let ended = stepup(&["--config", "tenant.yaml"], "");
    let failure = ended.failure(2);
    assert!(failure.contains("unexpected argument '--config' found"), "{failure}");
    assert!(!failure.contains("-- --config"), "{failure}");
}

#[test]
fn an_issuer_is_an_address() {
    for issuer in ["foo", "tenant.example.com:4400", "ftp://tenant.example.com/"] {
        let ended = stepup(&["tenant", "--issuer", issuer], "");
        let failure = ended.failure(2);
        assert!(failure.contains(issuer) && failure.contains("write it as https://HOST/"), "{failure}");
    }
}

#[test]
fn a_variable_says_what_its_option_takes_or_nothing() {
    let ended = |name: &str, value: &str| {
        let output = command(&["tenant", "--host", "tenant.example"]).env(name, value).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for name in ["STEPUP_TENANT_TLS", "STEPUP_TENANT_CONTROL"] {
        let (code, said) = ended(name, "maybe");
        assert_eq!(code, Some(2));
        assert!(said.contains("invalid value 'maybe'") && said.contains("write `true` or `false`"), "{said}");
    }
    for name in ["STEPUP_TENANT_CONFIG", "STEPUP_TENANT_PORT", "STEPUP_TENANT_TLS", "STEPUP_APP_PORT"] {
        let (_, said) = ended(name, "");
        assert!(said.contains("tenant.example"), "{name} counts as not set: {said}");
    }
}
