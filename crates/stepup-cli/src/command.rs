//! What may be typed.

use std::{env, ffi::OsString};

use clap::{Arg, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, error::ErrorKind};

use crate::{
    action, clock, config, demo, dev, doctor, failure::Failure, inspect, messages, output, push, seal,
    tenant, walkthrough,
};

/// Step-up authentication on your own machine: a local tenant, a demo application, and debugging aids.
#[derive(Debug, Parser)]
#[command(name = "stepup", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Without a command, `stepup` does `dev`.")]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
}

/// A command and its options.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a local tenant and the demo application against it, in memory
    Dev(Box<dev::Arguments>),
    /// Run the demo application alone, configured by `AUTH0_DOMAIN`, `AUTH0_CLIENT_ID`, `AUTH0_CLIENT_SECRET`, `AUTH0_SECRET`
    Demo(demo::Arguments),
    /// Run the whole step-up flow once, without a browser
    Walkthrough(walkthrough::Arguments),
    /// Look at a live configuration and say what to change where
    Doctor(doctor::Arguments),
    /// Run the tenant alone, for any SDK
    Tenant(Box<tenant::Arguments>),
    /// Print what the running tenant has sent, one JSON object a line, newest first
    Messages(messages::Arguments),
    /// See and answer what a user's phone is asked, and enrol a virtual one
    Push(push::Arguments),
    /// Print the running tenant's clock, or move it
    ///
    /// A clock that was moved is so until the tenant ends: the next start goes with the machine's clock again, on a
    /// database in a file too.
    Clock(clock::Arguments),
    /// Check a configuration without a tenant
    Config(config::Arguments),
    /// Run post-login Actions without a tenant
    Action(action::Arguments),
    /// Say what a sealed value or a token is, and what is in it
    Inspect(inspect::Arguments),
    /// Seal the JSON on standard input
    Seal(seal::Arguments),
}

/// Reads the command line. Help and version are printed here and end the program.
pub(crate) fn parse() -> Result<Command, Failure> {
    let arguments: Vec<OsString> = env::args_os().collect();
    let known = without_empty_variables(CommandLine::command());
    let parsed =
        known.clone().try_get_matches_from(&arguments).and_then(
            |matches| match CommandLine::from_arg_matches(&matches)?.command {
                Some(command) => Ok(command),
                None => default_command(),
            },
        );
    match parsed {
        Ok(command) => Ok(command),
        Err(asked) if matches!(asked.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            output::line(asked.to_string().trim_end());
            std::process::exit(0)
        }
        Err(refused) => Err(Failure::Usage(told(&refused, &known, &arguments))),
    }
}

/// `dev`, with what the environment says.
fn default_command() -> Result<Command, clap::Error> {
    #[derive(Parser)]
    #[command(name = "stepup")]
    struct Alone {
        #[command(flatten)]
        dev: dev::Arguments,
    }

    let matches = without_empty_variables(Alone::command()).try_get_matches_from(["stepup"])?;
    Alone::from_arg_matches(&matches).map(|alone| Command::Dev(Box::new(alone.dev)))
}

/// A variable that is set to nothing counts as not set.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |arg: &Arg| arg.get_env().and_then(env::var_os).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| if is_empty(&arg) { arg.env(None::<&'static str>) } else { arg })
        .mut_subcommands(without_empty_variables)
}

/// What is wrong with the arguments, and where help is.
fn told(refused: &clap::Error, known: &clap::Command, arguments: &[OsString]) -> String {
    let text = refused.to_string();
    let usage = text.find("\n\nUsage:").or_else(|| text.find("\n\nFor more information"));
    let problem = text[..usage.unwrap_or(text.len())].trim_start_matches("error: ");
    // No command takes a value that looks like an option.
    let lines: Vec<_> = problem.lines().filter(|line| !line.contains("as a value, use '-- ")).collect();
    format!("{}\nsee `{} --help`", lines.join("\n"), called(known, arguments))
}

/// The command that `arguments` call: `stepup config check`.
fn called(known: &clap::Command, arguments: &[OsString]) -> String {
    let (mut command, mut name) = (known, known.get_name().to_owned());
    for word in arguments.iter().skip(1) {
        if let Some(found) = command.find_subcommand(word) {
            command = found;
            name = format!("{name} {}", found.get_name());
        }
    }
    name
}

impl Command {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Dev(arguments) => dev::run(&arguments).await,
            Self::Demo(arguments) => demo::run(&arguments).await,
            Self::Walkthrough(arguments) => walkthrough::run(&arguments).await,
            Self::Doctor(arguments) => doctor::run(&arguments).await,
            Self::Tenant(arguments) => tenant::run(&arguments).await,
            Self::Messages(arguments) => messages::run(&arguments).await,
            Self::Push(arguments) => push::run(&arguments).await,
            Self::Clock(arguments) => clock::run(&arguments).await,
            Self::Config(arguments) => config::run(&arguments),
            Self::Action(arguments) => action::run(arguments).await,
            Self::Inspect(arguments) => inspect::run(&arguments),
            Self::Seal(arguments) => seal::run(&arguments),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
