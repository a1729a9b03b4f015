//! The parts of a request: path, query and body, read under one set of rules.

use axum::extract::{FromRequest, FromRequestParts, Path};
use bytes::Bytes;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    error::Failure,
    schema::{Kind, Schema},
};

/// The variable segments of the path.
pub(crate) struct Ids<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Ids<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(ids)) => Ok(Self(ids)),
            Err(rejection) => Err(Failure::Uri(format!("'{}'", rejection.body_text()))),
        }
    }
}

/// A body that is not read yet: whether the caller may call comes first.
pub(crate) struct Payload(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Payload {
    type Rejection = Failure;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Failure> {
        // The server has read it whole, within its limits.
        Ok(Self(Bytes::from_request(request, state).await.unwrap_or_default()))
    }
}

impl Payload {
    /// The body as an object of this schema.
    ///
    /// # Errors
    /// It is no JSON, or not such an object.
    pub(crate) fn object(&self, schema: &Schema) -> Result<Map<String, Value>, Failure> {
        schema.check(self.json()?)
    }

    /// The body as a value of this kind.
    ///
    /// # Errors
    /// It is no JSON, or not such a value.
    pub(crate) fn value(&self, kind: &Kind) -> Result<Value, Failure> {
        kind.check(self.json()?)
    }

    fn json(&self) -> Result<Value, Failure> {
        // No body is an empty one.
        if self.0.trim_ascii().is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        serde_json::from_slice(&self.0).map_err(Failure::PayloadJson)
    }
}

/// The query parameters in the order they came.
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

impl Query {
    /// Makes sure that there are no parameters but these.
    ///
    /// # Errors
    /// There are.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Failure> {
        let unknown: Vec<_> =
            self.0.iter().map(|(name, _)| name.as_str()).filter(|name| !names.contains(name)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(Failure::Query(format!("'Additional properties not allowed: {}'", unknown.join(","))))
    }

    /// The value of a parameter; an empty one counts as absent.
    ///
    /// # Errors
    /// It comes twice.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Failure> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(mistyped("string", "array", name));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// Every value of a parameter that may come several times.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is `true` or `false`.
    ///
    /// # Errors
    /// It is neither.
    pub(crate) fn truth(&self, name: &str) -> Result<Option<bool>, Failure> {
        match self.text(name)? {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(mistyped("boolean", "string", name)),
        }
    }

    /// A parameter that is a whole number from `least` to `most`.
    ///
    /// # Errors
    /// It is not.
    pub(crate) fn number(&self, name: &str, least: u32, most: u32) -> Result<Option<u32>, Failure> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let number: i64 = text.parse().map_err(|_| mistyped("integer", "string", name))?;
        match u32::try_from(number) {
            Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ if number < i64::from(least) => Err(Failure::Query(format!(
                "'Value {number} is less than minimum {least}' on property {name}"
            ))),
            _ => Err(Failure::Query(format!(
                "'Value {number} is greater than maximum {most}' on property {name}"
            ))),
        }
    }

    /// A parameter that is one of these words.
    ///
    /// # Errors
    /// It is another.
    pub(crate) fn word(&self, name: &str, words: &[&str]) -> Result<Option<&str>, Failure> {
        let text = self.text(name)?;
        match text {
            Some(text) if !words.contains(&text) => {
                Err(Failure::Query(format!("'No enum match for: {text}' on property {name}")))
            }
            text => Ok(text),
        }
    }
}

fn mistyped(expected: &str, found: &str, name: &str) -> Failure {
    Failure::Query(format!("'Expected type {expected} but found type {found}' on property {name}"))
}
