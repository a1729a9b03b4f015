//! A request through the layer for axum, beside the bare handler; and the SDK's own route for the profile.

use std::convert::Infallible;

use anyhow::Context;
use axum_core::{body::Body, extract::Request, response::Response};
use futures_util::FutureExt as _;
use http::{HeaderValue, StatusCode, header::COOKIE};
use stepup::{Clock, SystemClock};
use stepup_axum::SessionLayer;
use tower::{Layer as _, Service, service_fn};

use crate::{
    report::{Figure, Promise, Raw},
    sample::in_turns,
    session,
};

const ROUNDS: usize = 20;

pub(crate) fn requests() -> anyhow::Result<[Figure; 2]> {
    let (_, cookie) = session::cookie(SystemClock.now())?;
    let mut bare = service_fn(handler);
    let mut layered = SessionLayer::new(session::builder().build()?).layer(service_fn(handler));
    let status = call(&mut layered, "/account", &cookie).context("the layer waits")?.status();
    anyhow::ensure!(status == StatusCode::OK, "the layer answers {status}");
    let status = call(&mut layered, "/auth/profile", &cookie).context("the profile waits")?.status();
    anyhow::ensure!(status == StatusCode::OK, "the profile answers {status}");

    let (with_session, alone) =
        in_turns(ROUNDS, || call(&mut layered, "/account", &cookie), || call(&mut bare, "/account", &cookie));
    let (profile, answered) = in_turns(
        ROUNDS,
        || call(&mut layered, "/auth/profile", &cookie),
        || call(&mut bare, "/auth/profile", &cookie),
    );
    Ok([
        Figure {
            name: "CPU of a request with a 2 KB session, layer for axum",
            unit: "µs",
            measured: with_session,
            raw: Some(Raw { name: "the bare handler", measured: alone }),
            promise: Some(Promise::MoreThanRaw(15.0)),
        },
        Figure {
            name: "CPU of GET /auth/profile",
            unit: "µs",
            measured: profile,
            raw: Some(Raw { name: "the bare handler", measured: answered }),
            promise: Some(Promise::AtMost(60.0)),
        },
    ])
}

async fn handler(_request: Request) -> Result<Response, Infallible> {
    Ok(Response::new(Body::from("ok")))
}

fn call<S>(service: &mut S, path: &'static str, cookie: &HeaderValue) -> Option<Response>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = http::Uri::from_static(path);
    request.headers_mut().insert(COOKIE, cookie.clone());
    match service.call(request).now_or_never()? {
        Ok(response) => Some(response),
        Err(never) => match never {},
    }
}
