//! `stepup clock`: the tenant's time.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use crate::{
    control::{Control, ControlArguments},
    duration,
    failure::Failure,
    output,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    control: ControlArguments,
    #[command(subcommand)]
    change: Option<Change>,
}

#[derive(Debug, Subcommand)]
enum Change {
    /// Move the clock on
    Advance {
        /// How far: 90s, 5m, 1h30m, 2d
        #[arg(value_parser = duration::parse)]
        by: Duration,
    },
    /// Set the clock
    Set {
        /// When: 2026-01-01T00:00:00Z
        to: jiff::Timestamp,
    },
    /// Let the clock go with the machine's again
    Reset,
}

#[derive(Deserialize)]
struct Time {
    now: String,
}

/// Prints the tenant's time, after moving it where that was asked for.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let control = Control::find(&arguments.control)?;
    let time: Time = match &arguments.change {
        None => control.get("clock", &[], Duration::ZERO).await?,
        Some(Change::Advance { by }) => {
            control.post("clock", &json!({ "advance_seconds": by.as_secs() })).await?
        }
        Some(Change::Set { to }) => control.post("clock", &json!({ "set": to.to_string() })).await?,
        Some(Change::Reset) => control.post("clock", &json!({ "reset": true })).await?,
    };
    output::line(time.now);
    Ok(())
}
