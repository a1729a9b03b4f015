//! What a browser is answered that navigates: off to prove a second factor, and back; or a page that says why not.

use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use stepup_protocol::mfa::FactorType;
use url::{Position, Url};

use super::{Guard, Sent, Stopped, StoppedRequest};
use crate::{
    client::Client,
    detour::{Detour, DetourError, KeptForm, Wish},
    mfa::MfaRequired,
    pages::{Language, Stop, Texts},
    session::SessionState,
    web::{answer, base_url},
};

pub(super) fn answer(
    stopped: &Stopped,
    client: &Client,
    state: &SessionState,
    guard: &Guard,
    request: &StoppedRequest<'_>,
) -> Response<Bytes> {
    let base = match base_url::of(client, request.headers) {
        Ok(base) => base,
        Err(error) => return answer::text(StatusCode::BAD_REQUEST, error.to_string()),
    };
    let asked = client.config().pages.asked_in(request.uri.query());
    let page = Page { client, state, guard, request, base, asked };
    match stopped {
        Stopped::Ask { due, .. } => page.off(due.as_ref()),
        Stopped::Failed(error) if error.needs_login() => page.off(None),
        Stopped::InsufficientScope(_) => page.refused(),
        Stopped::Failed(error) if error.is_refusal() => page.refused(),
        Stopped::Failed(error) => {
            let status = error.status_of_the_tenant();
            let page =
                page.stop(status, |texts| (&texts.guard_failed_heading, &texts.guard_failed_text), &[]);
            answer::wait(error.retry_after(), page)
        }
        Stopped::Unmet(_) => page.stop(
            StatusCode::FORBIDDEN,
            |texts| (&texts.guard_unmet_heading, &texts.guard_unmet_text),
            &guard.need.factors,
        ),
    }
}

/// A heading, and what it means.
type Words = fn(&Texts) -> (&str, &str);

/// What was sent is nothing that can be kept.
const NOT_KEPT: Words = |texts| (&texts.guard_not_kept_heading, &texts.guard_not_kept_text);
/// What was sent has no room beside the browser's other cookies.
const NO_ROOM: Words = |texts| (&texts.guard_not_kept_heading, &texts.guard_no_room_text);

struct Page<'r> {
    client: &'r Client,
    state: &'r SessionState,
    guard: &'r Guard,
    request: &'r StoppedRequest<'r>,
    base: &'r Url,
    /// The language that was asked for.
    asked: Option<Language>,
}

