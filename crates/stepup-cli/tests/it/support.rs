//! Runs `stepup`.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::Value;

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub(crate) const OTHER_SECRET: &str = "a-plain-passphrase-of-32-or-more-chars";

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The one JSON object that was printed.
    pub(crate) fn json(&self) -> Value {
        assert_eq!((self.code, self.stderr.as_str(), self.stdout.lines().count()), (0, "", 1), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// The one line that says why it failed; nothing comes before it but the place in a file.
    pub(crate) fn failure(&self, code: i32) -> &str {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:?}");
        let mut lines = self.stderr.lines().rev();
        let why = lines.next().and_then(|line| line.strip_prefix("stepup: "));
        assert!(lines.all(|line| line.contains(" | ")), "{self:?}");
        assert!(why.is_some(), "{self:?}");
        why.unwrap()
    }
}

/// The binary with nothing of the environment that it reads.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stepup"));
    for (name, _) in std::env::vars_os() {
        let named = name.to_string_lossy();
        let is_read = ["STEPUP_", "AUTH0_", "APP_", "RUST_LOG"].iter().any(|read| named.starts_with(read));
        if is_read || named.to_ascii_uppercase().ends_with("_PROXY") {
            command.env_remove(&name);
        }
    }
    command.args(arguments);
    command
}

/// Runs the binary to its end.
pub(crate) fn stepup(arguments: &[&str], stdin: &str) -> Ended {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // a program that does not read its input may be gone already
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The `cases` of a file of values that the official packages made.
pub(crate) fn cases(name: &str) -> Vec<Value> {
    let path = format!("{}/../stepup-seal/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["cases"].as_array().unwrap().clone()
}
