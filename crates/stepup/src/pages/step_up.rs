//! `/auth/mfa/d/ID`: the page of the stage that a detour is in, and the forms that take it further.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use serde_json::json;
use stepup_seal::{base64url, digest};

use super::{
    Frame, Language, Way,
    flow::{Next, Walk},
    frame::Forms,
    notice::Stop,
    qr, say,
    views::{Choose, Code, Contact, Factors, Keep, NewApp, Push, Recovery, Step},
};
use crate::{
    client::Client,
    detour::{self, Outcome, Stage},
    mfa::MfaToken,
    session::SessionState,
    telemetry,
    web::{answer, base_url, query::parameter, return_to, same_origin},
};

/// The largest form of a page, in bytes.
const MAX_PAGE_FORM_BYTES: usize = 8 * 1024;
/// The parameter of a page with which whether the push was answered is asked first.
const POLL: &str = "poll";
/// The parameter of a page with which a form came after the step-up of this token was complete. Where the browser holds
/// something newer, that is shown.
const COMPLETE: &str = "complete";

/// `GET`: where things stand. With `poll`, asks first whether the push was answered.
pub(crate) async fn page(
    client: &Client,
    request: &Request<Bytes>,
    session: &mut SessionState,
    detour: &str,
) -> Response<Bytes> {
    let mut walk = match walk(client, request, session, detour) {
        Ok(walk) => walk,
        Err(refusal) => return *refusal,
    };
    let (headers, query) = (request.headers(), request.uri().query());
    if parameter(query, POLL).is_some() {
        let next = walk.poll().await;
        return go_on(&walk, headers, next);
    }
    let is_new = walk.detour.speak(client.config().pages.asked_in(query));
    let language = walk.detour.language(client);
    let completed = parameter(query, COMPLETE);
    if completed.is_some() && completed == walk.detour.progress.token.as_ref().map(digest_of) {
        return complete(&walk, headers, language);
    }
    let begins = walk.detour.progress.stage == Stage::Begin;
    if begins {
        walk.begin().await;
    }
    if walk.detour.progress.stage.asks_nothing() {
        return go_on(&walk, headers, Next::Page);
    }
    let frame = Frame::of(client, walk.base, headers, language);
    let stage = walk.detour.progress.stage.clone();
    let response = show(&mut walk, &frame, headers).await;
    // The token may have run out: where the page then leads to must know.
    let ended = walk.detour.progress.stage != stage;
    if !(begins || is_new || ended) {
        return response;
    }
    let held = detour::detour_cookies(headers, &walk.detour.id);
    answer::with_cookies(response, client.write_detour(walk.base, &held, &walk.detour))
}

/// `POST`: one of the forms. Answers with a redirect to where things stand then.
pub(crate) async fn form(
    client: &Client,
    request: &Request<Bytes>,
    session: &mut SessionState,
    detour: &str,
) -> Response<Bytes> {
    if let Some(refusal) = refusal(client, request) {
        return refusal;
    }
    let mut walk = match walk(client, request, session, detour) {
        Ok(walk) => walk,
        Err(refusal) => return *refusal,
    };
    let fields: Vec<(String, String)> = form_urlencoded::parse(request.body()).into_owned().collect();
    let next = act(&mut walk, &fields).await;
    let progress = &walk.detour.progress;
    let waits = matches!(progress.stage, Stage::Push { outcome: Outcome::Waiting, .. })
        && progress.problem.is_none()
        && next != Next::Complete;
    let response = go_on(&walk, request.headers(), next);
    if wants_json(request.headers()) { as_json(response, waits) } else { response }
}

/// Why a form is not looked at: not from one of our pages, or not a form of theirs.
pub(super) fn refusal(client: &Client, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let (headers, query) = (request.headers(), request.uri().query());
    let base = match base_url::of(client, headers) {
        Ok(base) => base,
        Err(error) => return Some(answer::text(StatusCode::BAD_REQUEST, error.to_string())),
    };
    let status = if !same_origin::is_own_page(base, headers) {
        telemetry::cross_origin_refused(same_origin::OTHER_PAGE);
        StatusCode::FORBIDDEN
    } else if !headers.get(header::CONTENT_TYPE).is_some_and(|value| detour::is_form(value.as_bytes())) {
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    } else if request.body().len() > MAX_PAGE_FORM_BYTES {
        StatusCode::PAYLOAD_TOO_LARGE
    } else {
        return None;
    };
    let home = base_url::home(client, base);
    let stop = Stop {
        status,
        words: |texts| (&texts.foreign_heading, &texts.foreign_text),
        needs: &[],
        way_on: (&home, |texts| &texts.to_the_start),
        other: None,
    };
    Some(client.stop(base, headers, client.config().pages.asked_in(query), &stop))
}

