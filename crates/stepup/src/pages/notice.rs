//! One page for everything that stops a visitor: what happened, and the way on.

use askama::Template;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use stepup_protocol::mfa::FactorType;
use url::Url;

use super::{
    Frame, Language, Link, Texts,
    frame::{Forms, render},
    say,
};
use crate::{
    client::Client,
    detour::{NoDetour, UnderWay},
    web::base_url,
};

/// What happened, and the way on.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/notice.html")]
#[non_exhaustive]
pub struct Notice<'a> {
    /// What is around it.
    pub frame: &'a Frame<'a>,
    /// What happened, in a few words.
    pub heading: &'a str,
    /// What it means and what comes next.
    pub text: &'a str,
    /// The main way on.
    pub way_on: Link,
    /// Another one.
    pub other: Option<Link>,
}

impl Notice<'_> {
    /// The page as it comes with the SDK.
    #[must_use]
    pub fn html(&self) -> String {
        render(self)
    }
}

/// A heading, and what it means.
type Words = fn(&Texts) -> (&str, &str);

/// Where it leads, and what it says.
pub(crate) type WayOn<'a> = (&'a str, fn(&Texts) -> &str);

/// Where nothing can be done: words for it, and where to go.
pub(crate) struct Stop<'a> {
    pub(crate) status: StatusCode,
    pub(crate) words: Words,
    /// The factors that are needed, where that is why.
    pub(crate) needs: &'a [FactorType],
    pub(crate) way_on: WayOn<'a>,
    /// Another way, less likely to be wanted.
    pub(crate) other: Option<WayOn<'a>>,
}

impl Client {
    /// A notice as an answer.
    pub(crate) fn stop(
        &self,
        base: &Url,
        headers: &HeaderMap,
        asked: Option<Language>,
        stop: &Stop<'_>,
    ) -> Response<Bytes> {
        let frame = Frame::of(self, base, headers, asked);
        let (heading, text) = (stop.words)(frame.texts);
        let needed = say::needed(frame.texts, stop.needs).map(|needed| format!("{text} {needed}"));
        let (href, words) = stop.way_on;
        let notice = Notice {
            frame: &frame,
            heading,
            text: needed.as_deref().unwrap_or(text),
            way_on: Frame::link(href, words(frame.texts)),
            other: stop.other.map(|(href, words)| Frame::link(href, words(frame.texts))),
        };
        self.page(stop.status, &frame, Forms::Ours, self.config().pages.writer().notice(&notice))
    }

    /// Where it leads who gives the detour up.
    pub(crate) fn way_out_of<'d>(&self, base: &Url, detour: &'d UnderWay) -> WayOn<'d> {
        if detour.way_out() == base_url::home(self, base) {
            (detour.way_out(), |texts| &texts.to_the_start)
        } else {
            (detour.way_out(), |texts| &texts.back_to_the_page)
        }
    }

    /// The detour `id` that was asked for is not there.
    pub(crate) fn no_detour(
        &self,
        base: &Url,
        headers: &HeaderMap,
        asked: Option<Language>,
        id: &str,
        why: NoDetour,
    ) -> Response<Bytes> {
        let login = self.login_path_at(base, &self.detour_path(base, "", id));
        let home = base_url::home(self, base);
        let to_the_start: WayOn<'_> = (&home, |texts| &texts.to_the_start);
        let (status, words, way_on): (_, Words, WayOn<'_>) = match why {
            NoDetour::LoggedOut => (
                StatusCode::UNAUTHORIZED,
                |texts| (&texts.guard_logged_out_heading, &texts.logged_out_text),
                (&login, |texts| &texts.guard_logged_out_way_on),
            ),
            NoDetour::Missing => {
                (StatusCode::GONE, |texts| (&texts.gone_heading, &texts.gone_text), to_the_start)
            }
            NoDetour::OtherUser => (
                StatusCode::FORBIDDEN,
                |texts| (&texts.other_user_heading, &texts.other_user_text),
                to_the_start,
            ),
        };
        self.stop(base, headers, asked, &Stop { status, words, needs: &[], way_on, other: None })
    }
}
