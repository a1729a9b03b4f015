//! Universal Login: one module a page, its template beside it in `templates/`.
//!
//! A page is a `View` (what it shows, as plain values) and `render(&View) -> String`. Handlers answer with
//! `(status, headers::page(…), render(&view))`. Nothing here reads a request, a store or a clock.
//!
//! What people's end-to-end tests rely on holds for every form: it posts to its own address with a hidden `state`,
//! a field's `id` is its name, the main button is `name="action" value="default"` with the text `Continue`, and an
//! error is text in an element with `role="alert"`. Every page works with scripts off.

use std::time::Duration;

pub mod assets;
pub mod consent;
pub mod email_verification;
pub mod error;
pub mod factor;
pub mod form_post;
pub mod headers;
pub mod logged_out;
pub mod login;
pub mod logout;
pub mod mask;
pub mod mfa_email_enrollment;
pub mod mfa_enroll_options;
pub mod mfa_login_options;
pub mod mfa_otp_challenge;
pub mod mfa_otp_enrollment;
pub mod mfa_phone_enrollment;
pub mod mfa_push_challenge_push;
pub mod mfa_push_enrollment_qr;
pub mod mfa_recovery_code_challenge;
pub mod mfa_recovery_code_enrollment;
pub mod mfa_sent_code_challenge;
pub mod notice;
pub mod onward;
pub mod problem;
pub mod qr;
pub mod reset_password;
pub mod reset_password_request;
pub mod signup;
pub mod web_message;

#[cfg(test)]
mod tests;

/// What every page of a login transaction shows and carries.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The tenant's friendly name.
    pub tenant: &'a str,
    /// The name of the application that the user is on the way to; none where a ticket began it.
    pub application: Option<&'a str>,
    /// Whose login this is (an e-mail address or name), once the password was right.
    pub account: Option<&'a str>,
    /// The transaction's id: the hidden `state` of each form.
    pub state: &'a str,
    /// The account has got a second step elsewhere while this login was to set one up.
    pub overtaken: bool,
}

/// The page as text. A template writes to a `String` and calls nothing that fails, so it always comes out.
#[expect(
    clippy::expect_used,
    reason = "the templates call no fallible code, and writing to a String cannot fail"
)]
pub(crate) fn html(template: &impl askama::Template) -> String {
    template.render().expect("a page renders")
}

/// A time as people say it: `5 minutes`, `90 seconds`.
fn in_words(time: Duration) -> String {
    let (count, unit) = match time.as_secs() {
        seconds if seconds % 60 == 0 => (seconds / 60, "minute"),
        seconds => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Characters in groups of four, as people read codes aloud.
fn groups_of_four(code: &str) -> Vec<String> {
    let characters: Vec<char> = code.chars().collect();
    characters.chunks(4).map(|group| group.iter().collect()).collect()
}
