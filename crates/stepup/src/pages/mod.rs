//! Ready-made pages for the second factor, under `/auth/mfa`: one module a page, its template in `templates/pages/`.
//!
//! They work with scripts off: a form is posted, the detour's cookie says how far it has come, and a redirect shows the
//! next page. A reload or the back button therefore shows where things stand, and does nothing twice.
//!
//! How they look and speak is set with [`PageOptions`]; pages of your own are a [`PageTemplates`].

use std::time::Duration;

/// How long a push may be answered; the tenant says nothing when it is over.
const PUSH_LIFETIME: Duration = Duration::from_secs(5 * 60);

mod assets;
mod flow;
mod frame;
mod manage;
mod notice;
mod options;
mod qr;
mod resume;
mod say;
mod step_up;
#[cfg(test)]
mod tests;
mod texts;
mod views;
mod way;

pub(crate) use self::{
    assets::{Asset, answer as asset},
    frame::{page, render},
    manage::{form as manage_form, page as manage_page},
    notice::{Stop, WayOn},
    resume::answer as resume,
    step_up::{form as step_up_form, page as step_up_page},
};
pub use self::{
    frame::{Frame, Link},
    notice::Notice,
    options::{PageOptions, PageTemplates},
    resume::Resume,
    texts::{Language, Text, Texts},
    views::{
        Choice, Choose, Code, Contact, Delete, Factors, Keep, Manage, NewApp, OwnAuthenticator, Push,
        Recovery, Step,
    },
    way::Way,
};
