//! The discovery document (OpenID Connect Discovery 1.0 sections 4 and 4.3).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::Request;
use stepup_protocol::discovery::ProviderMetadata;

use super::{Provider, ProviderError, document::Document};

const ENDPOINT: &str = "discovery document";

#[derive(Debug)]
pub(super) struct Discovery {
    ttl: Duration,
    document: Document<ProviderMetadata>,
}

impl Discovery {
    pub(super) const fn new(ttl: Duration) -> Self {
        Self { ttl, document: Document::new() }
    }
}

impl Provider {
    /// What the tenant says of itself: at most as old as `discovery_ttl`, unless asking again fails.
    ///
    /// # Errors
    ///
    /// It was never had and cannot be had now.
    pub(crate) async fn metadata(&self) -> Result<Arc<ProviderMetadata>, ProviderError> {
        let fetch = || self.fetch_metadata().boxed();
        self.discovery.document.get(self.discovery.ttl, self.clock.now(), fetch).await
    }

    async fn fetch_metadata(&self) -> Result<ProviderMetadata, ProviderError> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let request = Request::get(&address).body(Bytes::new());
        let request = request.map_err(|error| ProviderError::unsendable(ENDPOINT, error))?;
        let answer = self.exchange(ENDPOINT, request).await?;
        let metadata: ProviderMetadata = answer.success()?;
        // Section 4.3: the issuer must be exactly the one that was asked.
        if metadata.issuer != self.issuer {
            let reason = format!("its issuer is {:?} where {:?} was asked", metadata.issuer, self.issuer);
            return Err(answer.untrustworthy(reason));
        }
        Ok(metadata)
    }
}