impl Page<'_> {
    /// Off to the pages for the second factor: our own where the tenant gave a token for it, else the tenant's.
    fn off(&self, due: Option<&MfaRequired>) -> Response<Bytes> {
        if *self.request.method == Method::POST && self.client.user_of(self.state).is_none() {
            return self.logged_out();
        }
        let due = due.filter(|due| self.client.config().pages.is_on() && !due.needs_login());
        let Ok(form) = self.form() else { return self.by_hand(NOT_KEPT, due) };
        let detour = Detour { return_to: self.origin(), form };
        let asked = &detour.return_to;
        let way_out =
            detour.form.is_none().then(|| self.client.way_out(self.base, self.request.headers, asked));
        let wish = Wish { way_out: way_out.as_deref(), ..self.wish() };
        let sends = detour.form.is_some();
        let by_login = |detour| {
            let demand = self.guard.demand(self.client);
            self.client.detour_for(self.state, self.request.headers, &demand, detour, wish)
        };
        let begun = match due {
            Some(due) => {
                let begun =
                    self.client.detour_as(self.state, self.request.headers, due, detour.clone(), wish);
                // Without the token there may be room.
                begun.or_else(|error| match error {
                    DetourError::TooLarge { .. } if !self.needs_own_pages() => by_login(detour),
                    error => Err(error),
                })
            }
            None => by_login(detour),
        };
        begun.unwrap_or_else(|error| match error {
            DetourError::TooLarge { .. } if sends => self.by_hand(NO_ROOM, due),
            DetourError::TooLarge { .. } if due.is_some() && self.needs_own_pages() => {
                self.no_room_for_factor()
            }
            // Nothing has to be kept: the login leads back by itself.
            DetourError::TooLarge { .. } => answer::see_other(&self.first()),
            DetourError::ForeignForm => self.by_hand(NOT_KEPT, None),
            error => {
                tracing::error!(error = &error as &dyn std::error::Error, "a detour could not begin");
                answer::text(error.status(), error.to_string())
            }
        })
    }

    /// The form that was being sent; nothing where the request changes nothing.
    fn form(&self) -> Result<Option<KeptForm>, NotKept> {
        match (self.request.method, self.request.sent) {
            (&Method::GET | &Method::HEAD, _) => Ok(None),
            (_, Sent::Form(body)) => {
                KeptForm::of(self.request.uri, self.request.headers, body).map(Some).map_err(|_| NotKept)
            }
            (_, Sent::Unread) => Err(NotKept),
        }
    }

    /// The page that the user is on: the one that is asked for, or the one that the form stands on.
    fn origin(&self) -> String {
        if *self.request.method != Method::POST {
            return self.request.uri.path_and_query().map_or("/", |here| here.as_str()).to_owned();
        }
        let page = self.client.page_before(self.base, self.request.headers);
        page.unwrap_or_else(|| base_url::home(self.client, self.base))
    }

    /// What its detours are like.
    fn wish(&self) -> Wish<'_> {
        Wish { factors: &self.guard.need.factors, language: self.asked, way_out: None }
    }

    /// Whether the tenant's pages will not do: they seldom tell which factor it was.
    fn needs_own_pages(&self) -> bool {
        !self.guard.need.factors.is_empty()
    }

    /// The user proves the second factor first, on our own pages where `due` has a token for them, and sends it again by hand.
    fn by_hand(&self, words: Words, due: Option<&MfaRequired>) -> Response<Bytes> {
        let due = due.filter(|_| self.guard.step_up_url.is_none());
        let detour = Detour { return_to: self.origin(), form: None };
        let begin = |due| self.client.detour_as(self.state, self.request.headers, due, detour, self.wish());
        let begun = match due.map(begin) {
            Some(Err(_)) if self.needs_own_pages() => return self.no_room_for_factor(),
            begun => begun.and_then(Result::ok),
        };
        let page = begun.as_ref().and_then(|begun| begun.headers().get(header::LOCATION)?.to_str().ok());
        let first = page.map_or_else(|| self.first(), str::to_owned);
        let stop = Stop {
            status: StatusCode::FORBIDDEN,
            words,
            needs: &[],
            way_on: (&first, |texts| &texts.guard_not_kept_way_on),
            other: None,
        };
        let response = self.client.stop(self.base, self.request.headers, self.asked, &stop);
        let cookies = begun.iter().flat_map(|begun| begun.headers().get_all(header::SET_COOKIE));
        answer::with_cookies(response, cookies.cloned())
    }

    /// The factor can be proved on our own pages alone, whose token has no room beside the browser's other cookies.
    fn no_room_for_factor(&self) -> Response<Bytes> {
        let logout = base_url::route(self.client, self.base, &self.client.config().routes.logout);
        let origin = self.origin();
        let stop = Stop {
            status: StatusCode::FORBIDDEN,
            words: |texts| (&texts.guard_unmet_heading, &texts.guard_no_room_factor_text),
            needs: &self.guard.need.factors,
            way_on: (&logout[Position::BeforePath..], |texts| &texts.log_out),
            other: Some((&origin, |texts| &texts.try_again)),
        };
        self.client.stop(self.base, self.request.headers, self.asked, &stop)
    }

    /// Where the second factor is proved with nothing kept, and back to the page that the user is on.
    fn first(&self) -> String {
        let first = self.guard.step_up_address(self.client, self.base);
        if self.guard.step_up_url.is_some() {
            return first;
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        format!("{first}&{}", query.append_pair("returnTo", &self.origin()).finish())
    }

    /// Nobody knows whose form it is: whoever logs in now might not have filled it in.
    fn logged_out(&self) -> Response<Bytes> {
        let login = self.client.login_path_at(self.base, &self.origin());
        let stop = Stop {
            status: StatusCode::UNAUTHORIZED,
            words: |texts| (&texts.guard_logged_out_heading, &texts.guard_logged_out_text),
            needs: &[],
            way_on: (&login, |texts| &texts.guard_logged_out_way_on),
            other: None,
        };
        self.client.stop(self.base, self.request.headers, self.asked, &stop)
    }

    /// The tenant said no, and says so again.
    fn refused(&self) -> Response<Bytes> {
        let (home, origin) = (base_url::home(self.client, self.base), self.origin());
        let stop = Stop {
            status: StatusCode::FORBIDDEN,
            words: |texts| (&texts.guard_refused_heading, &texts.guard_refused_text),
            needs: &[],
            way_on: (&home, |texts| &texts.to_the_start),
            other: Some((&origin, |texts| &texts.try_again)),
        };
        self.client.stop(self.base, self.request.headers, self.asked, &stop)
    }

    fn stop(&self, status: StatusCode, words: Words, needs: &[FactorType]) -> Response<Bytes> {
        let origin = self.origin();
        let stop = Stop { status, words, needs, way_on: (&origin, |texts| &texts.try_again), other: None };
        self.client.stop(self.base, self.request.headers, self.asked, &stop)
    }
}

/// The form is too large, of another kind, or not all there.
struct NotKept;