/// The detour of the request.
fn walk<'a>(
    client: &'a Client,
    request: &Request<Bytes>,
    session: &'a mut SessionState,
    detour: &str,
) -> Result<Walk<'a>, Box<Response<Bytes>>> {
    let (headers, query) = (request.headers(), request.uri().query());
    let base = base_url::of(client, headers)
        .map_err(|error| Box::new(answer::text(StatusCode::BAD_REQUEST, error.to_string())))?;
    match client.open_detour(headers, detour, session.session()) {
        Ok(detour) => Ok(Walk { client, base, session, detour }),
        Err(why) => {
            let asked = client.config().pages.asked_in(query);
            Err(Box::new(client.no_detour(base, headers, asked, detour, why)))
        }
    }
}

/// What the form asks for. One that the stage has no use for, because it was sent twice or from an old page, changes nothing.
async fn act(walk: &mut Walk<'_>, fields: &[(String, String)]) -> Next {
    let field = |wanted: &str| {
        fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    walk.detour.progress.problem = None;
    match (field("action"), &walk.detour.progress.stage) {
        ("cancel", _) => {
            walk.give_up();
            Next::Leave
        }
        (_, stage) if stage.asks_nothing() => Next::Page,
        ("kept", Stage::Keep { .. }) => walk.kept(!field("saved").is_empty()),
        (_, Stage::Keep { .. }) => Next::Page,
        ("other", _) => walk.other(),
        ("use", _) => walk.use_authenticator(field("authenticator")).await,
        ("add", _) => walk.add(field("factor")).await,
        ("contact", Stage::Contact { way: Way::Email, .. }) => walk.contact(Way::Email, field("email")).await,
        ("contact", Stage::Contact { .. }) => {
            let way = if field("channel") == "voice" { Way::Voice } else { Way::Sms };
            walk.contact(way, field("phone")).await
        }
        ("code", _) => walk.code(field("code")).await,
        ("poll", _) => walk.poll().await,
        ("resend", _) => walk.resend().await,
        _ => Next::Page,
    }
}

/// Where the browser goes after an action, with what is to be remembered.
fn go_on(walk: &Walk<'_>, headers: &HeaderMap, next: Next) -> Response<Bytes> {
    let Walk { client, base, detour, .. } = walk;
    let done = detour.progress.stage == Stage::Done;
    if next == Next::Leave || (done && next == Next::Page && !detour.has_form) {
        let to = if done { detour.way_back() } else { detour.way_out().into() };
        let response = answer::see_other(&return_to::address(&to, base)[url::Position::BeforePath..]);
        return answer::with_cookies(response, client.forget_detour(base, headers, &detour.id));
    }
    if next == Next::Complete {
        // What the detour has come to since is in the browser, and stays there.
        let completed = detour.progress.token.as_ref().map(digest_of).unwrap_or_default();
        let here = client.detour_path(base, "", &detour.id);
        return answer::see_other(&format!("{here}?{COMPLETE}={completed}"));
    }
    let response = match next {
        Next::Login(demand) => answer::see_other(&client.detour_login(base, detour, &demand)),
        _ if detour.progress.stage.asks_nothing() => {
            answer::see_other(&client.detour_path(base, "/resume", &detour.id))
        }
        _ => answer::see_other(&client.detour_path(base, "", &detour.id)),
    };
    let held = detour::detour_cookies(headers, &detour.id);
    answer::with_cookies(response, client.write_detour(base, &held, detour))
}

/// The page of the stage.
async fn show(walk: &mut Walk<'_>, frame: &Frame<'_>, headers: &HeaderMap) -> Response<Bytes> {
    let (client, base) = (walk.client, walk.base);
    let step = step(walk, frame);
    let page = |html: String| client.page(StatusCode::OK, frame, Forms::Ours, html);
    let templates = client.config().pages.writer();
    match walk.detour.progress.stage.clone() {
        Stage::Choose => match walk.ways().await {
            Some(ways) => {
                let choices = ways.iter().map(|(way, one)| say::choice(frame.texts, *way, one)).collect();
                page(templates.choose(&Choose { frame, step: &step, choices }))
            }
            None => stopped(walk, headers, Some(frame.language)),
        },
        Stage::Factors => {
            let choices = walk.factors().into_iter().filter_map(|factor| say::factor(frame.texts, factor));
            page(templates.factors(&Factors { frame, step: &step, choices: choices.collect() }))
        }
        Stage::Contact { way, value } => {
            page(templates.contact(&Contact { frame, step: &step, way, value: &value }))
        }
        Stage::Code { way, to, again, new, sent_at, .. } => {
            let lead = say::lead(frame, way, to.as_deref());
            let resend_in = (again.is_some() || new).then(|| walk.resend_in(sent_at).as_secs());
            page(templates.code(&Code { frame, step: &step, lead, resend_in }))
        }
        Stage::NewApp { secret, barcode_uri, .. } => {
            let qr = qr::svg(&barcode_uri, &frame.texts.qr_label);
            page(templates.new_app(&NewApp {
                frame,
                step: &step,
                secret: &secret,
                barcode_uri: &barcode_uri,
                qr,
            }))
        }
        Stage::Push { to, barcode_uri, sent_at, outcome, .. } => page(templates.push(&Push {
            frame,
            step: &step,
            lead: say::push_lead(frame.texts, to.as_deref(), barcode_uri.is_some()),
            waits: outcome == Outcome::Waiting,
            poll_address: format!("{}?{POLL}=1", step.address),
            qr: barcode_uri.as_deref().and_then(|uri| qr::svg(uri, &frame.texts.qr_label)),
            barcode_uri: barcode_uri.as_deref(),
            resend_in: walk.resend_in(sent_at).as_secs(),
        })),
        Stage::Recovery => page(templates.recovery(&Recovery { frame, step: &step })),
        Stage::Keep { recovery_code, .. } => {
            page(templates.keep(&Keep { frame, step: &step, recovery_code: &recovery_code }))
        }
        Stage::Begin | Stage::Nothing | Stage::Over => stopped(walk, headers, Some(frame.language)),
        Stage::ByLogin(_) | Stage::Done | Stage::Elsewhere => {
            answer::see_other(&client.detour_path(base, "/resume", &walk.detour.id))
        }
    }
}

/// What the pages of this step-up share.
fn step(walk: &Walk<'_>, frame: &Frame<'_>) -> Step {
    let progress = &walk.detour.progress;
    let (problem, news) = say::problem(frame.texts, progress, walk.client.now());
    let adds = progress.stage.adds() && progress.stage != Stage::Factors;
    Step {
        address: walk.client.detour_path(walk.base, "", &walk.detour.id),
        problem,
        news,
        other_ways: (adds && walk.factors().len() > 1)
            || (!progress.stage.adds() && progress.other_ways && progress.stage != Stage::Choose),
    }
}

/// Where nothing more can be done here: what happened, and the way on.
fn stopped(walk: &Walk<'_>, headers: &HeaderMap, language: Option<Language>) -> Response<Bytes> {
    let Walk { client, base, detour, .. } = walk;
    let here = client.detour_path(base, "", &detour.id);
    let resume = client.detour_path(base, "/resume", &detour.id);
    let manage = client.pages_path(base, "/manage");
    // Whoever is not logged in would have to prove first what they do not have.
    let can_add = walk.session.session().is_some() && !detour.progress.own;
    let stop = match detour.progress.stage {
        Stage::Nothing => Stop {
            status: StatusCode::FORBIDDEN,
            words: |texts| (&texts.nothing_heading, &texts.nothing_text),
            needs: &detour.progress.wanted,
            way_on: client.way_out_of(base, detour),
            other: can_add.then_some((&manage, |texts| &texts.manage_heading)),
        },
        Stage::Over => Stop {
            status: StatusCode::GONE,
            words: |texts| (&texts.expired_heading, &texts.expired_text),
            needs: &[],
            way_on: (&resume, |texts| &texts.begin_again),
            other: Some(client.way_out_of(base, detour)),
        },
        _ => Stop {
            status: StatusCode::BAD_GATEWAY,
            words: |texts| (&texts.unavailable_heading, &texts.unavailable_text),
            needs: &[],
            way_on: (&here, |texts| &texts.try_again),
            other: Some(client.way_out_of(base, detour)),
        },
    };
    client.stop(base, headers, language, &stop)
}

/// Names a step-up in an address.
fn digest_of(token: &MfaToken) -> String {
    base64url::encode(&digest::sha256(token.as_str().as_bytes())[..6])
}

/// A form came after the step-up that it was for was complete.
fn complete(walk: &Walk<'_>, headers: &HeaderMap, language: Option<Language>) -> Response<Bytes> {
    let Walk { client, base, detour, .. } = walk;
    let stop = Stop {
        status: StatusCode::OK,
        words: |texts| (&texts.complete_heading, &texts.complete_text),
        needs: &[],
        way_on: (&detour.return_to, |texts| &texts.back_to_the_page),
        other: None,
    };
    client.stop(base, headers, language, &stop)
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes() == b"application/json")
}

/// What the page's own script hears of a push: to go on waiting, or where to go.
fn as_json(redirect: Response<Bytes>, waits: bool) -> Response<Bytes> {
    let (mut parts, _) = redirect.into_parts();
    let location = parts.headers.remove(header::LOCATION);
    let location = location.filter(|_| !waits).and_then(|location| location.to_str().ok().map(str::to_owned));
    let mut response = answer::json(StatusCode::OK, &json!({ "location": location }));
    response.headers_mut().extend(parts.headers);
    response
}
