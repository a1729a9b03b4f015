//! Who is logged in.

use std::sync::Arc;

use axum_core::extract::FromRequestParts;
use http::request::Parts;
use serde_json::{Map, Value};

use crate::{SessionRejection, session::Handle};

/// The logged-in user: the claims of the ID token, as the request found them.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    claims: Arc<Map<String, Value>>,
}

impl User {
    /// The user's id (`sub`).
    #[must_use]
    pub fn subject(&self) -> &str {
        self.text("sub").unwrap_or_default()
    }

    /// The name to show.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// The e-mail address.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// The address of a portrait.
    #[must_use]
    pub fn picture(&self) -> Option<&str> {
        self.text("picture")
    }

    /// The claim of that name.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// All claims.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Handle::of(parts)?.user().map(|claims| Self { claims })
    }
}
