//! The tenant's signing keys: kept as long as the discovery document, fetched again, at most every 30 seconds, when a
//! token names a key that is not among them.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use stepup_protocol::{discovery::ProviderMetadata, jwk::JwkSet};
use stepup_seal::jws::{Algorithm, JwsError, KeySet, Verified};

use super::{Provider, ProviderError, document::Document, exchange::get};

const ENDPOINT: &str = "key set";

#[derive(Debug)]
pub(super) struct Keys {
    ttl: Duration,
    document: Document<KeySet>,
}

/// A token whose signature could not be judged, or is wrong.
pub(super) enum SignatureError {
    Provider(ProviderError),
    Token(JwsError),
}

impl Keys {
    pub(super) const fn new(ttl: Duration) -> Self {
        Self { ttl, document: Document::new() }
    }
}

impl Provider {
    /// The keys, at most as old as `discovery_ttl` unless asking again fails.
    pub(super) async fn key_set(&self, metadata: &ProviderMetadata) -> Result<Arc<KeySet>, ProviderError> {
        self.key_set_younger_than(self.keys.ttl, metadata).await
    }

    /// Checks the signature of `token` with the tenant's keys.
    pub(super) async fn verify(
        &self,
        metadata: &ProviderMetadata,
        token: &str,
        allowed: &[Algorithm],
    ) -> Result<Verified, SignatureError> {
        let keys = self.key_set(metadata).await.map_err(SignatureError::Provider)?;
        match keys.verify(token, allowed) {
            Err(JwsError::NoMatchingKey { .. }) => {
                let fresh = self.key_set_younger_than(Duration::ZERO, metadata).await;
                fresh.map_err(SignatureError::Provider)?.verify(token, allowed).map_err(SignatureError::Token)
            }
            judged => judged.map_err(SignatureError::Token),
        }
    }

    async fn key_set_younger_than(
        &self,
        age: Duration,
        metadata: &ProviderMetadata,
    ) -> Result<Arc<KeySet>, ProviderError> {
        let fetch = || self.fetch_keys(&metadata.jwks_uri).boxed();
        self.keys.document.get(age, self.clock.now(), fetch).await
    }

    async fn fetch_keys(&self, address: &str) -> Result<KeySet, ProviderError> {
        let answer = self.exchange(ENDPOINT, get(address, ENDPOINT)?).await?;
        let set: JwkSet = answer.success()?;
        let keys = KeySet::new(&set);
        if keys.is_empty() {
            return Err(answer.untrustworthy("there is no usable key in it".to_owned()));
        }
        Ok(keys)
    }
}
