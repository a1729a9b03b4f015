//! The token endpoint: grant types and its success answer (RFC 6749 sections 4 to 6).

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Visitor},
};

use crate::scope::Scopes;

/// What a token request hands in for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum GrantType {
    /// A code from `/authorize` (RFC 6749 section 4.1.3).
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// The client's own credentials (RFC 6749 section 4.4).
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// An out-of-band challenge.
    #[serde(rename = "http://auth0.com/oauth/grant-type/mfa-oob")]
    MfaOob,
    /// A one-time code.
    #[serde(rename = "http://auth0.com/oauth/grant-type/mfa-otp")]
    MfaOtp,
    /// The recovery code.
    #[serde(rename = "http://auth0.com/oauth/grant-type/mfa-recovery-code")]
    MfaRecoveryCode,
    /// User name and password against the default directory (RFC 6749 section 4.3).
    #[serde(rename = "password")]
    Password,
    /// User name and password against a named connection.
    #[serde(rename = "http://auth0.com/oauth/grant-type/password-realm")]
    PasswordRealm,
    /// A refresh token (RFC 6749 section 6).
    #[serde(rename = "refresh_token")]
    RefreshToken,
}

impl GrantType {
    /// Every grant type that both ends know.
    pub const ALL: [Self; 8] = [
        Self::AuthorizationCode,
        Self::ClientCredentials,
        Self::MfaOob,
        Self::MfaOtp,
        Self::MfaRecoveryCode,
        Self::Password,
        Self::PasswordRealm,
        Self::RefreshToken,
    ];

    /// The value of `grant_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::MfaOob => "http://auth0.com/oauth/grant-type/mfa-oob",
            Self::MfaOtp => "http://auth0.com/oauth/grant-type/mfa-otp",
            Self::MfaRecoveryCode => "http://auth0.com/oauth/grant-type/mfa-recovery-code",
            Self::Password => "password",
            Self::PasswordRealm => "http://auth0.com/oauth/grant-type/password-realm",
            Self::RefreshToken => "refresh_token",
        }
    }

    /// The grant type that `value` names.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == value)
    }
}

impl fmt::Display for GrantType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The success answer of the token endpoint. Prints none of its tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The access token: a JWT for an API, opaque for userinfo alone.
    pub access_token: String,
    /// The refresh token, if one was granted or rotated. An empty one is none, as some servers write it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "not_empty")]
    pub refresh_token: Option<String>,
    /// The ID token, if `openid` was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// What was granted; absent where nothing that was asked for was, and in some answers that grant all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scopes>,
    /// Life of the access token in seconds. Some servers write it as a string.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "seconds")]
    pub expires_in: Option<u64>,
    /// `Bearer` or `DPoP`.
    pub token_type: String,
    /// The new recovery code, after the old one was used to verify. Shown to the user once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_code: Option<String>,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenResponse")
            .field("scope", &self.scope)
            .field("expires_in", &self.expires_in)
            .field("token_type", &self.token_type)
            .field("has_refresh_token", &self.refresh_token.is_some())
            .field("has_id_token", &self.id_token.is_some())
            .finish_non_exhaustive()
    }
}

fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// By hand, as what serde derives for one form or the other keeps a copy of the value to try them in turn.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct NumberOrText;

    impl Visitor<'_> for NumberOrText {
        type Value = Option<u64>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a number of seconds, in digits or as a string")
        }

        fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Option<u64>, E> {
            Ok(Some(seconds))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<u64>, E> {
            text.parse().map(Some).map_err(E::custom)
        }

        fn visit_unit<E: de::Error>(self) -> Result<Option<u64>, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(NumberOrText)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grant_types_round_trip() {
        for grant in GrantType::ALL {
            assert_eq!(GrantType::parse(grant.as_str()), Some(grant));
            assert_eq!(serde_json::to_value(grant).unwrap(), grant.as_str());
        }
        assert_eq!(GrantType::parse("implicit"), None);
    }

    #[test]
    fn seconds_may_be_a_string_or_null() {
        let life = |written: &str| {
            let answer = format!(r#"{{"access_token":"a","expires_in":{written},"token_type":"Bearer"}}"#);
            serde_json::from_str::<TokenResponse>(&answer).map(|answer| answer.expires_in).ok()
        };
        assert_eq!(life("86400"), Some(Some(86_400)));
        assert_eq!(life(r#""86400""#), Some(Some(86_400)));
        assert_eq!(life("null"), Some(None));
        for refused in ["-1", "1.5", "true", r#""soon""#, "[1]"] {
            assert_eq!(life(refused), None, "{refused}");
        }
    }

    #[test]
    fn an_empty_refresh_token_is_none() {
        for (written, read) in [(r#""""#, None), ("null", None), (r#""r""#, Some("r"))] {
            let answer = format!(r#"{{"access_token":"a","refresh_token":{written},"token_type":"Bearer"}}"#);
            let answer: TokenResponse = serde_json::from_str(&answer).unwrap();
            assert_eq!(answer.refresh_token.as_deref(), read, "{written}");
        }
    }

    #[test]
    fn no_token_is_printed() {
        let answer = r#"{"access_token":"a-token","token_type":"Bearer"}"#;
        let answer: TokenResponse = serde_json::from_str(answer).unwrap();
        assert!(!format!("{answer:?}").contains("a-token"));
    }
}
