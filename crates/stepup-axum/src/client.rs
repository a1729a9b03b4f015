//! The SDK's client, as handlers take it.

use std::ops::Deref;

use axum_core::extract::FromRequestParts;
use http::request::Parts;

use crate::{SessionRejection, session::Handle};

/// The client of the [`SessionLayer`](crate::SessionLayer) around the handler.
#[derive(Clone, Debug)]
pub struct Client(pub stepup::Client);

impl Deref for Client {
    type Target = stepup::Client;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Handle::of(parts)?.client().clone()))
    }
}
