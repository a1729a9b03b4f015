//! The MFA routes.

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::answer;
use crate::{client::Client, session::SessionState};

macro_rules! soon {
    ($($name:ident),*) => {$(
        pub(super) async fn $name(_client: &Client, _request: &Request<Bytes>, _session: &mut SessionState) -> Response<Bytes> {
            answer::empty(StatusCode::NOT_IMPLEMENTED)
        }
    )*};
}
soon!(associate, authenticators, challenge, verify);

pub(super) async fn delete(
    _client: &Client,
    _request: &Request<Bytes>,
    _session: &mut SessionState,
    _id: Option<&str>,
) -> Response<Bytes> {
    answer::empty(StatusCode::NOT_IMPLEMENTED)
}
