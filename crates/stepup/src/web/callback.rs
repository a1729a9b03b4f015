//! `GET /auth/callback`: back from the tenant.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use stepup_seal::Format;
use url::Url;

use super::{
    Body, answer, base_url,
    login::STEP_UP,
    login_ended::{self, Ended, Ways},
    navigation::wants_page,
    popup, return_to, strict,
};
use crate::{
    client::Client,
    detour::{Detour, Wish},
    login::{CallbackError, CallbackOutcome, CallbackParameters},
    mfa::MfaRequired,
    pages::{Frame, WayOn},
    session::{Session, SessionState},
    telemetry,
    transaction::{Popup, Transaction},
};

pub(super) async fn answer(
    client: &Client,
    request: &Request<Bytes>,
    state: &mut SessionState,
) -> Response<Body> {
    let parameters = CallbackParameters::parse(request.uri().query().unwrap_or(""));
    let known = base_url::of(client, request.headers()).map_err(|_| CallbackError::UnknownHost);
    let base = known.as_ref().copied().unwrap_or_else(|_| base_url::first(client));
    if let Some(page) = strict::come_again(client, request, base) {
        return page.map(Body::from);
    }
    let found = known.and_then(|_| transaction(client, &parameters, request.headers()));
    let (return_to, transaction, mut result) = match found {
        Ok(transaction) => {
            let redirect_uri = base_url::route(client, base, &client.config().routes.callback);
            let result = client
                .complete_login(&transaction, &parameters, redirect_uri.as_str(), state.session())
                .await;
            (return_to::address(&transaction.return_to, base), Some(transaction), result)
        }
        Err(error) => (return_to::address(&base_url::home(client, base), base), None, Err(error)),
    };
    let popup = transaction.as_ref().and_then(|transaction| transaction.popup.as_ref());
    let steps_up = transaction.as_ref().is_some_and(Transaction::steps_up);
    let replayed = result.as_ref().err().and_then(|error| replayed(error, &parameters, state, client, base));
    let visit = Visit {
        headers: request.headers(),
        base,
        state,
        step_up: transaction.as_ref().filter(|_| steps_up),
        replayed,
        return_to: &return_to,
        popup,
    };
    let response = respond(client, &mut result, &visit).await.map(Body::from);
    if let Ok(mut session) = result {
        if let Some(transaction) = transaction.as_ref().filter(|_| client.sealer().format() == Format::Stepup)
        {
            session.mark_login(&transaction.state, &transaction.return_to);
        }
        client.before_saving(&mut session);
        if steps_up && state.session().is_some() {
            state.go_on_with(session);
        } else {
            state.begin(session);
        }
    }
    // A transaction is good for one callback, however it ends. A login that is not ours leaves the others alone.
    let forgotten =
        transaction.as_ref().map(|transaction| client.forget(&transaction.state, request.headers()));
    let response = answer::with_cookies(response, forgotten.into_iter().flatten());
    answer::private(client.finish_or(response, state, || match popup {
        Some(popup) => {
            let frame = Frame::of(client, base, request.headers(), None);
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            popup::closing_page(&frame, status, popup, Err(popup::Failure::TOO_LARGE), &return_to)
        }
        None => {
            let again = client.login_path_at(base, &return_to[url::Position::BeforePath..]);
            let ways = Ways { again: &again, other: None };
            login_ended::answer(client, request.headers(), Ended::TOO_LARGE, ways)
        }
    }))
}

/// The login that the callback is for.
fn transaction(
    client: &Client,
    parameters: &CallbackParameters,
    headers: &HeaderMap,
) -> Result<Transaction, CallbackError> {
    client.remembered(parameters.state()?, headers).ok_or(CallbackError::InvalidState)
}

/// Who came back, and where they are to go.
struct Visit<'a> {
    headers: &'a HeaderMap,
    /// Which of the application's addresses they came to.
    base: &'a Url,
    /// The session of somebody who was logged in before, if there is one.
    state: &'a SessionState,
    /// The login, if what it brings was to go into that session.
    step_up: Option<&'a Transaction>,
    /// Where the login led that comes a second time.
    replayed: Option<String>,
    return_to: &'a Url,
    popup: Option<&'a Popup>,
}

/// Where the visitor's own login led, whose callback the back button or a reload brings a second time: its state is no
/// longer remembered, but the session knows it.
fn replayed(
    error: &CallbackError,
    parameters: &CallbackParameters,
    session: &SessionState,
    client: &Client,
    base: &Url,
) -> Option<String> {
    let CallbackError::InvalidState = error else { return None };
    let led_to = session.session()?.began_with(parameters.state().ok()?)?;
    Some(led_to.map_or_else(|| base_url::home(client, base), str::to_owned))
}

