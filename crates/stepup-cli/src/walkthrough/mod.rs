//! `stepup walkthrough`: the whole step-up flow over real HTTP, without a browser.

mod browser;
mod factors;
mod walk;

use std::{
    future::Future,
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::json;
use stepup::SystemRandom;
use stepup_tenant::{Tenant, model::Channel};
use tokio::sync::oneshot;

use crate::{
    application::{self, Place},
    failure::Failure,
    output,
};
use walk::Walk;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Print one JSON object a step
    #[arg(long)]
    json: bool,
}

/// Runs every step; the first that does not do what it should ends the walk.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let tenant = Tenant::builder().start().await.map_err(|error| Failure::other(&error))?;
    let place = Place::take(0, "--port").await?;
    let client = application::client_of(&tenant, &place, stepup_seal::token(&SystemRandom, 32))?;
    let bank = place.url.clone();
    let (close, closing) = oneshot::channel::<()>();
    let serving = tokio::spawn(place.serve(client, async {
        // an error is the sender gone, which means the same
        let _ = closing.await;
    }));

    let mut reporter = Reporter { json: arguments.json };
    let outcome = walk(&mut reporter, &tenant, &bank).await;
    drop(close);
    tenant.shutdown().await;
    serving.await.map_err(|error| Failure::other(&error))??;
    outcome
}

async fn walk(report: &mut Reporter, tenant: &Tenant, bank: &str) -> Result<(), Failure> {
    let mut walk = Walk::new(tenant, bank)?;
    report.step("log in", walk.log_in()).await?;
    report.step("call for a token: a second factor is due", walk.second_factor_is_due()).await?;
    report.step("enrol an authenticator app", walk.enrol_app()).await?;
    report.step("verify its code", walk.verify_code()).await?;
    report.step("get the token", walk.token()).await?;

    report.step("log in from another browser", walk.log_in_afresh()).await?;
    report.step("call for a token: a second factor is due again", walk.second_factor_is_due()).await?;
    report.step("challenge the authenticator app", walk.challenge_app()).await?;
    report.step("refuse the code that was used already", walk.used_code_is_refused()).await?;
    report.step("verify its next code", walk.verify_next_code()).await?;
    report.step("get the token after the challenge", walk.token()).await?;

    report.step("enrol a phone number in the account", walk.enrol_number()).await?;
    report.step("enrol a phone with the Guardian app", walk.enrol_push()).await?;
    for (channel, by) in [(Channel::Email, "e-mail"), (Channel::Sms, "text message")] {
        report.step(&format!("log in, for {by}"), walk.log_in_afresh()).await?;
        report.step(&format!("call for a token, for {by}"), walk.second_factor_is_due()).await?;
        report.step(&format!("challenge by {by}"), walk.challenge(channel)).await?;
        report.step(&format!("verify the code of the {by}"), walk.verify_sent(channel)).await?;
        report.step(&format!("get the token after the {by}"), walk.token()).await?;
    }

    report.step("log in, for push", walk.log_in_afresh()).await?;
    report.step("call for a token, for push", walk.second_factor_is_due()).await?;
    report.step("challenge by push", walk.challenge(Channel::Push)).await?;
    report.step("ask before the phone has answered", walk.push_is_pending()).await?;
    report.step("approve on the phone", walk.approve_push()).await?;
    report.step("get the token after the push", walk.token()).await?;

    report.step("log in without the app", walk.log_in_afresh()).await?;
    report.step("call for a token: a second factor is due once more", walk.second_factor_is_due()).await?;
    report.step("use the recovery code", walk.use_recovery_code()).await?;
    report.step("get the token after the recovery", walk.token()).await?;
    report.step("refuse the recovery code that was used", walk.used_recovery_code_is_refused()).await
}

/// Says how each step went.
struct Reporter {
    json: bool,
}

impl Reporter {
    #[expect(clippy::disallowed_methods, reason = "measures how long a step took")]
    async fn step(
        &mut self,
        name: &str,
        step: impl Future<Output = Result<String, Failure>>,
    ) -> Result<(), Failure> {
        let begun = Instant::now();
        let outcome = step.await;
        self.tell(name, &outcome, begun.elapsed());
        match outcome {
            Ok(_) => Ok(()),
            Err(failure) => Err(Failure::Other(format!("{name}: {failure}"))),
        }
    }

    fn tell(&self, name: &str, outcome: &Result<String, Failure>, took: Duration) {
        let (ok, detail) = match outcome {
            Ok(detail) => (true, detail.clone()),
            Err(failure) => (false, failure.to_string()),
        };
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if self.json {
            let (name, detail) = (json!(name), json!(detail));
            output::line(format_args!(r#"{{"step":{name},"ok":{ok},"ms":{ms},"detail":{detail}}}"#));
        } else {
            let mark = if ok { "ok  " } else { "FAIL" };
            output::line(format_args!("{mark} {name} ({ms} ms): {detail}"));
        }
    }
}
