//! A configuration checked without a tenant.

use std::{fs, path::PathBuf};

use crate::support::{Ended, stepup};

/// A file of its own.
fn written(name: &str, text: &str) -> String {
    let path: PathBuf =
        [env!("CARGO_TARGET_TMPDIR"), &format!("{}-{name}", std::process::id())].iter().collect();
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn check(config: &str, users: Option<&str>) -> Ended {
    let users = users.map_or_else(Vec::new, |users| vec!["--users", users]);
    stepup(&[vec!["config", "check", config], users].concat(), "")
}

#[test]
fn what_can_be_used_is_said_with_what_is_not_honoured() {
    let config = written("good.yaml", "databases:\n  - name: Users\n    strategy: auth0\n");
    let good = check(&config, None);
    assert_eq!((good.code, good.stderr.as_str()), (0, ""));
    assert_eq!(good.stdout, format!("{config} can be used: everything in it is honoured\n"));

    let config = written(
        "partly.yaml",
        "databases:\n  - name: Users\n    strategy: auth0\ntenant:\n  picture_url: https://a.example/\n",
    );
    let users = written("partly.json", r#"[{ "email": "a@example.com", "family": "x" }]"#);
    let partly = check(&config, Some(&users));
    assert_eq!((partly.code, partly.stderr.as_str()), (0, ""));
    let lines: Vec<_> = partly.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("warning: ") && lines[0].contains("tenant.picture_url"), "{}", lines[0]);
    assert_eq!(lines[1], format!("warning: {users}: [0].family is not honoured"));
    assert_eq!(lines[2], format!("{config} can be used: 2 warnings"));
}

#[test]
fn what_cannot_be_used_is_shown_with_its_place() {
    let config = written("wrong.yaml", "clients:\n  - name: webapp\n    callbacks: nowhere\n");
    let place = "2 |   - name: webapp\n3 |     callbacks: nowhere\n  |                ^\n";
    // At the start of a tenant it is the same.
    for wrong in [check(&config, None), stepup(&["tenant", "--port", "0", "--config", &config], "")] {
        assert!(wrong.failure(2).contains("wrong.yaml:3:16: clients[0].callbacks: "), "{wrong:?}");
        assert!(wrong.stderr.starts_with(place), "{}", wrong.stderr);
    }
    let config = written("fine.yaml", "databases:\n  - name: Users\n    strategy: auth0\n");
    let users = written("wrong.json", "[\n  { \"email\": \"nobody\" }\n]\n");
    let place = "1 | [\n2 |   { \"email\": \"nobody\" }\n  |              ^\n";
    let start = ["tenant", "--port", "0", "--config", &config, "--users", &users];
    for wrong in [check(&config, Some(&users)), stepup(&start, "")] {
        assert!(
            wrong.failure(2).contains("wrong.json:2:14: [0].email: this is not an e-mail address"),
            "{wrong:?}"
        );
        assert!(wrong.stderr.starts_with(place), "{}", wrong.stderr);
    }
    written("broken.js", "exports.onExecutePostLogin = async () => {\n  let b = ;\n};\n");
    let name = format!("{}-broken.js", std::process::id());
    let config = written("action.yaml", &format!("actions: [{{ name: a, code: ./{name} }}]\n"));
    let broken = check(&config, None);
    assert!(broken.failure(2).contains("broken.js:2:11: actions[0].code: SyntaxError: "), "{broken:?}");
    let place = "1 | exports.onExecutePostLogin = async () => {\n2 |   let b = ;\n  |           ^\n";
    assert!(broken.stderr.starts_with(place), "{}", broken.stderr);
    assert!(check("/nonexistent.yaml", None).failure(2).contains("/nonexistent.yaml"));
}
