//! `/continue`: the browser returns from where an Action sent it, by a link or by a form of the other site.

use std::collections::BTreeMap;

use axum::{
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use super::{
    cookies, path,
    resume::{self, Returned},
    visit::{Lost, Visit},
};
use crate::{
    oauth::{authorize::request::Parameters, params::Params},
    pipeline::header_text,
    state::Shared,
};

/// By a link.
pub(super) async fn by_link(State(shared): State<Shared>, request: Request) -> Result<Response, Lost> {
    let query = in_query(&shared, &request)?;
    let visit = Visit::open(shared, request).await?;
    Box::pin(resume::come_back(visit, Returned { query, body: BTreeMap::new() })).await
}

/// By a form. Where the form is another site's, the browser may have kept this site's cookies to itself: then it is asked
/// to follow a link with the same parameters, with which it sends them.
pub(super) async fn by_form(State(shared): State<Shared>, request: Request) -> Result<Response, Lost> {
    let query = in_query(&shared, &request)?;
    let (parts, body) = request.into_parts();
    let lost = |shared: &Shared| Lost::Transaction(shared.clone(), None);
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), &());
    let body = body.await.map_err(|_| lost(&shared))?;
    let posted = Params::from_body(header_text(&parts.headers, header::CONTENT_TYPE), &body);
    let posted = posted.map_err(|_| lost(&shared))?.into_texts();
    // A form whose address carries the state need not repeat it.
    let mut all = query.clone();
    all.extend(posted.clone());
    if !all.contains_key("state") {
        return Err(lost(&shared));
    }
    let link = link(&all);
    if cookies::browser(&parts.headers).is_none() {
        let location = HeaderValue::from_str(&link).map_err(|_| lost(&shared))?;
        return Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response());
    }
    let mut found = parts;
    found.method = http::Method::GET;
    found.uri = link.parse().map_err(|_| lost(&shared))?;
    let mut visit = Visit::open(shared, Request::from_parts(found, axum::body::Body::empty())).await?;
    "POST".clone_into(&mut visit.caller.method);
    Box::pin(resume::come_back(visit, Returned { query, body: posted })).await
}

fn in_query(shared: &Shared, request: &Request) -> Result<Parameters, Lost> {
    let query = Params::from_form(request.uri().query().unwrap_or_default());
    query.map(Params::into_texts).map_err(|_| Lost::Transaction(shared.clone(), None))
}

fn link(parameters: &Parameters) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{}?{query}", path::CONTINUE)
}
