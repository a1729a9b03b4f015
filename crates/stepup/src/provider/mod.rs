//! Everything that is said to the tenant.
//!
//! [`Provider`] knows the endpoints (discovery), the keys, how a client proves itself, and what an answer means. Each
//! request is bounded in time and size; each failure says whose fault it is.

mod client_authentication;
mod discovery;
mod document;
mod dpop;
mod error;
mod exchange;
mod id_token;
mod keys;
mod mfa_api;
mod pushed_authorization;
mod token_endpoint;
mod user_info;

use std::{sync::Arc, time::Duration};

use stepup_seal::Random;

pub(crate) use self::{
    client_authentication::Credentials,
    dpop::{Dpop, DpopSettings},
    id_token::Expected,
    mfa_api::{Bearer, MfaAnswer, MfaCall},
    token_endpoint::{StepUpDue, TokenError, TokenForm},
};
use self::{discovery::Discovery, exchange::Answer, keys::Keys};
pub use self::{dpop::DpopError, error::ProviderError, id_token::IdTokenError};
use crate::{clock::Clock, http_client::HttpClient};

/// One tenant, as one client of it sees it.
#[derive(Debug)]
pub(crate) struct Provider {
    /// With its final slash, where the domain has no path of its own.
    issuer: String,
    client_id: String,
    credentials: Credentials,
    /// What access tokens are bound to, if anything.
    dpop: Option<Dpop>,
    /// The value of `Auth0-Client`, unless telemetry is off.
    telemetry: Option<http::HeaderValue>,
    http: Arc<dyn HttpClient>,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    discovery: Discovery,
    keys: Keys,
}

/// What a provider is made of.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) credentials: Credentials,
    pub(crate) dpop: Option<Dpop>,
    pub(crate) telemetry: bool,
    pub(crate) timeout: Duration,
    pub(crate) discovery_ttl: Duration,
}

impl Provider {
    pub(crate) fn new(
        settings: Settings,
        http: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            discovery: Discovery::new(settings.discovery_ttl),
            keys: Keys::new(settings.discovery_ttl),
            issuer: settings.issuer,
            client_id: settings.client_id,
            credentials: settings.credentials,
            dpop: settings.dpop,
            telemetry: settings.telemetry.then(exchange::telemetry_header),
            http,
            timeout: settings.timeout,
            clock,
            random,
        }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The key that access tokens are bound to, if there is one.
    pub(crate) const fn dpop(&self) -> Option<&Dpop> {
        self.dpop.as_ref()
    }

    /// Learns everything that judging an answer takes, so that nothing is spent on an answer that cannot be judged.
    ///
    /// # Errors
    ///
    /// The tenant's documents cannot be had.
    pub(crate) async fn prepare(&self) -> Result<(), ProviderError> {
        let metadata = self.metadata().await?;
        self.key_set(&metadata).await.map(drop)
    }
}
