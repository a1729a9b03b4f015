//! How the client proves itself to the tenant: the way that the SDK goes with the same environment.

use std::{env, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use stepup::{ClientAuthentication, Clock as _, SystemClock, SystemRandom};
use stepup_seal::jws::{Algorithm, SigningKey};
use url::form_urlencoded;

/// `client_assertion_type`.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_LIFETIME: Duration = Duration::from_secs(60);
const JTI_BYTES: usize = 16;

/// What the client proves itself with. Prints no secret.
#[derive(Debug)]
pub(super) enum Credentials {
    /// `private_key_jwt` (RFC 7523 section 2.2).
    Key(SigningKey),
    /// A secret, and how it travels.
    Secret(SecretString, ClientAuthentication),
}

/// What a request carries to prove the client.
pub(super) struct Proof {
    /// Members of its form.
    pub(super) form: Vec<(&'static str, String)>,
    /// User and password of the `Basic` scheme.
    pub(super) basic: Option<(String, SecretString)>,
}

impl Credentials {
    /// As the SDK reads them; it has checked them, so nothing is wrong with what is there.
    pub(super) fn of_environment() -> Option<Self> {
        let text =
            |name| env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        if let Some(pem) = text("AUTH0_CLIENT_ASSERTION_SIGNING_KEY") {
            let algorithm = text("AUTH0_CLIENT_ASSERTION_SIGNING_ALG").map(|name| name.parse());
            let algorithm = algorithm.unwrap_or(Ok(Algorithm::Rs256)).ok()?;
            return SigningKey::from_pkcs8_pem(&pem.replace("\\n", "\n"), algorithm).ok().map(Self::Key);
        }
        let method = text("STEPUP_CLIENT_AUTHENTICATION").and_then(|name| name.parse().ok());
        Some(Self::Secret(text("AUTH0_CLIENT_SECRET")?.into(), method.unwrap_or_default()))
    }

    /// What discovery calls the method.
    pub(super) const fn method(&self) -> &'static str {
        match self {
            Self::Key(_) => "private_key_jwt",
            Self::Secret(_, method) => method.name(),
        }
    }

    /// Whether they travel in a header, and the body says nothing of the client.
    pub(super) const fn are_in_header(&self) -> bool {
        matches!(self, Self::Secret(_, ClientAuthentication::Basic))
    }

    /// The same secret, sent the other way.
    pub(super) fn sent_otherwise(&self) -> Option<Self> {
        match self {
            Self::Secret(secret, ClientAuthentication::Basic) => {
                Some(Self::Secret(secret.clone(), ClientAuthentication::Post))
            }
            Self::Secret(secret, _) => Some(Self::Secret(secret.clone(), ClientAuthentication::Basic)),
            Self::Key(_) => None,
        }
    }

    /// # Errors
    ///
    /// The key does not sign.
    pub(super) fn prove(&self, client_id: &str, issuer: &str) -> Result<Proof, String> {
        let mut form = vec![("client_id", client_id.to_owned())];
        match self {
            // RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
            Self::Secret(secret, ClientAuthentication::Basic) => {
                let encode =
                    |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let basic = (encode(client_id), encode(secret.expose_secret()).into());
                return Ok(Proof { form: Vec::new(), basic: Some(basic) });
            }
            Self::Secret(secret, _) => form.push(("client_secret", secret.expose_secret().to_owned())),
            Self::Key(key) => {
                form.push(("client_assertion_type", JWT_BEARER.to_owned()));
                form.push(("client_assertion", assertion(key, client_id, issuer)?));
            }
        }
        Ok(Proof { form, basic: None })
    }
}

/// RFC 7523 section 3.
fn assertion(key: &SigningKey, client_id: &str, issuer: &str) -> Result<String, String> {
    let now = SystemClock.now();
    let claims = json!({
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "jti": stepup_seal::token(&SystemRandom, JTI_BYTES),
        "iat": now,
        "nbf": now,
        "exp": now + ASSERTION_LIFETIME,
    });
    key.sign("JWT", None, &claims).map_err(|error| format!("the assertion cannot be signed: {error}"))
}
