//! A form that waits to be sent again: only what an HTML form sends back field by field as it came.

use std::borrow::Cow;

use http::{HeaderMap, Uri, header};
use serde::{Deserialize, Serialize};

/// The largest form that is kept over a detour, in bytes of its body. It travels in cookies, sealed, to the
/// end of the detour, and shares the header with the session: beside one of three kilobytes some two kilobytes fit. What does
/// not fit is said before anything is spent ([`DetourError::TooLarge`](crate::DetourError::TooLarge)).
pub const MAX_FORM_BYTES: usize = 4 * 1024;

/// A form as it was being sent: its address and its fields. Prints none of its values.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptForm {
    #[serde(rename = "path")]
    action: String,
    body: String,
}

/// Why a form cannot be kept. Tell the user what to do: log in with a second factor first, or send less.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// It is not `application/x-www-form-urlencoded`: uploads and JSON are not kept.
    #[error("only forms of type application/x-www-form-urlencoded can be kept")]
    ContentType,
    /// A field holds what an HTML form does not send back as it came: no UTF-8, control characters, lone line ends.
    #[error("the form holds bytes that no HTML form sends back as they came")]
    Encoding,
    /// Larger than [`MAX_FORM_BYTES`].
    #[error("the form has {bytes} bytes, and {MAX_FORM_BYTES} can be kept")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl KeptForm {
    /// The form of a `POST` request. One without a body need not say what it would be.
    ///
    /// # Errors
    ///
    /// It cannot be kept: see [`FormError`].
    pub fn of(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Self, FormError> {
        let is_form = match headers.get(header::CONTENT_TYPE) {
            Some(value) => is_form(value.as_bytes()),
            None => body.is_empty(),
        };
        if !is_form {
            return Err(FormError::ContentType);
        }
        if body.len() > MAX_FORM_BYTES {
            return Err(FormError::TooLarge { bytes: body.len() });
        }
        let body = std::str::from_utf8(body).map_err(|_| FormError::Encoding)?;
        if !percent_encoding::percent_decode_str(body).decode_utf8().is_ok_and(|text| comes_back(&text)) {
            return Err(FormError::Encoding);
        }
        let action = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self { action: action.to_owned(), body: body.to_owned() })
    }

    /// The path and query that it was sent to.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// Its fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.body.as_bytes())
    }
}

impl std::fmt::Debug for KeptForm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("KeptForm")
            .field("action", &self.action)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

pub(crate) fn is_form(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

/// Whether a browser sends it back as it came: it makes every line end CR LF (HTML, "constructing entry list"), and a
/// null character does not survive in an attribute. `_charset_` is a name with a meaning of its own.
fn comes_back(text: &str) -> bool {
    let lines_end_well = !text.replace("\r\n", "").contains(['\r', '\n']);
    lines_end_well && !text.contains('\0') && !text.contains("_charset_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(content_type: &'static str, body: &str) -> Result<KeptForm, FormError> {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        }
        KeptForm::of(&Uri::from_static("/transfer?from=1"), &headers, body.as_bytes())
    }

    #[test]
    fn a_form_is_kept_field_by_field_or_not_at_all() {
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        let long = format!("a={}", "x".repeat(MAX_FORM_BYTES));
        for (content_type, body, expected) in [
            (form, "to=bob&amount=25&note=a%0D%0Ab+%C3%BC&to=", Ok(4)),
            (form, "", Ok(0)),
            ("", "", Ok(0)),
            ("", "a=1", Err(FormError::ContentType)),
            ("multipart/form-data; boundary=x", "", Err(FormError::ContentType)),
            ("multipart/form-data; boundary=x", "a=1", Err(FormError::ContentType)),
            ("application/json", "{}", Err(FormError::ContentType)),
            (form, "a=%FF", Err(FormError::Encoding)),
            (form, "a=1%0A2", Err(FormError::Encoding)),
            (form, "a=%00", Err(FormError::Encoding)),
            (form, "_charset_=", Err(FormError::Encoding)),
            (form, &long, Err(FormError::TooLarge { bytes: MAX_FORM_BYTES + 2 })),
        ] {
            assert_eq!(kept(content_type, body).map(|form| form.fields().count()), expected, "{body:.20}");
        }
        let kept = kept(form, "secret=hunter2").unwrap();
        assert_eq!(kept.action(), "/transfer?from=1");
        assert!(!format!("{kept:?}").contains("hunter2"));
    }
}
