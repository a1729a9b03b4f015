//! What one Action adds to a token request: the same refresh at two tenants, one with an Action and one without.

use anyhow::Context;
use serde_json::Value;
use stepup_tenant::{Tenant, passwords::Cost};

use crate::{
    connection::{Connection, form},
    report::{Figure, Promise, Raw},
    sample::median,
    stopwatch::Stopwatch,
};

const CONFIGURATION: &str = include_str!("../token.yaml");
const ACTION: &str = "
actions:
  - name: claim
    code: >-
      exports.onExecutePostLogin = async (event, api) => {
      if (event.transaction.protocol === 'oauth2-refresh-token')
      api.idToken.setCustomClaim('refreshed_by', event.client.client_id); };
triggers: { post-login: [{ action_name: claim }] }
";
const CLIENT: [(&str, &str); 2] =
    [("client_id", "stepup-bench"), ("client_secret", "the-secret-of-stepup-bench")];
const ROUNDS: usize = 1000;

pub(crate) fn to_a_token_request() -> anyhow::Result<Figure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut with = Refreshes::start(&runtime, &[CONFIGURATION, ACTION].concat())?;
    let mut without = Refreshes::start(&runtime, CONFIGURATION)?;
    anyhow::ensure!(with.has_claim()? && !without.has_claim()?, "the Action does not act where it should");
    let (mut acted, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        acted.push(with.refresh()?.0);
        alone.push(without.refresh()?.0);
    }
    runtime.block_on(async { tokio::join!(with.tenant.shutdown(), without.tenant.shutdown()) });
    Ok(Figure {
        name: "a refresh with one Action, p50",
        unit: "ms",
        measured: median(acted),
        raw: Some(Raw { name: "without", measured: median(alone) }),
        promise: Some(Promise::MoreThanRaw(1.0)),
    })
}

/// A tenant, and a refresh token of its.
struct Refreshes {
    tenant: Tenant,
    connection: Connection,
    request: Vec<u8>,
}

impl Refreshes {
    fn start(runtime: &tokio::runtime::Runtime, configuration: &str) -> anyhow::Result<Self> {
        let tenant = Tenant::builder().config_yaml(configuration).argon2(Cost::Fast).record(false);
        let tenant = runtime.block_on(tenant.start())?;
        let host = tenant.domain();
        let mut connection = Connection::open(([127, 0, 0, 1], tenant.port()).into())?;
        let password = [
            ("grant_type", "password"),
            ("username", "ada@example.com"),
            ("password", "correct horse battery staple"),
            ("scope", "openid offline_access"),
        ];
        let login = form(host, "/oauth/token", &[&password[..], &CLIENT].concat());
        let tokens = connection.exchange(&login)?.json(200)?;
        let refresh_token = tokens["refresh_token"].as_str().context("no refresh token")?;
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        let request = form(host, "/oauth/token", &[&refresh[..], &CLIENT].concat());
        Ok(Self { tenant, connection, request })
    }

    /// Milliseconds that a refresh takes, and what it brings.
    fn refresh(&mut self) -> anyhow::Result<(f64, Value)> {
        let watch = Stopwatch::start(&[])?;
        let answer = self.connection.exchange(&self.request)?;
        let took = watch.stop()?;
        Ok((took, answer.json(200)?))
    }

    fn has_claim(&mut self) -> anyhow::Result<bool> {
        let (_, tokens) = self.refresh()?;
        let payload = tokens["id_token"].as_str().and_then(|token| token.split('.').nth(1));
        let claims = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(payload.context("no ID token")?)?;
        Ok(serde_json::from_slice::<Value>(&claims)?.get("refreshed_by").is_some())
    }
}