/// The application's own answer, if it has one.
async fn respond(
    client: &Client,
    result: &mut Result<Session, CallbackError>,
    visit: &Visit<'_>,
) -> Response<Bytes> {
    let Visit { return_to, popup, .. } = *visit;
    if let Err(error) = result
        && visit.replayed.is_none()
    {
        report(error);
    }
    if let Some(hook) = &client.config().on_callback {
        let outcome = CallbackOutcome {
            result: result.as_mut().map_err(|error| &*error),
            return_to,
            popup: popup.is_some(),
        };
        // What waits for a pop-up's end is told by its closing page, whatever the hook would answer.
        if let Some(response) = hook(outcome).await.filter(|_| popup.is_none()) {
            return response;
        }
    }
    if let Some(popup) = popup {
        return close(client, popup, result, visit);
    }
    match result {
        Ok(_) => answer::redirect(return_to),
        Err(error) => failed(client, error, visit),
    }
}

/// Back to where the visitor was, if they are logged in by this very login; off to the pages for the second factor, if that is
/// what is missing; else a page with a way to try again.
fn failed(client: &Client, error: &CallbackError, visit: &Visit<'_>) -> Response<Bytes> {
    if let Some(path) = &visit.replayed {
        return answer::redirect(&return_to::address(path, visit.return_to));
    }
    if let CallbackError::MfaRequired(due) = error
        && let Some(detour) = second_factor(client, due, visit)
    {
        return detour;
    }
    let path = &visit.return_to[url::Position::BeforePath..];
    let again = again(client, error, visit, path);
    let on: WayOn<'_> = (path, |texts| &texts.logged_in_already);
    let ways = Ways { again: &again, other: visit.state.session().map(|_| on) };
    let page = login_ended::answer(client, visit.headers, Ended::by(error, &message(error)), ways);
    answer::wait(error.retry_after(), page)
}

/// The same login once more; a step-up asks for what it asked for.
fn again(client: &Client, error: &CallbackError, visit: &Visit<'_>, path: &str) -> String {
    let login = client.login_path_at(visit.base, path);
    let Some(step_up) = visit.step_up else { return login };
    let mut query = form_urlencoded::Serializer::new(login);
    query.extend_pairs(step_up.acr_values.as_deref().map(|values| ("acr_values", values)));
    query.extend_pairs(step_up.max_age.map(|seconds| ("max_age", seconds.to_string())));
    // Else the tenant's own session would answer with the same user once more.
    query.extend_pairs(matches!(error, CallbackError::OtherUser).then_some(("prompt", "login")));
    query.append_pair(STEP_UP, "true").finish()
}

/// The second factor on the ready-made pages: the login ends there. A session that the login was to replace is none that the
/// pages may put its result into.
fn second_factor(client: &Client, due: &MfaRequired, visit: &Visit<'_>) -> Option<Response<Bytes>> {
    let replaces = visit.state.session().is_some() && visit.step_up.is_none();
    let on_pages = client.config().pages.is_on() && wants_page(visit.headers);
    if replaces || !on_pages || due.needs_login() {
        return None;
    }
    let return_to = visit.return_to[url::Position::BeforePath..].to_owned();
    // Whoever is not logged in would be sent here again from a page that wants them to be.
    let way_out = client.way_out(visit.base, visit.headers, &return_to);
    let way_out = visit.state.session().is_none().then_some(&*way_out);
    let (detour, wish) = (Detour { return_to, form: None }, Wish { way_out, ..Wish::default() });
    let begun = client.detour_as(visit.state, visit.headers, due, detour, wish);
    begun
        .inspect_err(|error| {
            tracing::error!(error = error as &dyn std::error::Error, "a detour could not begin");
        })
        .ok()
}

/// The end of a pop-up. It is told by the page, so the status is always 200.
fn close(
    client: &Client,
    popup: &Popup,
    result: &Result<Session, CallbackError>,
    visit: &Visit<'_>,
) -> Response<Bytes> {
    let message = result.as_ref().err().map(message).unwrap_or_default();
    let outcome = result.as_ref().map_err(|error| match error {
        CallbackError::Authorization(body) => popup::Failure {
            code: &body.error,
            message: body.error_description.as_deref().unwrap_or(&message),
        },
        error => popup::Failure { code: error.code(), message: &message },
    });
    let frame = Frame::of(client, visit.base, visit.headers, None);
    popup::closing_page(&frame, StatusCode::OK, popup, outcome, visit.return_to)
}

/// What the visitor is told: in the SDK's words where they are harmless, and never what the tenant wrote.
fn message(error: &CallbackError) -> String {
    match error {
        CallbackError::Authorization(_) => "An error occurred during the authorization flow.".to_owned(),
        CallbackError::Exchange(_)
        | CallbackError::IdToken(_)
        | CallbackError::MfaRequired(_)
        | CallbackError::NoIdToken => {
            "An error occurred while trying to exchange the authorization code.".to_owned()
        }
        error => error.to_string(),
    }
}

fn report(error: &CallbackError) {
    let code = error.code();
    telemetry::login_failed(code);
    let cause = error as &dyn std::error::Error;
    if error.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(code, error = cause, "a login failed");
    } else {
        tracing::info!(code, error = cause, "a login ended");
    }
}
