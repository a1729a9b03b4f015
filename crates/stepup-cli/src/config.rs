//! `stepup config check`: a configuration looked at without a tenant.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use stepup_tenant::config;

use crate::{failure::Failure, output};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say whether a tenant could start with a configuration, and what of it would not be honoured
    ///
    /// Exit code 2 where none could: the place is shown on standard error.
    Check(Check),
}

#[derive(Debug, Args)]
struct Check {
    /// Configuration as code: YAML of auth0-deploy-cli, a file or a folder
    file: PathBuf,
    /// Users, JSON as for Auth0's bulk import
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Command::Check(Check { file, users }) = &arguments.command;
    let warnings = config::check(file, users.as_deref()).map_err(|error| {
        show(error.excerpt());
        Failure::usage(&error)
    })?;
    for warning in &warnings {
        output::line(format_args!("warning: {warning}"));
    }
    let count = match warnings.len() {
        0 => "everything in it is honoured".to_owned(),
        1 => "1 warning".to_owned(),
        many => format!("{many} warnings"),
    };
    output::line(format_args!("{} can be used: {count}", file.display()));
    Ok(())
}

/// Shows the lines around what is wrong with a configuration.
pub(crate) fn show(excerpt: Option<&str>) {
    if let Some(excerpt) = excerpt {
        output::note(excerpt);
    }
}
