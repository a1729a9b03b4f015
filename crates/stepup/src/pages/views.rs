//! What each page of a step-up shows: one struct a page, its template in `templates/pages/` under the same name.

use std::fmt;

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Frame, Way, frame::render, way::groups_of_four};

/// What the pages of one step-up share.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Step {
    /// Where every form goes, by POST. The buttons' name is `action`; `other` leads to another way, `cancel` out.
    pub address: String,
    /// Why the last attempt failed.
    pub problem: Option<String>,
    /// Good news since the last page.
    pub news: Option<String>,
    /// Whether there is another way.
    pub other_ways: bool,
}

/// Something to choose.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Choice {
    /// What kind it is, for its picture.
    pub way: Way,
    /// What its form sends.
    pub value: String,
    /// What it is called.
    pub name: String,
    /// What happens then.
    pub hint: String,
}

/// Chooses among one's authenticators. Sends `action=use` with `authenticator`.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/choose.html")]
#[non_exhaustive]
pub struct Choose<'a> {
    /// What is around it.
    pub frame: &'a Frame<'a>,
    /// What the pages share.
    pub step: &'a Step,
    /// The authenticators.
    pub choices: Vec<Choice>,
}

/// Chooses what to add. Sends `action=add` with `factor`.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/factors.html")]
#[non_exhaustive]
pub struct Factors<'a> {
    /// What is around it.
    pub frame: &'a Frame<'a>,
    /// What the pages share.
    pub step: &'a Step,
    /// The factors.
    pub choices: Vec<Choice>,
}

/// Asks where codes are to be sent. Sends `action=contact` with `email`, or with `phone` and `channel` (`sms`, `voice`).
#[derive(Clone, Debug, Template)]
#[template(path = "pages/contact.html")]
#[non_exhaustive]
pub struct Contact<'a> {
    /// What is around it.
    pub frame: &'a Frame<'a>,
    /// What the pages share.
    pub step: &'a Step,
    /// [`Way::Email`], or [`Way::Sms`] and [`Way::Voice`], of which the user may choose.
    pub way: Way,
    /// What was typed before.
    pub value: &'a str,
}

/// Asks for a code. Sends `action=code` with `code`, or `action=resend`.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/code.html")]
#[non_exhaustive]
pub struct Code<'a> {
    /// What is around it.
    pub frame: &'a Frame<'a>,
    /// What the pages share.
    pub step: &'a Step,
    /// Where the code is.
    pub lead: String,
    /// In how many seconds another one may be asked for: before, `action=resend` sends nothing, and this page comes again. Absent
    /// where there is no other one.
    pub resend_in: Option<u64>,
}

/// Sets up an authenticator app. Sends `action=code` with `code`.
#[derive(Clone, Template)]
#[template(path = "pages/new_app.html")]
#[non_exhaustive]
pub struct NewApp<'a> {
    /// What is around it.
    pub frame: &'a Frame<'a>,
    /// What the pages share.
    pub step: &'a Step,
    /// The key to type. A secret.
    pub secret: &'a str,
    /// The `otpauth:` address for an app on the same phone. Holds the secret.
    pub barcode_uri: &'a str,
    /// The same as SVG, to be written without escaping; absent if it is too long for a QR code.
    pub qr: Option<String>,
}

/// Waits for an answer on the phone. Sends `action=poll`, or `action=resend`; `GET` of `poll_address` asks too.
#[derive(Clone, Template)]
#[template(path = "pages/push.html")]
#[non_exhaustive]
pub struct Push<'a> {
    /// What is around it.
    pub frame: &'a Frame<'a>,
    /// What the pages share.
    pub step: &'a Step,
    /// What to do.
    pub lead: String,
    /// Whether it waits; else the problem says why not.
    pub waits: bool,
    /// Asks once and comes back, where scripts are off.
    pub poll_address: String,
    /// Where the phone is set up first: what to scan.
    pub barcode_uri: Option<&'a str>,
    /// The same as SVG, to be written without escaping.
    pub qr: Option<String>,
    /// In how many seconds another one may be asked for, while it waits: before, `action=resend` sends nothing.
    pub resend_in: u64,
}

/// Asks for the recovery code. Sends `action=code` with `code`.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/recovery.html")]
#[non_exhaustive]
pub struct Recovery<'a> {
    /// What is around it.
    pub frame: &'a Frame<'a>,
    /// What the pages share.
    pub step: &'a Step,
}

