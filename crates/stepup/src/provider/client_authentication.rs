//! How the client proves itself: by its secret (RFC 6749 section 2.3.1), or by an assertion that it signs for each
//! request (`private_key_jwt`, RFC 7523 section 2.2).

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use stepup_seal::{jws::SigningKey, token};

use super::{Provider, ProviderError, TokenForm, error::bad_address, exchange::authorization};
use crate::config::ClientAuthentication;

/// `client_assertion_type`.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long an assertion is good: it is used at once, and once.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(60);
/// The bytes of randomness in an assertion's `jti`.
const JTI_BYTES: usize = 16;

/// What the client proves itself with.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// A private key, whose public key the tenant has.
    Key(SigningKey),
    /// A secret that the tenant has too, and how it travels to endpoints that take forms.
    Secret(SecretString, ClientAuthentication),
}

impl Credentials {
    /// Whether they leave `client_id` out of a form's body.
    pub(super) const fn are_in_header(&self) -> bool {
        matches!(self, Self::Secret(_, ClientAuthentication::Basic))
    }
}

impl Provider {
    /// `form` as a request that the client proves to be its own.
    pub(super) fn authenticated_form(
        &self,
        endpoint: &'static str,
        address: &str,
        form: &TokenForm,
    ) -> Result<Request<Bytes>, ProviderError> {
        let mut request = Request::post(address)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded;charset=UTF-8");
        let body = if let Credentials::Secret(secret, ClientAuthentication::Basic) = &self.credentials {
            let credentials = basic(&self.client_id, secret.expose_secret());
            request = request.header(header::AUTHORIZATION, authorization(endpoint, "Basic", &credentials)?);
            form.copy()
        } else {
            let credentials = self.credentials_in_body(endpoint)?;
            credentials.into_iter().fold(form.copy(), |form, (name, value)| form.with(name, &value))
        };
        request.body(body.into_bytes()).map_err(|error| bad_address(endpoint, &error))
    }

    /// The MFA API takes the client's credentials in the JSON body, however a secret travels elsewhere.
    pub(super) fn authenticate_json(
        &self,
        endpoint: &'static str,
        body: &mut Value,
    ) -> Result<(), ProviderError> {
        let credentials = self.credentials_in_body(endpoint)?;
        if let Some(body) = body.as_object_mut() {
            body.extend(credentials.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
        }
        Ok(())
    }

    fn credentials_in_body(
        &self,
        endpoint: &'static str,
    ) -> Result<Vec<(&'static str, String)>, ProviderError> {
        let client_id = ("client_id", self.client_id.clone());
        Ok(match &self.credentials {
            Credentials::Secret(secret, _) => {
                vec![client_id, ("client_secret", secret.expose_secret().to_owned())]
            }
            Credentials::Key(key) => vec![
                client_id,
                ("client_assertion_type", JWT_BEARER.to_owned()),
                ("client_assertion", self.assertion(endpoint, key)?),
            ],
        })
    }

    /// RFC 7523 section 3. The audience is the issuer: for every endpoint of the tenant, and no other server.
    fn assertion(&self, endpoint: &'static str, key: &SigningKey) -> Result<String, ProviderError> {
        let now = self.clock.now();
        let claims = json!({
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.issuer,
            "jti": token(&*self.random, JTI_BYTES),
            "iat": now,
            "nbf": now,
            "exp": now + ASSERTION_LIFETIME,
        });
        key.sign("JWT", None, &claims).map_err(|error| ProviderError::unsigned(endpoint, error))
    }
}

/// RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
fn basic(client_id: &str, secret: &str) -> String {
    use base64::Engine as _;
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let credentials = format!("{}:{}", encode(client_id), encode(secret));
    base64::engine::general_purpose::STANDARD.encode(credentials)
}
