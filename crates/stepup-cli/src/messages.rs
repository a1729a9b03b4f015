//! `stepup messages`: what the tenant has sent.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::{
    control::{Control, ControlArguments},
    failure::Failure,
    output,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    control: ControlArguments,
    /// Only what was sent to this address or number
    #[arg(long)]
    to: Option<String>,
    /// Only what was sent this way
    #[arg(long)]
    channel: Option<Channel>,
    /// Wait as long as this for the next message
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Channel {
    Sms,
    Voice,
    Email,
    Push,
}

impl Channel {
    const fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Email => "email",
            Self::Push => "push",
        }
    }
}

/// Prints one JSON object a message. Waiting in vain is a failure.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let control = Control::find(&arguments.control)?;
    let wait = arguments.wait.map(|seconds| seconds.to_string());
    let query: Vec<(&str, &str)> = [
        ("to", arguments.to.as_deref()),
        ("channel", arguments.channel.map(Channel::name)),
        ("wait", wait.as_deref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    let patience = Duration::from_secs(arguments.wait.unwrap_or(0));
    let messages: Vec<Value> = control.get("messages", &query, patience).await?;
    if let (Some(seconds), true) = (arguments.wait, messages.is_empty()) {
        return Err(Failure::Other(format!("nothing was sent within {seconds} s")));
    }
    messages.iter().for_each(output::line);
    Ok(())
}
