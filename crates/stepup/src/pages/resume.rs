//! `GET /auth/mfa/d/ID/resume`: the end of a detour. Sends the kept form again, or the browser back.

use askama::Template;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};

use super::{
    Frame, Language,
    frame::{Forms, render},
    notice::Stop,
};
use crate::{
    client::Client,
    detour::{self, Stage},
    guard::report_untold_factor,
    session::{Session, SessionState},
    web::{answer, base_url, return_to},
};

/// The form that is sent again: by itself, or by its button where scripts are off.
#[derive(Clone, Template)]
#[template(path = "pages/resume.html")]
#[non_exhaustive]
pub struct Resume<'a> {
    /// What is around it.
    pub frame: &'a Frame<'a>,
    /// What happened, in a few words.
    pub heading: &'a str,
    /// What comes next.
    pub text: &'a str,
    /// Where the form goes, by POST.
    pub action: &'a str,
    /// Its fields in order; the same name may come again. Write each as a hidden field.
    pub fields: Vec<(&'a str, &'a str)>,
    /// The page that the form came from.
    pub return_to: &'a str,
}

impl Resume<'_> {
    /// The page as it comes with the SDK.
    #[must_use]
    pub fn html(&self) -> String {
        render(self)
    }
}

/// Prints none of the values.
impl std::fmt::Debug for Resume<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Resume").field("action", &self.action).finish_non_exhaustive()
    }
}

pub(crate) fn answer(
    client: &Client,
    request: &Request<Bytes>,
    session: &mut SessionState,
    id: &str,
) -> Response<Bytes> {
    let (headers, query) = (request.headers(), request.uri().query());
    let base = match base_url::of(client, headers) {
        Ok(base) => base,
        Err(error) => return answer::text(StatusCode::BAD_REQUEST, error.to_string()),
    };
    let asked = client.config().pages.asked_in(query);
    let detour = match client.open_detour(headers, id, session.session()) {
        Ok(detour) => detour,
        Err(why) => return client.no_detour(base, headers, asked, id, why),
    };
    let asked = asked.or_else(|| detour.language(client));
    match &detour.progress.stage {
        // What is over is asked for anew, as far as the application still wants it: it judges the form as it judges any.
        Stage::Done | Stage::Elsewhere | Stage::Over => {}
        Stage::ByLogin(demand) if demand.is_met(session.session(), client.now()) => {}
        Stage::ByLogin(demand) => {
            // This page says it; a guard in front of where the user was need not say it again, and asks.
            session.session_mut().into_iter().for_each(Session::drop_answer);
            if demand.lacks_factor(session.session(), client.now()) {
                report_untold_factor(demand.factors());
            }
            let stop = Stop {
                status: StatusCode::FORBIDDEN,
                words: |texts| (&texts.guard_unmet_heading, &texts.guard_unmet_text),
                needs: demand.factors(),
                way_on: (&client.detour_login(base, &detour, demand), |texts| &texts.try_again),
                other: Some(client.way_out_of(base, &detour)),
            };
            return client.stop(base, headers, asked, &stop);
        }
        _ => return answer::see_other(&client.detour_path(base, "", &detour.id)),
    }
    let response = if detour.has_form {
        send_again(client, headers, base, asked, &detour)
    } else {
        answer::see_other(&return_to::address(&detour.way_back(), base)[url::Position::BeforePath..])
    };
    // A form is shown once: a reload, or the way back through the history, sends nothing a second time.
    answer::with_cookies(response, client.forget_detour(base, headers, &detour.id))
}

fn send_again(
    client: &Client,
    headers: &HeaderMap,
    base: &url::Url,
    asked: Option<Language>,
    detour: &detour::UnderWay,
) -> Response<Bytes> {
    let form = client.open_form(headers, &detour.id);
    let action = form.as_ref().and_then(|form| return_to::safe_path(form.action(), base));
    let (Some(form), Some(action)) = (form, action) else {
        let stop = Stop {
            status: StatusCode::GONE,
            words: |texts| (&texts.form_lost_heading, &texts.form_lost_text),
            needs: &[],
            way_on: (&detour.return_to, |texts| &texts.back_to_the_page),
            other: None,
        };
        return client.stop(base, headers, asked, &stop);
    };
    let frame = Frame::of(client, base, headers, asked);
    let fields: Vec<_> = form.fields().collect();
    let Frame { texts, .. } = frame;
    let (heading, text) = match detour.progress.stage {
        Stage::Elsewhere | Stage::Over => (&texts.resume_unproved_heading, &texts.resume_unproved_text),
        _ => (&texts.resume_heading, &texts.resume_text),
    };
    let resume = Resume {
        frame: &frame,
        heading,
        text,
        action: &action,
        fields: fields.iter().map(|(name, value)| (&**name, &**value)).collect(),
        return_to: &detour.return_to,
    };
    let html = client.config().pages.writer().resume(&resume);
    let response = client.page(StatusCode::OK, &frame, Forms::Anywhere, html);
    answer::with_cookies(response, client.remember_origin(base, &detour.return_to))
}
