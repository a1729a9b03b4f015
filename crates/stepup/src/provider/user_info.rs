//! The userinfo endpoint (OIDC Core section 5.3).

use http::header;
use serde_json::{Map, Value};

use super::{
    Provider, ProviderError,
    exchange::{authorization, get},
};

const ENDPOINT: &str = "userinfo endpoint";

impl Provider {
    /// The claims about the user of `access_token`, as they came. Whose they are is still to be checked.
    ///
    /// # Errors
    ///
    /// The tenant refused, cannot be reached, has no such endpoint, or answered something else.
    pub(crate) async fn user_info(&self, access_token: &str) -> Result<Map<String, Value>, ProviderError> {
        let metadata = self.metadata().await?;
        let Some(address) = &metadata.userinfo_endpoint else {
            return Err(ProviderError::not_named(ENDPOINT, "userinfo_endpoint"));
        };
        let request = || {
            let mut request = get(address, ENDPOINT)?;
            let credentials = authorization(ENDPOINT, self.token_scheme(), access_token)?;
            request.headers_mut().insert(header::AUTHORIZATION, credentials);
            self.proved(ENDPOINT, request, Some(access_token))
        };
        self.exchange_proved(ENDPOINT, request).await?.success()
    }
}
