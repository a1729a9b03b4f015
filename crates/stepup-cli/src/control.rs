//! A running tenant's control API, from outside.

use std::{fs, path::PathBuf, time::Duration};

use clap::Args;
use http::{Method, header};
use reqwest::RequestBuilder;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

use crate::failure::Failure;

/// Longest time for a call that does not wait for anything.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Which tenant.
#[derive(Debug, Args)]
pub(crate) struct ControlArguments {
    /// Address of the tenant's control API
    #[arg(long, global = true, env = "STEPUP_CONTROL_URL", value_name = "URL")]
    control_url: Option<String>,
    /// Key of the control API
    #[arg(long, global = true, env = "STEPUP_CONTROL_KEY", value_name = "KEY", hide_env_values = true)]
    control_key: Option<String>,
    /// The tenant's ready file, which holds both
    #[arg(long, global = true, env = "STEPUP_TENANT_READY_FILE", value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// What is read of a ready file.
#[derive(Deserialize)]
struct ReadyFile {
    ca_certificate: Option<String>,
    control: Option<Access>,
}

#[derive(Deserialize)]
struct Access {
    url: String,
    key: String,
}

/// An answer that is an error.
#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

/// The control API of one tenant.
pub(crate) struct Control {
    access: Access,
    client: reqwest::Client,
}

impl Control {
    /// Finds the tenant: address and key of the command line or environment, else those of the ready file.
    pub(crate) fn find(arguments: &ControlArguments) -> Result<Self, Failure> {
        let ready = match &arguments.ready_file {
            Some(file) => {
                let text = fs::read_to_string(file).map_err(|error| {
                    Failure::Usage(format!("cannot read the ready file {}: {error}", file.display()))
                })?;
                let ready: ReadyFile = serde_json::from_str(&text).map_err(|error| {
                    Failure::Usage(format!("{} is not a ready file: {error}", file.display()))
                })?;
                Some(ready)
            }
            None => None,
        };
        let certificate = ready.as_ref().and_then(|ready| ready.ca_certificate.clone());
        let named = arguments.control_url.clone().zip(arguments.control_key.clone());
        let access =
            named.map(|(url, key)| Access { url, key }).or_else(|| ready.and_then(|ready| ready.control));
        let access = access.ok_or_else(|| {
            Failure::Usage(
                "which tenant? Start it with --control, then give --ready-file F, or --control-url and --control-key"
                    .to_owned(),
            )
        })?;
        Ok(Self { access, client: client(certificate.as_deref())? })
    }

    /// Asks for something; `wait` is how long the tenant may hold the answer back.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        wait: Duration,
    ) -> Result<T, Failure> {
        let query =
            Url::parse_with_params(&self.address(path), query).map_err(|error| Failure::usage(&error))?;
        let request = self.client.request(Method::GET, query);
        self.send(request.timeout(TIMEOUT.saturating_add(wait))).await
    }

    /// Asks the tenant to do something.
    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Failure> {
        let request = self.client.request(Method::POST, self.address(path));
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        self.send(request.timeout(TIMEOUT)).await
    }

    fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.access.url.trim_end_matches('/'))
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let unreachable = |error: reqwest::Error| {
            let why = Failure::other(&error.without_url());
            Failure::Other(format!("no answer from the control API at {}: {why}", self.access.url))
        };
        let response = request.bearer_auth(&self.access.key).send().await.map_err(unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(unreachable)?;
        if !status.is_success() {
            let refusal = serde_json::from_slice::<Refusal>(&body);
            let why =
                refusal.map(|refusal| refusal.error_description.unwrap_or(refusal.error)).unwrap_or_default();
            return Err(Failure::Other(format!("the control API answered {status}: {why}")));
        }
        serde_json::from_slice(&body).map_err(|error| {
            Failure::Other(format!("the control API gave an answer of another kind: {error}"))
        })
    }
}

/// `authority` is the certificate to trust: a path, or the PEM text itself.
fn client(authority: Option<&str>) -> Result<reqwest::Client, Failure> {
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(TIMEOUT);
    if let Some(authority) = authority {
        let pem = if authority.starts_with("-----BEGIN") {
            authority.as_bytes().to_vec()
        } else {
            fs::read(authority).map_err(|error| {
                Failure::Usage(format!("cannot read the certificate {authority}: {error}"))
            })?
        };
        let certificate = reqwest::Certificate::from_pem(&pem).map_err(|error| Failure::usage(&error))?;
        builder = builder.tls_certs_merge([certificate]);
    }
    builder.build().map_err(|error| Failure::other(&error))
}
