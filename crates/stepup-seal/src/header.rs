//! The protected header that JWS and JWE share: bounded, its members unique, its extensions refused.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::base64url;

/// Longest header segment that is decoded, in characters.
const MAX_CHARACTERS: usize = 8 * 1024;

/// Members that change how a token is to be read; a reader that went on without them would misread it.
const REFUSED: [&str; 3] = ["crit", "zip", "b64"];

/// A protected header that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// It is longer than any that is in use.
    #[error("the protected header has {0} characters, more than the {MAX_CHARACTERS} that are read")]
    TooLarge(usize),
    /// It is not base64url.
    #[error("the protected header is not base64url")]
    Encoding(#[source] base64url::DecodeError),
    /// It is not a JSON object with unique members.
    #[error("the protected header is not a JSON object with unique members")]
    Json(#[source] serde_json::Error),
    /// It carries an extension that is not supported.
    #[error("the protected header carries `{0}`, which is not supported")]
    Extension(&'static str),
    /// A member has the wrong type or is absent.
    #[error("the protected header has no usable `{0}`")]
    Member(&'static str),
}

/// Reads a header segment.
pub(crate) fn parse(segment: &str) -> Result<Map<String, Value>, HeaderError> {
    if segment.len() > MAX_CHARACTERS {
        return Err(HeaderError::TooLarge(segment.len()));
    }
    let bytes = base64url::decode(segment).map_err(HeaderError::Encoding)?;
    let Unique(members) = serde_json::from_slice(&bytes).map_err(HeaderError::Json)?;
    match REFUSED.into_iter().find(|name| members.contains_key(*name)) {
        Some(name) => Err(HeaderError::Extension(name)),
        None => Ok(members),
    }
}

/// A member that is a string or absent.
pub(crate) fn text<'h>(
    header: &'h Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'h str>, HeaderError> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(HeaderError::Member(name)),
    }
}

/// An object whose members have different names (RFC 7515 section 4).
struct Unique(Map<String, Value>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Unique;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Unique, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(de::Error::custom("a member occurs twice"));
                    }
                }
                Ok(Unique(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}
