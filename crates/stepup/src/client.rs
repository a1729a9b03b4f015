//! The client: the door to every flow.

use std::{fmt, sync::Arc, time::Duration};

use stepup_protocol::time::UnixTime;
use stepup_seal::{Format, Random, Sealer, Secrets};

use crate::{
    clock::Clock,
    config::{ClientBuilder, Config, ConfigError},
    guard::SpentAnswers,
    http_client::HttpClient,
    mfa::StepUps,
    provider::{self, Provider},
    session::{EndedSessions, SizeWatch},
    tokens::Refreshes,
};

/// One application's client of one tenant. Cheap to clone; every clone shares the tenant's keys and the refreshes
/// under way.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    config: Config,
    provider: Provider,
    sealer: Sealer,
    peers: Vec<Sealer>,
    own_sealer: Sealer,
    refreshes: Refreshes,
    ended_sessions: EndedSessions,
    session_sizes: SizeWatch,
    spent_answers: SpentAnswers,
    step_ups: StepUps,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// What a client is made of.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) provider: provider::Settings,
    pub(crate) secrets: Secrets,
    pub(crate) format: Format,
    pub(crate) also_read: Vec<Format>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) http: Arc<dyn HttpClient>,
}

impl Client {
    /// Begins a configuration.
    #[must_use]
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client configured by environment variables alone: `AUTH0_DOMAIN`, `AUTH0_CLIENT_ID`, `AUTH0_CLIENT_SECRET` (or
    /// `AUTH0_CLIENT_ASSERTION_SIGNING_KEY`), `AUTH0_SECRET` and `APP_BASE_URL` must be set.
    ///
    /// # Errors
    ///
    /// Every problem there is, each with its option and variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::builder().environment().build()
    }

    pub(crate) fn new(parts: Parts) -> Self {
        let provider =
            Provider::new(parts.provider, parts.http, Arc::clone(&parts.clock), Arc::clone(&parts.random));
        Self(Arc::new(Inner {
            config: parts.config,
            provider,
            sealer: Sealer::new(&parts.secrets, parts.format),
            peers: parts.also_read.iter().map(|format| Sealer::new(&parts.secrets, *format)).collect(),
            own_sealer: Sealer::new(&parts.secrets, Format::Stepup),
            refreshes: Refreshes::default(),
            ended_sessions: EndedSessions::default(),
            session_sizes: SizeWatch::default(),
            spent_answers: SpentAnswers::default(),
            step_ups: StepUps::default(),
            clock: parts.clock,
            random: parts.random,
        }))
    }

    /// The tenant's issuer, as tokens name it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.config().issuer.url
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.0.provider
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.0.sealer
    }

    /// For values in the other forms that are read.
    pub(crate) fn peers(&self) -> &[Sealer] {
        &self.0.peers
    }

    /// For values in every form that is read, the one that is written first.
    pub(crate) fn sealers(&self) -> impl Iterator<Item = &Sealer> {
        std::iter::once(self.sealer()).chain(self.peers())
    }

    /// For what no other SDK reads, whatever the form that is shared with others.
    pub(crate) fn own_sealer(&self) -> &Sealer {
        &self.0.own_sealer
    }

    pub(crate) fn refreshes(&self) -> &Refreshes {
        &self.0.refreshes
    }

    pub(crate) fn ended_sessions(&self) -> &EndedSessions {
        &self.0.ended_sessions
    }

    pub(crate) fn session_sizes(&self) -> &SizeWatch {
        &self.0.session_sizes
    }

    pub(crate) fn spent_answers(&self) -> &SpentAnswers {
        &self.0.spent_answers
    }

    pub(crate) fn step_ups(&self) -> &StepUps {
        &self.0.step_ups
    }

    pub(crate) async fn wait(&self, duration: Duration) {
        self.0.clock.wait(duration).await;
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.0.clock.now()
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.0.random
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config().fmt(formatter)
    }
}
