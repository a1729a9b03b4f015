//! The step between the tenant and the callback where the session's cookie is `SameSite=Strict`.
//!
//! A browser that another site sends here leaves that cookie behind, and does so at every redirect from here on. So the
//! callback is answered with a page that leads to the same address once more: that request comes from a page of ours, and
//! brings everything along. Nothing is read or spent before it.

use askama::Template;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use url::Url;

use super::base_url;
use crate::{
    client::Client,
    config::SameSite,
    pages::{self, Frame},
};

/// The page, where the browser says that it was sent here by another site.
pub(super) fn come_again(client: &Client, request: &Request<Bytes>, base: &Url) -> Option<Response<Bytes>> {
    let is_strict = client.config().session_cookie.attributes.same_site == SameSite::Strict;
    let site = request.headers().get("sec-fetch-site")?;
    (is_strict && site == "cross-site").then(|| page(client, request, base))
}

#[derive(Template)]
#[template(path = "come_again.html")]
struct Page<'a> {
    frame: &'a Frame<'a>,
    /// This address.
    here: &'a str,
}

fn page(client: &Client, request: &Request<Bytes>, base: &Url) -> Response<Bytes> {
    let frame = Frame::of(client, base, request.headers(), None);
    let mut here = base_url::route(client, base, &client.config().routes.callback);
    here.set_query(request.uri().query());
    let page = Page { frame: &frame, here: &here[url::Position::BeforePath..] };
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        frame.nonce
    );
    let vary = "accept-language, cookie, sec-fetch-site";
    // The address holds the code and the state of this login.
    pages::page(StatusCode::OK, pages::render(&page), &policy, "no-referrer", vary)
}