/// Shows the new recovery code, this once. Sends `action=kept` with `saved`.
#[derive(Clone, Template)]
#[template(path = "pages/keep.html")]
#[non_exhaustive]
pub struct Keep<'a> {
    /// What is around it.
    pub frame: &'a Frame<'a>,
    /// What the pages share.
    pub step: &'a Step,
    /// The recovery code. A secret.
    pub recovery_code: &'a str,
}

impl Keep<'_> {
    /// The recovery code as a text file, as the address of an `<a download>`. It is the file itself (RFC 2397) and goes to
    /// no server; a browser saves it with scripts off, and no policy of a page forbids that. Holds the code.
    #[must_use]
    pub fn file(&self) -> String {
        let Frame { application, texts, .. } = self.frame;
        let code = groups_of_four(self.recovery_code).join(" ");
        let text = format!("{application}\r\n{}: {code}\r\n", texts.recovery_label);
        let text = utf8_percent_encode(&text, NON_ALPHANUMERIC);
        format!("data:text/plain;charset=utf-8,{text}")
    }
}

/// One of the user's own authenticators.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OwnAuthenticator {
    /// What kind it is, for its picture.
    pub way: Way,
    /// What it is called.
    pub name: String,
    /// Where it reaches the user.
    pub to: String,
    /// The page that asks before it is deleted; absent where it cannot be.
    pub remove: Option<String>,
}

/// Lists one's own authenticators. Sends `action=add` to `address`.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/manage.html")]
#[non_exhaustive]
pub struct Manage<'a> {
    /// What is around it.
    pub frame: &'a Frame<'a>,
    /// Where the form goes, by POST.
    pub address: &'a str,
    /// What was just done.
    pub news: Option<&'a str>,
    /// Why something was not done.
    pub problem: Option<&'a str>,
    /// The authenticators.
    pub own: Vec<OwnAuthenticator>,
    /// The application's first page.
    pub home: &'a str,
}

/// Asks before an authenticator is deleted. Sends `action=delete` with `authenticator` to `address`.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/delete.html")]
#[non_exhaustive]
pub struct Delete<'a> {
    /// What is around it.
    pub frame: &'a Frame<'a>,
    /// Where the form goes, by POST; also the way back.
    pub address: &'a str,
    /// Which one, in the tenant's words.
    pub authenticator: &'a str,
    /// Which one, in the user's.
    pub heading: String,
}

impl Choose<'_> {
    /// The page as it comes with the SDK.
    #[must_use]
    pub fn html(&self) -> String {
        render(self)
    }
}

impl Factors<'_> {
    /// The page as it comes with the SDK.
    #[must_use]
    pub fn html(&self) -> String {
        render(self)
    }
}

impl Contact<'_> {
    /// The page as it comes with the SDK.
    #[must_use]
    pub fn html(&self) -> String {
        render(self)
    }
}

impl Code<'_> {
    /// The page as it comes with the SDK.
    #[must_use]
    pub fn html(&self) -> String {
        render(self)
    }
}

impl NewApp<'_> {
    /// The page as it comes with the SDK.
    #[must_use]
    pub fn html(&self) -> String {
        render(self)
    }
}

impl Push<'_> {
    /// The page as it comes with the SDK.
    #[must_use]
    pub fn html(&self) -> String {
        render(self)
    }
}

impl Recovery<'_> {
    /// The page as it comes with the SDK.
    #[must_use]
    pub fn html(&self) -> String {
        render(self)
    }
}

impl Keep<'_> {
    /// The page as it comes with the SDK.
    #[must_use]
    pub fn html(&self) -> String {
        render(self)
    }
}

impl Manage<'_> {
    /// The page as it comes with the SDK.
    #[must_use]
    pub fn html(&self) -> String {
        render(self)
    }
}

impl Delete<'_> {
    /// The page as it comes with the SDK.
    #[must_use]
    pub fn html(&self) -> String {
        render(self)
    }
}

// What holds secrets prints none.

impl fmt::Debug for NewApp<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NewApp").field("step", &self.step).finish_non_exhaustive()
    }
}

impl fmt::Debug for Push<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Push")
            .field("step", &self.step)
            .field("waits", &self.waits)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Keep<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keep").field("step", &self.step).finish_non_exhaustive()
    }
}
