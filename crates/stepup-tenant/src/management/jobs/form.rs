//! The form that asks for an import: `multipart/form-data` (RFC 7578) with the file of users in it.

use std::convert::Infallible;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use futures_util::stream;
use http::header;
use multer::{Constraints, Error, Multipart, SizeLimit};
use secrecy::SecretString;

use crate::{management::error::Failure, pipeline::header_text};

/// A form that is not read yet: whether the caller may call comes first.
pub(super) struct Form {
    content_type: String,
    body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let content_type =
            header_text(request.headers(), header::CONTENT_TYPE).unwrap_or_default().to_owned();
        // The server has read it whole, within its limits.
        Ok(Self { content_type, body: Bytes::from_request(request, state).await.unwrap_or_default() })
    }
}

/// What is asked for.
pub(super) struct UsersImport {
    pub(super) users: SecretString,
    pub(super) connection_id: String,
    pub(super) upsert: bool,
    pub(super) external_id: Option<String>,
    pub(super) send_completion_email: bool,
}

/// The largest file of users, in bytes.
const FILE: u64 = 500 * 1024;
/// The largest of the other fields.
const FIELD: u64 = 1024;
const FIELDS: [&str; 5] = ["users", "connection_id", "upsert", "external_id", "send_completion_email"];

impl Form {
    /// The fields of the form.
    ///
    /// # Errors
    /// It is no such form, or a field is not what it should be.
    pub(super) async fn users_import(self) -> Result<UsersImport, Failure> {
        let [users, connection_id, upsert, external_id, send_completion_email] = self.fields().await?;
        Ok(UsersImport {
            users: required("users", users)?.into(),
            connection_id: required("connection_id", connection_id)?,
            upsert: truth("upsert", upsert.as_deref())?.unwrap_or(false),
            external_id: external_id.filter(|id| !id.is_empty()),
            send_completion_email: truth("send_completion_email", send_completion_email.as_deref())?
                .unwrap_or(true),
        })
    }

    /// The text of each field, in the order of [`FIELDS`].
    async fn fields(self) -> Result<[Option<String>; FIELDS.len()], Failure> {
        let boundary = multer::parse_boundary(&self.content_type).map_err(|error| refused(&error))?;
        let sizes = SizeLimit::new().per_field(FIELD).for_field("users", FILE);
        let constraints = Constraints::new().allowed_fields(FIELDS.to_vec()).size_limit(sizes);
        let body = stream::iter([Ok::<_, Infallible>(self.body)]);
        let mut form = Multipart::with_constraints(body, boundary, constraints);
        let mut texts = [const { None }; FIELDS.len()];
        while let Some(field) = form.next_field().await.map_err(|error| refused(&error))? {
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(|error| refused(&error))?;
            let text = String::from_utf8(bytes.to_vec())
                .map_err(|_| Failure::Payload(format!("'Not valid UTF-8' on property {name}")))?;
            // The form lets none but these through.
            let Some(place) = FIELDS.iter().position(|known| *known == name) else { continue };
            if texts[place].replace(text).is_some() {
                let problem = format!("'Expected type string but found type array' on property {name}");
                return Err(Failure::Payload(problem));
            }
        }
        Ok(texts)
    }
}

fn required(name: &str, text: Option<String>) -> Result<String, Failure> {
    text.ok_or_else(|| Failure::Payload(format!("'Missing required property: {name}'")))
}

fn truth(name: &str, text: Option<&str>) -> Result<Option<bool>, Failure> {
    match text {
        None | Some("") => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => {
            let problem = format!("'Expected type boolean but found type string' on property {name}");
            Err(Failure::Payload(problem))
        }
    }
}

fn refused(error: &Error) -> Failure {
    match error {
        Error::FieldSizeExceeded { limit, field_name } if field_name.as_deref() == Some("users") => {
            Failure::TooLarge(*limit)
        }
        Error::FieldSizeExceeded { limit, field_name } => Failure::Payload(format!(
            "'String is too long, maximum {limit}' on property {}",
            field_name.as_deref().unwrap_or_default()
        )),
        Error::UnknownField { field_name } => Failure::Payload(format!(
            "'Additional properties not allowed: {}'",
            field_name.as_deref().unwrap_or_default()
        )),
        Error::NoMultipart | Error::NoBoundary | Error::DecodeContentType(_) => {
            Failure::Payload("'The body must be multipart/form-data with a boundary'".to_owned())
        }
        other => Failure::Payload(format!("'The form cannot be read: {other}'")),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn form(content_type: &str, body: impl Into<Bytes>) -> Form {
        Form { content_type: content_type.to_owned(), body: body.into() }
    }

    fn read(form: Form) -> Result<UsersImport, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(form.users_import())
    }

    fn written(fields: &[(&str, &str)]) -> Form {
        let field = |(name, value): &(&str, &str)| {
            format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body: String = fields.iter().map(field).collect();
        form("multipart/form-data; boundary=X", body + "--X--\r\n")
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let read = read(written(&[("users", "[]"), ("connection_id", "con_1")])).unwrap();
        assert_eq!((read.users.expose_secret(), read.connection_id.as_str()), ("[]", "con_1"));
        assert_eq!((read.upsert, read.external_id, read.send_completion_email), (false, None, true));
    }

    #[test]
    fn the_first_thing_that_is_wrong_is_named() {
        let users = ("users", "[]");
        let long = "x".repeat(1025);
        let cases = [
            (form("application/json", "{}"), "'The body must be multipart/form-data with a boundary'"),
            (form("multipart/form-data", ""), "'The body must be multipart/form-data with a boundary'"),
            (written(&[("connection_id", "con_1")]), "'Missing required property: users'"),
            (written(&[users]), "'Missing required property: connection_id'"),
            (written(&[users, users]), "'Expected type string but found type array' on property users"),
            (written(&[users, ("x", "1")]), "'Additional properties not allowed: x'"),
            (
                written(&[users, ("connection_id", "con_1"), ("upsert", "yes")]),
                "'Expected type boolean but found type string' on property upsert",
            ),
            (
                written(&[("external_id", &long)]),
                "'String is too long, maximum 1024' on property external_id",
            ),
        ];
        for (form, problem) in cases {
            let failure = read(form).err().unwrap().to_string();
            assert_eq!(failure, format!("Payload validation error: {problem}."));
        }
        let large = "x".repeat(512_001);
        let failure = read(written(&[("users", &large)])).err().unwrap();
        assert!(matches!(failure, Failure::TooLarge(512_000)), "{failure}");
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_a_panic(body in "(--X|\r\n|Content-Disposition: form-data; name=\"users\"|[a-z\"; -]){0,12}", header in ".{0,40}") {
            let _ = read(form("multipart/form-data; boundary=X", body.clone()));
            let _ = read(form(&header, body));
        }
    }
}
