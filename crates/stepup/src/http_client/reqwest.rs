//! [`HttpClient`] on `reqwest`.

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{Request, Response};

use super::{HttpClient, HttpError, MAX_RESPONSE_BYTES};

/// The default: pooled connections over HTTP/1.1 and rustls; no redirects, no proxy from the environment.
#[derive(Clone, Debug)]
pub struct ReqwestClient(::reqwest::Client);

impl ReqwestClient {
    /// A client with the settings that the SDK needs.
    ///
    /// # Errors
    ///
    /// [`HttpError::Connection`] where the TLS backend cannot start.
    pub fn new() -> Result<Self, HttpError> {
        Self::from_builder(::reqwest::Client::builder().no_proxy())
    }

    /// As [`ReqwestClient::new`], but through the proxies that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name.
    ///
    /// # Errors
    ///
    /// As [`ReqwestClient::new`].
    pub fn with_environment_proxy() -> Result<Self, HttpError> {
        Self::from_builder(::reqwest::Client::builder())
    }

    /// A client of your own making, for a private CA or a client certificate. Redirects are turned off.
    ///
    /// # Errors
    ///
    /// As [`ReqwestClient::new`].
    pub fn from_builder(builder: ::reqwest::ClientBuilder) -> Result<Self, HttpError> {
        builder.redirect(::reqwest::redirect::Policy::none()).build().map(Self).map_err(connection)
    }
}

impl HttpClient for ReqwestClient {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        Box::pin(async move {
            let request = ::reqwest::Request::try_from(request).map_err(connection)?;
            let mut answer = self.0.execute(request).await.map_err(connection)?;
            let mut body = BytesMut::new();
            while let Some(chunk) = answer.chunk().await.map_err(connection)? {
                if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
                    return Err(HttpError::TooLarge);
                }
                body.extend_from_slice(&chunk);
            }
            let mut response = Response::new(body.freeze());
            *response.status_mut() = answer.status();
            *response.headers_mut() = std::mem::take(answer.headers_mut());
            Ok(response)
        })
    }
}

/// The address is left out of the error: a query may hold secrets.
fn connection(error: ::reqwest::Error) -> HttpError {
    HttpError::Connection(Box::new(error.without_url()))
}
