//! The way out: the refresh token revoked, and the address that ends the tenant's own session (OpenID Connect
//! RP-Initiated Logout 1.0, or Auth0's `/v2/logout`).

use tracing::Instrument as _;
use url::Url;

use crate::{client::Client, config::LogoutStrategy, provider::ProviderError, session::Session};

/// A logout to carry out.
#[derive(Debug)]
pub(crate) struct LogoutRequest<'a> {
    /// Where the tenant sends the browser afterwards. The tenant's allow list decides whether it does.
    pub(crate) return_to: Url,
    /// Given back by the tenant.
    pub(crate) state: Option<&'a str>,
    /// Whether the identity provider's session ends too.
    pub(crate) federated: bool,
}

/// Why a browser could not be sent to the tenant for its logout. The session here has ended all the same.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogoutError {
    /// The tenant names an endpoint that is no address.
    #[error("the tenant's logout endpoint is no address")]
    Endpoint(#[source] url::ParseError),
    /// What the tenant says of itself could not be had.
    #[error("the tenant's discovery document could not be had")]
    Discovery(#[from] ProviderError),
    /// The configuration asks for logout by OpenID Connect, and the tenant does not offer it.
    #[error("the tenant has no end_session_endpoint; set logout_strategy to v2")]
    NotSupported,
}

impl Client {
    /// Revokes the session's refresh token, whether or not the browser still waits. A failure is logged: the logout goes on.
    pub(crate) async fn revoke_refresh_token(&self, session: &Session) {
        let Some(refresh_token) = session.refresh_token.clone() else { return };
        self.refreshes().forget(&refresh_token);
        let client = self.clone();
        let revocation = async move { client.provider().revoke(&refresh_token).await };
        // A task that is interrupted ends with the process.
        if let Ok(Err(error)) = tokio::spawn(revocation.in_current_span()).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the refresh token could not be revoked"
            );
        }
    }

    /// Where the browser goes to end the tenant's session.
    pub(crate) async fn logout_url(
        &self,
        session: Option<&Session>,
        request: &LogoutRequest<'_>,
    ) -> Result<Url, LogoutError> {
        let strategy = self.config().logout.strategy;
        if strategy == LogoutStrategy::V2 {
            return self.v2_logout_url(request);
        }
        let metadata = self.provider().metadata().await?;
        match &metadata.end_session_endpoint {
            Some(endpoint) => {
                let endpoint = Url::parse(endpoint).map_err(LogoutError::Endpoint)?;
                Ok(self.oidc_logout_url(endpoint, session, request))
            }
            None if strategy == LogoutStrategy::Oidc => Err(LogoutError::NotSupported),
            None => self.v2_logout_url(request),
        }
    }

    fn oidc_logout_url(
        &self,
        mut endpoint: Url,
        session: Option<&Session>,
        request: &LogoutRequest<'_>,
    ) -> Url {
        {
            let mut query = endpoint.query_pairs_mut();
            query
                .append_pair("client_id", &self.config().client_id)
                .append_pair("post_logout_redirect_uri", &without_root(&request.return_to));
            if let Some(state) = request.state {
                query.append_pair("state", state);
            }
            if let Some(sid) = session.and_then(Session::sid) {
                query.append_pair("logout_hint", sid);
            }
            if self.config().logout.id_token_hint
                && let Some(id_token) = session.and_then(Session::id_token)
            {
                query.append_pair("id_token_hint", id_token);
            }
            if request.federated {
                query.append_pair("federated", "");
            }
        }
        endpoint
    }

    fn v2_logout_url(&self, request: &LogoutRequest<'_>) -> Result<Url, LogoutError> {
        let address = format!("{}/v2/logout", self.issuer().trim_end_matches('/'));
        let mut url = Url::parse(&address).map_err(LogoutError::Endpoint)?;
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("returnTo", &without_root(&request.return_to))
                .append_pair("client_id", &self.config().client_id);
            if request.federated {
                query.append_pair("federated", "");
            }
        }
        Ok(url)
    }
}

/// Tenants compare logout addresses as texts, and people enter an origin without its slash.
fn without_root(url: &Url) -> String {
    let text = url.as_str();
    if url.path() == "/" && url.query().is_none() && url.fragment().is_none() {
        text.trim_end_matches('/').to_owned()
    } else {
        text.to_owned()
    }
}
