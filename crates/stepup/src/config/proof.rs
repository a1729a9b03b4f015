//! What the client proves: who it is, that it holds the key of its access tokens, and that its authorization requests are
//! its own.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use stepup_seal::jws::{Algorithm, SigningKey, p256_from_public_pem};

use super::{ClientBuilder, error::Problems};
use crate::provider::{Credentials, Dpop, DpopSettings};

const DEFAULT_SIGNING_ALG: Algorithm = Algorithm::Rs256;
const DEFAULT_RETRY_DELAY: Duration = Duration::from_millis(100);
/// A proof is good for minutes, so a clock that lacks more than these has to be set.
const LARGEST_SKEW: u64 = 300;

/// How DPoP proofs are made (RFC 9449). What is not set comes from the environment, else from its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DpopOptions {
    /// `AUTH0_DPOP_CLOCK_SKEW`: seconds to add to the clock's time in proofs, at most 300 either way. 0.
    pub clock_skew: Option<i64>,
    /// `AUTH0_RETRY_DELAY`, in milliseconds: how long to wait before the one new attempt with a nonce. 100 ms.
    pub retry_delay: Option<Duration>,
    /// `AUTH0_RETRY_JITTER`: whether that wait is shortened at random, to half at most. On.
    pub retry_jitter: Option<bool>,
}

/// What the client proves.
impl ClientBuilder {
    /// `AUTH0_CLIENT_ASSERTION_SIGNING_KEY`: a private key (PKCS #8, PEM) whose public key the tenant has. The client then
    /// proves itself by an assertion that it signs for each request (`private_key_jwt`, RFC 7523), and neither needs nor
    /// sends a secret.
    #[must_use]
    pub fn client_assertion_signing_key(mut self, pem: impl Into<SecretString>) -> Self {
        self.client_assertion_signing_key = Some(pem.into());
        self
    }

    /// `AUTH0_CLIENT_ASSERTION_SIGNING_ALG`: what assertions are signed with. `RS256`; Auth0 also takes `RS384` and
    /// `PS256`.
    #[must_use]
    pub fn client_assertion_signing_alg(mut self, algorithm: impl Into<String>) -> Self {
        self.client_assertion_signing_alg = Some(algorithm.into());
        self
    }

    /// `AUTH0_DPOP_PRIVATE_KEY`: a private key on P-256 (PKCS #8, PEM, as from
    /// `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`) that access tokens are bound to (RFC 9449). All
    /// processes of an application share one. A tenant that answers with an unbound token is then refused:
    /// [`ProviderError::NotBound`](crate::ProviderError::NotBound).
    ///
    /// Requests to APIs take proofs: see [`Client::dpop_proof`](crate::Client::dpop_proof).
    #[must_use]
    pub fn dpop_key(mut self, private_key_pem: impl Into<SecretString>) -> Self {
        self.dpop_key = Some(private_key_pem.into());
        self
    }

    /// `AUTH0_DPOP_PUBLIC_KEY`: the public key (SPKI, PEM) of [`dpop_key`](Self::dpop_key). It follows from that one; where
    /// it is set, it must be the same.
    #[must_use]
    pub fn dpop_public_key(mut self, public_key_pem: impl Into<String>) -> Self {
        self.dpop_public_key = Some(public_key_pem.into());
        self
    }

    /// How DPoP proofs are made.
    #[must_use]
    pub fn dpop_options(mut self, options: DpopOptions) -> Self {
        self.dpop_options = options;
        self
    }

    /// `STEPUP_PUSHED_AUTHORIZATION_REQUESTS`: whether the parameters of a login go to the tenant directly instead of through
    /// the browser (RFC 9126). Off, but for a tenant that takes no others: it says so in discovery. One that takes no others of
    /// this client alone does not.
    #[must_use]
    pub fn pushed_authorization_requests(mut self, push: bool) -> Self {
        self.pushed_authorization_requests = Some(push);
        self
    }
}

/// A signing key wins over a secret.
pub(super) fn credentials(builder: &mut ClientBuilder, problems: &mut Problems) -> Option<Credentials> {
    let algorithm = builder.client_assertion_signing_alg.take();
    let Some(pem) = builder.client_assertion_signing_key.take() else {
        if algorithm.is_some() {
            problems.add("client_assertion_signing_key", "is missing beside client_assertion_signing_alg");
        }
        let secret = problems.missing("client_secret", builder.client_secret.take())?;
        return Some(Credentials::Secret(secret, builder.client_authentication.unwrap_or_default()));
    };
    let algorithm = match algorithm {
        Some(name) => problems.take("client_assertion_signing_alg", name.parse())?,
        None => DEFAULT_SIGNING_ALG,
    };
    let key = SigningKey::from_pkcs8_pem(pem.expose_secret(), algorithm);
    if key.is_err()
        && let Some(fitting) = fitting(pem.expose_secret())
    {
        let problem = format!("is {algorithm}, which the key is not for: set {fitting}");
        problems.add("client_assertion_signing_alg", problem);
        return None;
    }
    problems.take("client_assertion_signing_key", key).map(Credentials::Key)
}

/// What a key signs with: the first of each family, as any key of RSA is for all of that.
fn fitting(pem: &str) -> Option<Algorithm> {
    let families = [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa];
    families.into_iter().find(|algorithm| SigningKey::from_pkcs8_pem(pem, *algorithm).is_ok())
}

pub(super) fn dpop(builder: &mut ClientBuilder, problems: &mut Problems) -> Option<Dpop> {
    let settings = settings(&builder.dpop_options, problems);
    let public_key = builder.dpop_public_key.take();
    let Some(pem) = builder.dpop_key.take() else {
        if public_key.is_some() {
            problems.add("dpop_key", "is missing beside dpop_public_key");
        }
        return None;
    };
    let dpop = problems.take("dpop_key", Dpop::new(pem.expose_secret(), settings))?;
    if let Some(pem) = public_key {
        let public_key = problems.take("dpop_public_key", p256_from_public_pem(&pem))?;
        if public_key != *dpop.public_key() {
            problems.add("dpop_public_key", "is not the public key of dpop_key");
        }
    }
    Some(dpop)
}

fn settings(options: &DpopOptions, problems: &mut Problems) -> DpopSettings {
    let clock_skew = options.clock_skew.unwrap_or(0);
    if clock_skew.unsigned_abs() > LARGEST_SKEW {
        problems
            .add("dpop_options.clock_skew", format!("is more than {LARGEST_SKEW} seconds; set the clock"));
    }
    DpopSettings {
        clock_skew,
        retry_delay: options.retry_delay.unwrap_or(DEFAULT_RETRY_DELAY),
        retry_jitter: options.retry_jitter.unwrap_or(true),
    }
}
