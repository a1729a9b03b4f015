//! The page where a login ended without a session, or could not begin: in words that help, with a way to try again.
//!
//! Two tabs, the back button, a page that lay open over night: each of them ends here, and none of them is a fault.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use stepup_protocol::error::code;

use super::{
    answer, base_url,
    navigation::{self, wants_page},
    too_large,
};
use crate::{
    client::Client,
    login::{CallbackError, LoginError},
    pages::{Stop, Texts, WayOn},
    provider::ProviderError,
    session::SessionTooLarge,
};

/// Where the visitor may go from here, as paths of the application.
#[derive(Clone, Copy)]
pub(super) struct Ways<'a> {
    /// The login once more, with the way to where it was to lead.
    pub(super) again: &'a str,
    /// Where they may go instead.
    pub(super) other: Option<WayOn<'a>>,
}

/// Why a login ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended<'a> {
    status: StatusCode,
    code: &'a str,
    /// For others than browsers.
    message: &'a str,
    end: End,
}

impl<'a> Ended<'a> {
    /// Its session cannot be kept.
    pub(super) const TOO_LARGE: Ended<'static> = Ended {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: SessionTooLarge::CODE,
        message: too_large::DESCRIPTION,
        end: End::TooLarge,
    };

    /// By `error`, in these words.
    pub(super) fn by(error: &'a CallbackError, message: &'a str) -> Self {
        Self { status: error.status(), code: error.code(), message, end: End::of(error) }
    }

    /// Before it began, by `error`, in these words.
    pub(super) fn before(error: &'a LoginError, status: StatusCode, message: &'a str) -> Self {
        Self { status, code: error.code(), message, end: End::before(error) }
    }
}

/// The answer: a page for a browser that navigates, JSON or a line of text for others.
pub(super) fn answer(
    client: &Client,
    headers: &HeaderMap,
    ended: Ended<'_>,
    ways: Ways<'_>,
) -> Response<Bytes> {
    if wants_page(headers) {
        page(client, headers, ended, ways)
    } else if accepts_json(headers) {
        answer::error(ended.status, ended.code, ended.message)
    } else {
        answer::text(ended.status, ended.message)
    }
}

fn accepts_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json"))
}

/// The page for a browser that navigates.
pub(super) fn page(
    client: &Client,
    headers: &HeaderMap,
    ended: Ended<'_>,
    ways: Ways<'_>,
) -> Response<Bytes> {
    let base = base_url::of(client, headers).unwrap_or_else(|_| base_url::first(client));
    let logout = base_url::route(client, base, &client.config().routes.logout);
    let way_on: WayOn<'_> = match ended.end {
        // Another try would end here again.
        End::SecondFactor => (logout.path(), |texts| &texts.log_out),
        _ => (ways.again, |texts| &texts.try_again),
    };
    let stop = Stop { status: ended.status, words: ended.end.words(), needs: &[], way_on, other: ways.other };
    let mut response = client.stop(base, headers, None, &stop);
    for (name, value) in [
        // The address may hold a code and a state.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::VARY, navigation::VARY),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// How a login ended, as far as it matters to its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It is not under way in this browser any more: it took too long, ended before, or was begun elsewhere.
    Lost,
    /// The user, or the tenant, said no.
    Refused,
    /// Somebody else logged in than the one who was to confirm that it is them.
    OtherUser,
    /// The tenant asks for a second factor, and here nobody can be asked for it.
    SecondFactor,
    /// What it brought is more than the browser may send.
    TooLarge,
    /// The tenant does not answer.
    Unavailable,
    /// The tenant is asked too often.
    TooOften,
    /// Something is broken on our side or the tenant's.
    Broken,
}

impl End {
    fn of(error: &CallbackError) -> Self {
        match error {
            CallbackError::InvalidResponse(_)
            | CallbackError::InvalidState
            | CallbackError::MissingState
            | CallbackError::SessionExpired => Self::Lost,
            CallbackError::Exchange(ProviderError::Refused { body, .. })
                if body.error == code::INVALID_GRANT =>
            {
                Self::Lost
            }
            CallbackError::OtherUser => Self::OtherUser,
            CallbackError::MfaRequired(_) => Self::SecondFactor,
            CallbackError::Authorization(body) if body.error != code::SERVER_ERROR => Self::Refused,
            error => error.provider_error().map_or(Self::Broken, Self::at_the_tenant),
        }
    }

    fn before(error: &LoginError) -> Self {
        error.provider_error().map_or(Self::Broken, Self::at_the_tenant)
    }

    /// Whether it passes by itself.
    fn at_the_tenant(error: &ProviderError) -> Self {
        match error {
            ProviderError::Unreachable { .. } => Self::Unavailable,
            ProviderError::Refused { status, .. } | ProviderError::Untrustworthy { status, .. } => {
                match *status {
                    StatusCode::TOO_MANY_REQUESTS => Self::TooOften,
                    status if status.is_server_error() => Self::Unavailable,
                    _ => Self::Broken,
                }
            }
            _ => Self::Broken,
        }
    }

    /// The heading, and what it means.
    fn words(self) -> fn(&Texts) -> (&str, &str) {
        match self {
            Self::Lost => |texts| (&texts.login_lost_heading, &texts.login_lost_text),
            Self::Refused => |texts| (&texts.login_refused_heading, &texts.login_refused_text),
            Self::OtherUser => |texts| (&texts.other_login_heading, &texts.other_login_text),
            Self::SecondFactor => {
                |texts| (&texts.login_second_factor_heading, &texts.login_second_factor_text)
            }
            Self::TooLarge => too_large::WORDS,
            Self::Unavailable => |texts| (&texts.unavailable_heading, &texts.unavailable_text),
            Self::TooOften => |texts| (&texts.wait_heading, &texts.wait_text),
            Self::Broken => |texts| (&texts.login_broken_heading, &texts.login_broken_text),
        }
    }
}
