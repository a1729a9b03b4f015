//! `stepup demo`: the bank alone, against one's real tenant.

use std::env;

use clap::Args;
use stepup::Client;

use crate::{application::Place, failure::Failure, output, stop::Signals};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 3000, value_name = "N")]
    port: u16,
}

/// Serves the bank, configured by the SDK's own variables, until it is told to stop.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut signals = Signals::watch()?;
    let place = Place::take(arguments.port, "--port").await?;
    let mut builder = Client::builder().environment().mfa_pages(stepup_demo::pages());
    if env::var_os("APP_BASE_URL").is_none() {
        builder = builder.app_base_url(&place.url);
    }
    let client = builder.build().map_err(|error| Failure::usage(&error))?;
    output::line(format_args!("The bank is open at {}/, with log-in at {}", place.url, client.issuer()));
    place.serve(client, signals.stop()).await
}
