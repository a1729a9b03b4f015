//! What every handler gets.

use std::sync::Arc;

use stepup_seal::Random;
use url::Url;

use crate::{
    actions::Engine,
    clock::VirtualClock,
    config::{Configuration, TenantConfig},
    delivery::Delivery,
    devices::Devices,
    keys::Keys,
    log::Log,
    login::Attempts,
    outbound,
    passwords::Passwords,
    server::recorder::Recorder,
    store::Store,
};

/// A running tenant, shared by its requests. Nothing in it is remembered between two requests but caches.
pub type Shared = Arc<State>;

/// The parts of a running tenant, as one request sees them: when the configuration changes, later requests get a state
/// with the same parts and the new configuration. Cheap to clone.
#[derive(Clone, Debug)]
pub struct State {
    /// Who it says it is.
    pub issuer: Issuer,
    /// What is set.
    pub config: Arc<TenantConfig>,
    /// What it comes from, and the way to change it.
    pub configuration: Arc<Configuration>,
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// What signs tokens.
    pub keys: Arc<Keys>,
    /// Its time.
    pub clock: VirtualClock,
    /// Its randomness.
    pub random: Arc<dyn Random>,
    /// What runs Actions.
    pub actions: Arc<Engine>,
    /// The tenant log.
    pub log: Log,
    /// How messages reach users.
    pub delivery: Delivery,
    /// What makes calls to others.
    pub outbound: outbound::Client,
    /// Password hashes.
    pub passwords: Passwords,
    /// Passwords that are being checked.
    pub(crate) attempts: Arc<Attempts>,
    /// Virtual devices of users.
    pub(crate) devices: Arc<Devices>,
    /// What went over the wire lately.
    pub(crate) recorder: Arc<Recorder>,
}

/// The tenant's own address: `iss` of its tokens, and what its endpoints begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(Url);

impl Issuer {
    /// An issuer at `url`; a path gets its closing slash, query and fragment go.
    #[must_use]
    pub fn new(mut url: Url) -> Self {
        url.set_query(None);
        url.set_fragment(None);
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Self(url)
    }

    /// The issuer of a tenant that is reached from this machine alone, on the port that one has unless it is told another.
    pub(crate) fn on_this_machine() -> Self {
        #[expect(clippy::expect_used, reason = "the text is an address")]
        Self::new("http://localhost:4400/".parse().expect("an address"))
    }

    /// As text, ending in `/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// As an address.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// Host and port, as SDKs take it for the domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.0[url::Position::BeforeHost..url::Position::AfterPort]
    }

    /// The address of an endpoint, from its path without the leading slash.
    ///
    /// ```
    /// let issuer = stepup_tenant::state::Issuer::new("http://localhost:4400".parse().unwrap());
    /// assert_eq!(issuer.endpoint("oauth/token"), "http://localhost:4400/oauth/token");
    /// assert_eq!(issuer.domain(), "localhost:4400");
    /// ```
    #[must_use]
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.as_str())
    }

    /// Whether it is served over TLS.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether it is an address of this machine.
    #[must_use]
    pub fn loopback(&self) -> bool {
        crate::config::is_loopback(&self.0)
    }
}
