//! The claims of ID tokens and access tokens (OIDC Core section 2, RFC 7519 section 4).

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor, value::SeqAccessDeserializer},
};
use serde_json::{Map, Value};

use crate::time::UnixTime;

/// The `acr` and `acr_values` word for a second factor.
pub const ACR_MULTI_FACTOR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

/// `aud`: one audience or several (RFC 7519 section 4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Audience {
    /// Written as a string.
    One(String),
    /// Written as an array.
    Many(Vec<String>),
}

impl Audience {
    /// Whether `audience` is the one, or among them.
    #[must_use]
    pub fn contains(&self, audience: &str) -> bool {
        self.iter().any(|held| held == audience)
    }

    /// The audiences.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(audience) => std::slice::from_ref(audience),
            Self::Many(audiences) => audiences.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }
}

/// By hand, as what serde derives for it keeps a copy of the value to try one form after the other.
impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Audience;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an audience or an array of audiences")
            }

            fn visit_str<E: de::Error>(self, audience: &str) -> Result<Audience, E> {
                Ok(Audience::One(audience.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, audiences: A) -> Result<Audience, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(audiences)).map(Audience::Many)
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

/// The claims of an ID token: those that the protocol gives a meaning, and the profile as it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// The issuer, exactly.
    pub iss: String,
    /// The user.
    pub sub: String,
    /// The client, and others.
    pub aud: Audience,
    /// Not to be accepted from then on.
    pub exp: UnixTime,
    /// When it was issued.
    pub iat: UnixTime,
    /// Not to be accepted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<UnixTime>,
    /// What the authorization request carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The party it was issued to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// When the user last proved who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<UnixTime>,
    /// The class of the authentication: [`ACR_MULTI_FACTOR`] after a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// How the user proved it: holds `mfa` after a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// The tenant's session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Half of the access token's hash (OIDC Core section 3.1.3.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// The organization the user logged in to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_id: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_name: Option<String>,
    /// Everything else: the profile and custom claims.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The claims of an access token for an API (Auth0's `access_token` dialect).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The user, or `{client_id}@clients`.
    pub sub: String,
    /// The API, and userinfo when `openid` was granted.
    pub aud: Audience,
    /// When it was issued.
    pub iat: UnixTime,
    /// Not to be accepted from then on.
    pub exp: UnixTime,
    /// The client.
    pub azp: String,
    /// What was granted, space-separated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// `password`, `client-credentials` or `refresh_token`, on those grants only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gty: Option<String>,
    /// The id of this token, in the `rfc9068_profile` dialect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// Custom claims.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl AccessTokenClaims {
    /// Thumbprint of the key that the token is bound to: `cnf.jkt` (RFC 9449 section 6.1).
    #[must_use]
    pub fn bound_to(&self) -> Option<&str> {
        self.other.get("cnf")?.get("jkt")?.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_are_one_or_many() {
        let one: Audience = serde_json::from_str(r#""app""#).unwrap();
        let many: Audience = serde_json::from_str(r#"["api","https://t.example/userinfo"]"#).unwrap();
        assert!(one.contains("app") && !one.contains("api"));
        assert!(many.contains("api"));
        assert!(
            serde_json::from_str::<Audience>("7").is_err()
                && serde_json::from_str::<Audience>("[7]").is_err()
        );
        assert_eq!(serde_json::to_string(&one).unwrap(), r#""app""#);
        assert_eq!(many.iter().count(), 2);
    }
}
