//! `stepup action run`: one Action, offline.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use secrecy::SecretString;
use serde_json::{Map, Value};
use stepup::{Clock, SystemClock, SystemRandom};
use stepup_protocol::time::UnixTime;
use stepup_seal::Random;
use stepup_tenant::actions::{Action, ActionError, Cause, ConsoleLine, Engine, Entry, Host, Limits};

use crate::{failure::Failure, output};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a post-login Action offline and print what it decided, as one JSON object
    ///
    /// What the Action prints goes to standard error. Exit code 1 where it fails; one that denies the login has not failed.
    Run(Run),
}

#[derive(Debug, Args)]
struct Run {
    /// The Action's code, a CommonJS module
    file: PathBuf,
    /// The `event` that it gets, a JSON object; - reads standard input
    #[arg(long, value_name = "FILE")]
    event: PathBuf,
    /// One of `event.secrets`, beside those of the event or in place of the one with its name
    #[arg(long = "secret", value_name = "NAME=VALUE", value_parser = secret)]
    secrets: Vec<(String, SecretString)>,
    /// What the time is for the Action, as 2026-01-01T00:00:00Z; default: now
    #[arg(long, value_name = "TIME")]
    now: Option<jiff::Timestamp>,
    /// Run `onContinuePostLogin` instead of `onExecutePostLogin`
    #[arg(long = "continue")]
    resume: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Command::Run(run) = arguments.command;
    let file = run.file.display().to_string();
    let code = read(&run.file)?;
    let event = event(&run.event)?;
    let secrets = secrets_of(&event, &run.event)?.into_iter().chain(run.secrets);
    let mut seed = [0; 32];
    SystemRandom.fill(&mut seed);
    let now = run.now.map_or_else(|| SystemClock.now(), |now| UnixTime::from_seconds(now.as_second()));
    let entry = if run.resume { Entry::ContinuePostLogin } else { Entry::PostLogin };

    let action = Action::new(file.as_str(), code).with_secrets(secrets);
    match Engine::new(Limits::default()).run(&action, entry, event, Host { now, seed }).await {
        Ok(outcome) => {
            print(&outcome.console);
            output::line(outcome.decided());
            Ok(())
        }
        Err(error) => {
            print(&error.console);
            excerpt(&error);
            Err(Failure::Other(told(&file, &error)))
        }
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    text.map_err(|error| Failure::Usage(format!("cannot read {}: {error}", file.display())))
}

fn event(file: &Path) -> Result<Value, Failure> {
    let text = read(file)?;
    // Some editors begin a file with a mark of its encoding (RFC 8259 section 8.1).
    let text = text.trim_start_matches('\u{feff}');
    let event: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        Failure::Usage(format!("{}: the event must be a JSON object: {error}", file.display()))
    })?;
    Ok(Value::Object(event))
}

/// `secrets` of the event itself.
fn secrets_of(event: &Value, file: &Path) -> Result<Vec<(String, SecretString)>, Failure> {
    let text = |(name, value): (&String, &Value)| match value.as_str() {
        Some(value) => Ok((name.clone(), value.into())),
        None => Err(Failure::Usage(format!("{}: secrets.{name} must be a text", file.display()))),
    };
    event.get("secrets").and_then(Value::as_object).into_iter().flatten().map(text).collect()
}

fn secret(argument: &str) -> Result<(String, SecretString), String> {
    let (name, value) = argument.split_once('=').ok_or("a secret is given as NAME=VALUE")?;
    Ok((name.to_owned(), value.into()))
}

fn print(console: &[ConsoleLine]) {
    console.iter().for_each(|line| output::note(&line.text));
}

/// Shows the line of code where it failed, with a mark under the place.
fn excerpt(error: &ActionError) {
    if let (Some(at), Some(line)) = (error.cause.location(), &error.line) {
        let number = at.line.to_string();
        let before = line.chars().take(usize::try_from(at.column).unwrap_or(usize::MAX).saturating_sub(1));
        // a tab stays one, so that the mark is under its place however wide tabs are
        let indent: String = before.map(|character| if character == '\t' { '\t' } else { ' ' }).collect();
        output::note(format!("{number} | {line}"));
        output::note(format!("{} | {indent}^", " ".repeat(number.len())));
    }
}

/// Where it failed, in the way compilers say it, and why.
fn told(file: &str, error: &ActionError) -> String {
    match (&error.cause, error.cause.location()) {
        (Cause::Threw(thrown) | Cause::Syntax(thrown), Some(at)) => {
            format!("{file}:{at}: {}", thrown.message)
        }
        (Cause::StackOverflow(_), Some(at)) => format!("{file}:{at}: its calls are nested too deeply"),
        (cause, _) => format!("{file}: {cause}"),
    }
}
