//! The page where a login ended without a session: in words that help, with a way to try again.
//!
//! Two tabs, the back button, a page that lay open over night: each of them ends here, and none of them is a fault.

use askama::Template;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use stepup_protocol::error::code;

use super::answer;
use crate::{client::Client, login::CallbackError, provider::ProviderError};

/// The bytes of randomness in a nonce.
const NONCE_BYTES: usize = 16;

/// Where the visitor may go from here, as paths of the application.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ways<'a> {
    /// The login, with the way back to where it was to lead.
    pub(super) again: &'a str,
    /// Where somebody who is logged in already goes on.
    pub(super) on: Option<&'a str>,
}

/// The answer: a page for a browser that navigates, JSON or a line of text for others. `message` is for these.
pub(super) fn answer(
    client: &Client,
    headers: &HeaderMap,
    error: &CallbackError,
    message: &str,
    ways: Ways<'_>,
) -> Response<Bytes> {
    let accepts = |kind| text(headers, header::ACCEPT.as_str()).is_some_and(|accept| accept.contains(kind));
    if accepts("text/html") {
        page(client, headers, error, ways)
    } else if accepts("application/json") {
        answer::error(error.status(), error.code(), message)
    } else {
        answer::text(error.status(), message)
    }
}

fn page(client: &Client, headers: &HeaderMap, error: &CallbackError, ways: Ways<'_>) -> Response<Bytes> {
    let nonce = stepup_seal::token(client.random(), NONCE_BYTES);
    let language = Language::preferred(text(headers, header::ACCEPT_LANGUAGE.as_str()).unwrap_or(""));
    let (title, lead) = language.words(End::of(error));
    let (again, on) = language.ways();
    let page = Page {
        nonce: &nonce,
        language: language.tag(),
        title,
        lead,
        again: (ways.again, again),
        on: ways.on.map(|path| (path, on)),
    };
    let Ok(html) = page.render() else { return answer::text(error.status(), lead) };
    let mut response = Response::new(Bytes::from(html));
    *response.status_mut() = error.status();
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html;charset=UTF-8"),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        // The address may hold a code and a state.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::VARY, "accept, accept-language, cookie"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[derive(Template)]
#[template(path = "login_ended.html")]
struct Page<'a> {
    nonce: &'a str,
    language: &'a str,
    title: &'a str,
    lead: &'a str,
    /// Address and text of a way on.
    again: (&'a str, &'a str),
    on: Option<(&'a str, &'a str)>,
}

/// How a login ended, as far as it matters to its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It is not under way in this browser any more: it took too long, ended before, or was begun elsewhere.
    Lost,
    /// The user, or the tenant, said no.
    Refused,
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
            CallbackError::Authorization(body) if body.error != code::SERVER_ERROR => Self::Refused,
            _ => Self::Broken,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    English,
    German,
    Japanese,
}

impl Language {
    const ALL: [Self; 3] = [Self::English, Self::German, Self::Japanese];

    /// The one that an `Accept-Language` header likes best (RFC 9110 section 12.5.4).
    fn preferred(line: &str) -> Self {
        let mut best = (0.0, Self::English);
        for entry in line.split(',') {
            let (tag, weight) = entry.split_once(";q=").unwrap_or((entry, "1"));
            let primary = tag.trim().split('-').next().unwrap_or_default();
            let known = Self::ALL.into_iter().find(|known| known.tag().eq_ignore_ascii_case(primary));
            if let (Some(language), Ok(weight)) = (known, weight.trim().parse::<f32>())
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }

    const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Japanese => "ja",
        }
    }

    /// What happened, and what it means.
    const fn words(self, end: End) -> (&'static str, &'static str) {
        match (self, end) {
            (Self::English, End::Lost) => (
                "This login is no longer open",
                "It took too long, was finished before, or was begun in another window. Nothing is lost: just log in again.",
            ),
            (Self::English, End::Refused) => {
                ("You are not logged in", "The login was cancelled or not allowed. You can try again.")
            }
            (Self::English, End::Broken) => (
                "The login did not work",
                "Something went wrong on our side. Try again, and if it happens again, in a few minutes.",
            ),
            (Self::German, End::Lost) => (
                "Diese Anmeldung ist nicht mehr offen",
                "Sie hat zu lange gedauert, wurde schon abgeschlossen oder in einem anderen Fenster begonnen. Nichts ist verloren: Melden Sie sich einfach noch einmal an.",
            ),
            (Self::German, End::Refused) => (
                "Sie sind nicht angemeldet",
                "Die Anmeldung wurde abgebrochen oder nicht erlaubt. Sie können es noch einmal versuchen.",
            ),
            (Self::German, End::Broken) => (
                "Die Anmeldung hat nicht geklappt",
                "Bei uns ist etwas schiefgegangen. Versuchen Sie es noch einmal, und wenn es wieder geschieht, in einigen Minuten.",
            ),
            (Self::Japanese, End::Lost) => (
                "このログインは終了しました",
                "時間切れになったか、すでに完了したか、別のウィンドウで始められたログインです。失われたものはありません。もう一度ログインしてください。",
            ),
            (Self::Japanese, End::Refused) => (
                "ログインしていません",
                "ログインが中止されたか、許可されませんでした。もう一度お試しいただけます。",
            ),
            (Self::Japanese, End::Broken) => (
                "ログインできませんでした",
                "システムに問題が発生しました。もう一度お試しください。繰り返し発生する場合は、数分後にお試しください。",
            ),
        }
    }

    /// The texts of the ways: again, and on.
    const fn ways(self) -> (&'static str, &'static str) {
        match self {
            Self::English => ("Try again", "You are logged in already: go on"),
            Self::German => ("Noch einmal versuchen", "Sie sind schon angemeldet: weiter"),
            Self::Japanese => ("もう一度試す", "すでにログインしています：続ける"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_is_liked_best() {
        for (line, expected) in [
            ("", Language::English),
            ("fr, ko", Language::English),
            ("de-AT, en;q=0.8", Language::German),
            ("en;q=0.2, JA;q=0.9, de;q=0.5", Language::Japanese),
            ("de;q=0, en;q=nonsense", Language::English),
        ] {
            assert_eq!(Language::preferred(line), expected, "{line}");
        }
    }
}
