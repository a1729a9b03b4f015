//! `stepup dev`: a tenant and the demo application, side by side.

use std::pin::pin;

use clap::Args;
use stepup::SystemRandom;

use crate::{
    application::{self, Place},
    failure::Failure,
    output,
    stop::Signals,
    tenant,
};

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(flatten)]
    tenant: tenant::Arguments,
    /// Port of the demo application; 0 takes a free one
    #[arg(long, env = "STEPUP_APP_PORT", default_value_t = 3000, value_name = "N")]
    app_port: u16,
}

/// Runs both until they are told to stop.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut signals = Signals::watch()?;
    let place = Place::take(arguments.app_port, "--app-port").await?;
    let tenant = arguments.tenant.start().await?;
    let secret = stepup_seal::token(&SystemRandom, 32);
    let client = application::client_of(&tenant, &place, secret)?;
    welcome(&place.url, tenant.issuer(), arguments.tenant.has_ada());

    let mut stopped = pin!(tenant.stopped());
    let served = place.serve(client, async {
        tokio::select! {
            () = &mut stopped => {}
            () = signals.stop() => {}
        }
    });
    let served = served.await;
    tokio::join!(tenant.shutdown(), stopped);
    served
}

fn welcome(bank: &str, tenant: &str, ada: bool) {
    let (email, password) = if ada {
        ("ada@example.com", "correct horse battery staple")
    } else {
        ("one of your users", "theirs")
    };
    output::line(format_args!(
        "\
A bank and its login are running on this machine.

  Bank       {bank}/
  Tenant     {tenant}
  Dashboard  {tenant}dashboard
  E-mail     {email}
  Password   {password}

  1. Open the bank and log in.
  2. Transfer some money: now a second factor is asked for. Scan the code with an authenticator app, or copy its secret.
  3. Type what the app shows, and the money is on its way. The next time the app's code alone will do.

Ctrl-C stops both."
    ));
}
