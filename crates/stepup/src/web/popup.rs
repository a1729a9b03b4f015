//! The page at the end of a login in a pop-up: it tells the page that opened it how the login ended, and closes.

use askama::Template;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;
use url::Url;

use super::too_large;
use crate::{
    pages::{self, Frame},
    session::{Session, SessionTooLarge},
    transaction::Popup,
};

const LONGEST_ID: usize = 64;

/// Why a login in a pop-up did not come to its end.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Failure<'a> {
    /// The tenant's code where it has one, else ours.
    pub(super) code: &'a str,
    pub(super) message: &'a str,
}

impl Failure<'_> {
    /// What the login brought is too large to be kept.
    pub(super) const TOO_LARGE: Self = Self { code: SessionTooLarge::CODE, message: too_large::DESCRIPTION };
}

/// Whether this may name a pop-up: it comes from the address and goes into a page.
pub(super) fn is_transaction_id(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The page. `postMessage` reaches the page that opened the pop-up, of this origin only; a broadcast channel, which never
/// leaves the origin, reaches it where a policy of the tenant has cut the two apart. No token is in what they carry.
pub(super) fn closing_page(
    frame: &Frame<'_>,
    status: StatusCode,
    popup: &Popup,
    outcome: Result<&Session, Failure<'_>>,
    return_to: &Url,
) -> Response<Bytes> {
    let (texts, nonce) = (frame.texts, &frame.nonce);
    let (heading, text) = match outcome {
        Ok(_) => (&texts.popup_done_heading, &texts.popup_done_text),
        Err(_) => (&texts.popup_failed_heading, &texts.popup_failed_text),
    };
    let message = script_literal(&Message::of(popup, outcome));
    let page = Page { frame, heading, text, message, return_to: return_to.as_str() };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    // The address holds the code and the state of this login.
    pages::page(status, pages::render(&page), &policy, "no-referrer", "accept-language, cookie")
}

#[derive(Template)]
#[template(path = "popup.html")]
struct Page<'a> {
    frame: &'a Frame<'a>,
    heading: &'a str,
    text: &'a str,
    /// A literal of the script's language.
    message: String,
    return_to: &'a str,
}

/// What the opener hears, in the words of nextjs-auth0's client, and which pop-up it is about.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    r#type: &'static str,
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<User<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<&'a str>,
}

#[derive(Serialize)]
struct User<'a> {
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

impl<'a> Message<'a> {
    fn of(popup: &'a Popup, outcome: Result<&'a Session, Failure<'a>>) -> Self {
        let user = outcome.ok().map(|session| User {
            sub: session.subject(),
            email: session.claim("email").and_then(serde_json::Value::as_str),
        });
        Self {
            r#type: "auth_complete",
            success: user.is_some(),
            user,
            error: outcome.err(),
            transaction_id: popup.transaction_id.as_deref(),
        }
    }
}

/// JSON that no HTML parser takes for the end of the script.
fn script_literal(message: &Message<'_>) -> String {
    serde_json::to_string(message).unwrap_or_default().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_few_letters() {
        for id in ["a", "0-_Z", &"x".repeat(64)] {
            assert!(is_transaction_id(id), "{id}");
        }
        for id in ["", "a b", "a.b", "é", "<", &"x".repeat(65)] {
            assert!(!is_transaction_id(id), "{id}");
        }
    }

    #[test]
    fn a_message_does_not_end_its_script() {
        let popup = Popup { transaction_id: Some("id-1".to_owned()) };
        let failure = Failure { code: "access_denied", message: "</script><!-- \u{2028} \"" };
        assert_eq!(
            script_literal(&Message::of(&popup, Err(failure))),
            r#"{"type":"auth_complete","success":false,"error":{"code":"access_denied","message":"\u003c/script>\u003c!-- "#
                .to_owned()
                + "\u{2028} \\\""
                + r#""},"transactionId":"id-1"}"#
        );
    }
}
