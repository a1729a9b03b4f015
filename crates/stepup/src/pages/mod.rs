//! Ready-made pages for the second factor, under `/auth/mfa`: one module a page, its template in `templates/pages/`.
//!
//! They work with scripts off: a form is posted, the detour's cookie says how far it has come, and a redirect shows the
//! next page. A reload or the back button therefore shows where things stand, and does nothing twice.

mod assets;
mod frame;
mod notice;
mod options;
mod resume;
mod texts;

pub(crate) use self::{
    assets::{Asset, answer as asset},
    resume::answer as resume,
};
pub use self::{
    frame::{Frame, Link},
    notice::Notice,
    options::{PageOptions, PageTemplates},
    resume::Resume,
    texts::{Language, Text, Texts},
};
