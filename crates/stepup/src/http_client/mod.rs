//! How requests reach the tenant: one method over `http::Request`.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};

#[cfg(feature = "reqwest")]
mod reqwest;

#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestClient;

/// The largest body that is read from the tenant: 1 MiB.
pub const MAX_RESPONSE_BYTES: usize = 1 << 20;

/// Sends a request to the tenant.
///
/// An implementation follows no redirect (a redirected token request would carry its secrets elsewhere), stops reading
/// a body at [`MAX_RESPONSE_BYTES`] with [`HttpError::TooLarge`], and checks certificates. The time-out is kept by the
/// caller, which drops the future.
///
/// Headers with credentials are marked sensitive, so their `Debug` may be logged. Bodies may not: they hold tokens, codes and
/// the client's secret.
pub trait HttpClient: Send + Sync + std::fmt::Debug {
    /// One exchange. Statuses of 4xx and 5xx are answers, not errors.
    ///
    /// # Errors
    ///
    /// What kept the answer from arriving whole.
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>>;
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// No connection, or it broke.
    #[error("the connection failed")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer took longer than the configured time-out.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(std::time::Duration),
    /// The body is larger than [`MAX_RESPONSE_BYTES`].
    #[error("the answer is larger than {MAX_RESPONSE_BYTES} bytes")]
    TooLarge,
}
