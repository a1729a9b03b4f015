//! The token endpoint: the one place that knows what its answers mean (RFC 6749 sections 5.1 and 5.2).

use bytes::Bytes;
use secrecy::SecretString;
use serde_json::Value;
use stepup_protocol::{
    error::{MfaRequiredBody, OAuthError, code},
    token::{GrantType, TokenResponse},
};

use super::{Answer, Provider, ProviderError};

const TOKEN: &str = "token endpoint";
const REVOCATION: &str = "revocation endpoint";
/// What most forms need of memory.
const USUAL_BYTES: usize = 512;

/// A token request, without client authentication. Prints no value.
#[derive(Default)]
pub(crate) struct TokenForm(String);

impl TokenForm {
    pub(crate) fn new(grant: GrantType) -> Self {
        Self(String::with_capacity(USUAL_BYTES)).with("grant_type", grant.as_str())
    }

    /// Adds a parameter.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        let Self(mut form) = self;
        if !(stands_as_it_is(name) && stands_as_it_is(value)) {
            return Self(form_urlencoded::Serializer::for_suffix(form, 0).append_pair(name, value).finish());
        }
        let separator = if form.is_empty() { "" } else { "&" };
        form.extend([separator, name, "=", value]);
        Self(form)
    }

    /// Adds a parameter if there is something in it.
    pub(crate) fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) if !value.is_empty() => self.with(name, value),
            _ => self,
        }
    }

    /// These parameters, with room for as many more as authenticate a client.
    pub(super) fn copy(&self) -> Self {
        let mut copy = String::with_capacity(self.0.len() + USUAL_BYTES);
        copy.push_str(&self.0);
        Self(copy)
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.0.into()
    }
}

impl std::fmt::Debug for TokenForm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenForm(…)")
    }
}

/// A second factor is due.
#[derive(Clone, Debug)]
pub(crate) struct StepUpDue {
    pub(crate) body: MfaRequiredBody,
    /// The successor of the recovery code that was spent on the way here.
    pub(crate) recovery_code: Option<SecretString>,
}

/// What else the token endpoint answers.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// A second factor is due. Whatever the status was: servers differ.
    #[error("the tenant asks for a second factor")]
    MfaRequired(Box<StepUpDue>),
    /// Tokens came that are bound to no key, where there is one to bind them to.
    #[error("the access token is bound to no key")]
    NotBound {
        /// [`ProviderError::NotBound`].
        #[source]
        error: ProviderError,
        /// The refresh token that came with them, which takes the place of the one that was handed in.
        rotated: Option<String>,
    },
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
        let answer = self.exchange_bound(TOKEN, &metadata.token_endpoint, &form).await?;
        let tokens = meaning(&answer)?;
        if self.accepts(Some(&tokens.token_type)) {
            return Ok(tokens);
        }
        let error = ProviderError::NotBound { endpoint: TOKEN, token_type: tokens.token_type };
        Err(TokenError::NotBound { error, rotated: tokens.refresh_token })
    }

    /// Whether an access token of this type may be used: where there is a DPoP key, one that is bound to it and no other.
    pub(crate) fn accepts(&self, token_type: Option<&str>) -> bool {
        self.dpop.is_none() || token_type.is_some_and(|word| word.eq_ignore_ascii_case("DPoP"))
    }

    /// What an access token is sent with: a bound one has a scheme of its own (RFC 9449 section 7.1).
    pub(super) const fn token_scheme(&self) -> &'static str {
        if self.dpop.is_some() { "DPoP" } else { "Bearer" }
    }

    /// Revokes a refresh token (RFC 7009 section 2.1). Nothing happens where the tenant has no such endpoint.
    ///
    /// # Errors
    ///
    /// The tenant refused or cannot be reached.
    pub(crate) async fn revoke(&self, refresh_token: &str) -> Result<(), ProviderError> {
        let metadata = self.metadata().await?;
        let Some(endpoint) = &metadata.revocation_endpoint else { return Ok(()) };
        let form = TokenForm::default().with("token_type_hint", "refresh_token").with("token", refresh_token);
        let answer = self.exchange(REVOCATION, self.authenticated_form(REVOCATION, endpoint, &form)?).await?;
        if answer.status.is_success() { Ok(()) } else { Err(answer.refusal()) }
    }
}

/// Whether nothing in `text` is to be encoded in a form. Tokens are long, and mostly so: all of one is looked at at once, and
/// not letter by letter.
fn stands_as_it_is(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'*' | b'-' | b'.' | b'_');
    text.bytes().fold(true, |plain, byte| plain & is_plain(byte))
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
            TokenError::MfaRequired(Box::new(mfa_required(body, &answer.body)))
        }
        refused @ ProviderError::Refused { .. } => refused.into(),
        _ => unusable.into(),
    })
}

/// Requirements that cannot be read are as good as none: any factor is then tried, and the tenant decides.
fn mfa_required(OAuthError { error, error_description }: OAuthError, body: &[u8]) -> StepUpDue {
    let members: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    let recovery_code = text("recovery_code").map(SecretString::from);
    let body = serde_json::from_slice(body).unwrap_or_else(|_| {
        let mfa_token = text("mfa_token");
        MfaRequiredBody { error, error_description, mfa_token, mfa_requirements: None }
    });
    StepUpDue { body, recovery_code }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_encoded_where_it_must_be() {
        let form =
            |value: &str| TokenForm::new(GrantType::MfaOtp).with("otp", "123456").with("mfa_token", value).0;
        let begin = "grant_type=http%3A%2F%2Fauth0.com%2Foauth%2Fgrant-type%2Fmfa-otp&otp=123456&mfa_token=";
        for (value, encoded) in [
            ("", ""),
            ("Az09*-._", "Az09*-._"),
            ("a b", "a+b"),
            ("a+b/c=", "a%2Bb%2Fc%3D"),
            ("a&otp=1", "a%26otp%3D1"),
            ("a%20~", "a%2520%7E"),
            ("ü", "%C3%BC"),
        ] {
            assert_eq!(form(value), format!("{begin}{encoded}"));
        }
        for byte in 0..=u8::MAX {
            let (value, mut by_library) = (char::from(byte).to_string(), begin.to_owned());
            by_library.extend(form_urlencoded::byte_serialize(value.as_bytes()));
            assert_eq!(form(&value), by_library, "{byte}");
        }
        assert_eq!(TokenForm::default().with("a b", "1").0, "a+b=1");
    }
}
