//! A user's second factor as a client asks for it: password, challenge, verify.

use std::{
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use serde_json::Value;
use stepup_protocol::token::GrantType;
use stepup_tenant::{
    model::Channel,
    store::{Events as _, SqliteStore},
};
use totp_rs::{Builder, Secret};

use super::file::{self, APP, File};
use crate::{
    connection::{Connection, form},
    stopwatch::Stopwatch,
    tenant::Tenant,
};

pub(super) const CLIENT: [(&str, &str); 2] =
    [("client_id", "stepup-bench"), ("client_secret", "the-secret-of-stepup-bench")];
const SCOPE: &str = "openid profile email";

/// Milliseconds that a flow's two exchanges took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) challenge: f64,
    pub(super) verify: f64,
}

/// A client of a tenant, one request at a time.
pub(super) struct Client {
    connection: Connection,
    host: String,
    /// The tenant's process.
    pid: u32,
    /// The inbox from beside the tenant: reading it takes nothing of the tenant's time.
    inbox: SqliteStore,
}

impl Client {
    pub(super) fn new(tenant: &Tenant, file: &File) -> anyhow::Result<Self> {
        let address: SocketAddr = tenant.address()?;
        Ok(Self {
            connection: Connection::open(address)?,
            host: tenant.domain().to_owned(),
            pid: tenant.pid(),
            inbox: file.open()?,
        })
    }

    /// The flow of the user with this number: by phone or by app, whichever they have.
    pub(super) async fn step_up(&mut self, number: u32) -> anyhow::Result<Times> {
        let password = [
            ("grant_type", "password"),
            ("username", &file::email(number)),
            ("password", file::PASSWORD),
            ("audience", "https://api.example.com"),
            ("scope", SCOPE),
        ];
        let (required, _) = self.post("/oauth/token", &password, 403)?;
        let mfa_token = text(&required, "mfa_token")?;
        let challenge_type = if file::has_phone(number) { "oob" } else { "otp" };
        let asked = [("mfa_token", mfa_token), ("challenge_type", challenge_type)];
        let (challenged, challenge) = self.post("/mfa/challenge", &asked, 200)?;
        let (_, verify) = if file::has_phone(number) {
            let code = self.sent_to(&file::phone_number(number)).await?;
            let proof = [
                ("grant_type", GrantType::MfaOob.as_str()),
                ("mfa_token", mfa_token),
                ("oob_code", text(&challenged, "oob_code")?),
                ("binding_code", &code),
            ];
            self.post("/oauth/token", &proof, 200)?
        } else {
            let code = code_now()?;
            let proof =
                [("grant_type", GrantType::MfaOtp.as_str()), ("mfa_token", mfa_token), ("otp", &code)];
            self.post("/oauth/token", &proof, 200)?
        };
        Ok(Times { challenge, verify })
    }

    fn post(&mut self, path: &str, fields: &[(&str, &str)], status: u16) -> anyhow::Result<(Value, f64)> {
        let request = form(&self.host, path, &[fields, &CLIENT[..]].concat());
        let watch = Stopwatch::start(&[self.pid])?;
        let answer = self.connection.exchange(&request)?;
        let took = watch.stop()?;
        Ok((answer.json(status)?, took))
    }

    async fn sent_to(&self, phone: &str) -> anyhow::Result<String> {
        let messages = self.inbox.messages(Some(phone), Some(Channel::Sms), 1).await?;
        messages.into_iter().next().and_then(|message| message.code).context("no message was sent")
    }
}

/// What every app shows now.
fn code_now() -> anyhow::Result<String> {
    let secret = Secret::try_from_base32(APP).ok().context("the secret is not base32")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(Builder::new().with_secret(secret).build_noncompliant().generate(now).to_string())
}

fn text<'j>(json: &'j Value, member: &str) -> anyhow::Result<&'j str> {
    json[member].as_str().with_context(|| format!("no {member} in {json}"))
}
