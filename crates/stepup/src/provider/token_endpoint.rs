//! The token endpoint: the one place that knows what its answers mean (RFC 6749 sections 2.3.1, 5.1 and 5.2).

use bytes::Bytes;
use http::{Request, header};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use stepup_protocol::{
    error::{MfaRequiredBody, OAuthError, code},
    token::{GrantType, TokenResponse},
};

use super::{Answer, Provider, ProviderError, error::bad_address};
use crate::config::ClientAuthentication;

const TOKEN: &str = "token endpoint";
const REVOCATION: &str = "revocation endpoint";

/// A token request, without client authentication. Prints no value.
pub(crate) struct TokenForm(String);

impl TokenForm {
    pub(crate) fn new(grant: GrantType) -> Self {
        Self(String::new()).with("grant_type", grant.as_str())
    }

    /// Adds a parameter.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        Self(form_urlencoded::Serializer::for_suffix(self.0, 0).append_pair(name, value).finish())
    }

    /// Adds a parameter if there is something in it.
    pub(crate) fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) if !value.is_empty() => self.with(name, value),
            _ => self,
        }
    }
}

impl std::fmt::Debug for TokenForm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenForm(…)")
    }
}

/// What else the token endpoint answers.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// A second factor is due. Whatever the status was: servers differ.
    #[error("the tenant asks for a second factor")]
    MfaRequired(MfaRequiredBody),
    /// Refused, unreachable or untrustworthy.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

impl Provider {
    /// Hands in a grant for tokens.
    ///
    /// # Errors
    ///
    /// See [`TokenError`].
    pub(crate) async fn token(&self, form: TokenForm) -> Result<TokenResponse, TokenError> {
        let metadata = self.metadata().await?;
        let request = self.authenticated_form(TOKEN, &metadata.token_endpoint, form)?;
        let answer = self.exchange(TOKEN, request).await?;
        meaning(&answer)
    }

    /// Revokes a refresh token (RFC 7009 section 2.1). Nothing happens where the tenant has no such endpoint.
    ///
    /// # Errors
    ///
    /// The tenant refused or cannot be reached.
    pub(crate) async fn revoke(&self, refresh_token: &str) -> Result<(), ProviderError> {
        let metadata = self.metadata().await?;
        let Some(endpoint) = &metadata.revocation_endpoint else { return Ok(()) };
        let form =
            TokenForm(String::new()).with("token_type_hint", "refresh_token").with("token", refresh_token);
        let answer = self.exchange(REVOCATION, self.authenticated_form(REVOCATION, endpoint, form)?).await?;
        if answer.status.is_success() { Ok(()) } else { Err(answer.refusal()) }
    }

    fn authenticated_form(
        &self,
        endpoint: &'static str,
        address: &str,
        mut form: TokenForm,
    ) -> Result<Request<Bytes>, ProviderError> {
        let mut request = Request::post(address)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded;charset=UTF-8");
        let secret = self.client_secret.expose_secret();
        match self.authentication {
            ClientAuthentication::Basic => {
                request = request.header(header::AUTHORIZATION, basic(&self.client_id, secret));
            }
            ClientAuthentication::Post => {
                form = form.with("client_id", &self.client_id).with("client_secret", secret);
            }
        }
        request.body(Bytes::from(form.0)).map_err(|error| bad_address(endpoint, &error))
    }

    /// The MFA API takes the client's credentials in the JSON body, whichever method the token endpoint uses.
    pub(super) fn authenticate_json(&self, body: &mut Value) {
        if let Some(body) = body.as_object_mut() {
            body.insert("client_id".to_owned(), self.client_id.clone().into());
            body.insert("client_secret".to_owned(), self.client_secret.expose_secret().into());
        }
    }
}

/// What the token endpoint said. An error counts under whichever status it comes.
fn meaning(answer: &Answer) -> Result<TokenResponse, TokenError> {
    let unusable = match answer.success::<TokenResponse>() {
        Ok(tokens) if !tokens.access_token.is_empty() => return Ok(tokens),
        Ok(_) => answer.untrustworthy("its access token is empty".to_owned()),
        Err(error) => error,
    };
    Err(match answer.refusal() {
        ProviderError::Refused { body, .. } if body.error == code::MFA_REQUIRED => {
            TokenError::MfaRequired(mfa_required(body, &answer.body))
        }
        refused @ ProviderError::Refused { .. } => refused.into(),
        ProviderError::Unreachable { .. } | ProviderError::Untrustworthy { .. } => unusable.into(),
    })
}

/// Requirements that cannot be read are as good as none: any factor is then tried, and the tenant decides.
fn mfa_required(OAuthError { error, error_description }: OAuthError, body: &[u8]) -> MfaRequiredBody {
    serde_json::from_slice(body).unwrap_or_else(|_| {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let mfa_token = body.get("mfa_token").and_then(Value::as_str).map(str::to_owned);
        MfaRequiredBody { error, error_description, mfa_token, mfa_requirements: None }
    })
}

/// RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
fn basic(client_id: &str, secret: &str) -> String {
    use base64::Engine as _;
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let credentials = format!("{}:{}", encode(client_id), encode(secret));
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials))
}
