//! The parameters of a request: from a query, a form or a JSON object, under one set of rules.
//!
//! No name comes twice (RFC 6749 section 3.1), an empty value counts as absent, unknown names are ignored.

use std::fmt;

use serde::{Deserializer, de};
use serde_json::Value;

/// The most parameters that are taken: each is held against those before it.
const MOST: usize = 256;

/// Parameters in the order they came. Prints names only: values hold secrets.
#[derive(Clone, Default)]
pub(crate) struct Params {
    held: Vec<(String, Value)>,
    /// Whether they came as JSON, which has lists of its own.
    is_json: bool,
}

/// Why a request's parameters cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ParamsError {
    #[error("duplicated parameter: {0}")]
    Duplicate(String),
    #[error("more than {MOST} parameters")]
    TooMany,
    #[error("the body is not a JSON object")]
    Json(#[source] serde_json::Error),
    #[error("\"{0}\" must be a list of strings")]
    NotAList(&'static str),
    #[error("\"{0}\" must be a string")]
    NotText(&'static str),
    #[error("the body is not UTF-8")]
    Utf8(#[source] std::str::Utf8Error),
}

impl Params {
    /// Reads `application/x-www-form-urlencoded` text: a query string or a form body.
    pub(crate) fn from_form(text: &str) -> Result<Self, ParamsError> {
        let mut params = Self::default();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            params.push(name.into_owned(), Value::String(value.into_owned()))?;
        }
        Ok(params)
    }

    /// Reads a body by its content type. Where that says neither form nor JSON, a body that begins like a JSON object is
    /// one, and any other is a form.
    pub(crate) fn from_body(content_type: Option<&str>, body: &[u8]) -> Result<Self, ParamsError> {
        let essence = content_type.and_then(|it| it.split(';').next()).unwrap_or_default().trim();
        let is_json = if essence.eq_ignore_ascii_case("application/json") {
            true
        } else if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            false
        } else {
            body.trim_ascii_start().starts_with(b"{")
        };
        if is_json && !body.trim_ascii().is_empty() {
            Self::from_json(body)
        } else {
            Self::from_form(std::str::from_utf8(body).map_err(ParamsError::Utf8)?)
        }
    }

    fn from_json(body: &[u8]) -> Result<Self, ParamsError> {
        let mut reader = serde_json::Deserializer::from_slice(body);
        let members = reader.deserialize_map(Members).map_err(ParamsError::Json)?;
        reader.end().map_err(ParamsError::Json)?;
        let mut params = Self { is_json: true, ..Self::default() };
        for (name, value) in members {
            params.push(name, value)?;
        }
        Ok(params)
    }

    fn push(&mut self, name: String, value: Value) -> Result<(), ParamsError> {
        if self.held.iter().any(|(held, _)| *held == name) {
            return Err(ParamsError::Duplicate(name));
        }
        if self.held.len() == MOST {
            return Err(ParamsError::TooMany);
        }
        // A number or a boolean in JSON is the text it would be in a form.
        let value = match value {
            Value::Number(number) => Value::String(number.to_string()),
            Value::Bool(truth) => Value::String(truth.to_string()),
            other => other,
        };
        self.held.push((name, value));
        Ok(())
    }

    /// The text under `name`, which JSON may hold in another form; absent where it is empty or null.
    ///
    /// # Errors
    /// It is an array or an object.
    pub(crate) fn optional(&self, name: &'static str) -> Result<Option<&str>, ParamsError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ParamsError::NotText(name)),
        }
    }

    /// The words under `name`, an array where the body is JSON; absent where there is none.
    ///
    /// # Errors
    /// It is something else.
    pub(crate) fn array(&self, name: &'static str) -> Result<Option<Vec<&str>>, ParamsError> {
        match self.value(name) {
            Some(Value::String(_)) if self.is_json => Err(ParamsError::NotAList(name)),
            _ => self.list(name),
        }
    }

    /// The words under `name`, which JSON may hold in another form; absent where there is none.
    ///
    /// # Errors
    /// It is neither a text nor an array of texts.
    pub(crate) fn list(&self, name: &'static str) -> Result<Option<Vec<&str>>, ParamsError> {
        match (self.value(name), self.words(name)) {
            (Some(Value::Array(entries)), None) if !entries.is_empty() => Err(ParamsError::NotAList(name)),
            (Some(Value::Object(_)), None) => Err(ParamsError::NotAList(name)),
            (_, words) => Ok(words),
        }
    }

    /// The text under `name`; absent where it is empty, null, an array or an object.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The words under `name`: a JSON array of texts, or one text with spaces between them. Absent where there is none.
    pub(crate) fn words(&self, name: &str) -> Option<Vec<&str>> {
        let words: Vec<_> = match self.value(name)? {
            Value::String(text) => text.split_ascii_whitespace().collect(),
            Value::Array(entries) => entries.iter().map(Value::as_str).collect::<Option<_>>()?,
            _ => return None,
        };
        (!words.is_empty()).then_some(words)
    }

    /// Whether `name` was sent at all, empty or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.held.iter().any(|(held, _)| held == name)
    }

    /// The value under `name` as it came; absent where it is empty or null.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        let (_, value) = self.held.iter().find(|(held, _)| held == name)?;
        (!value.is_null() && value.as_str() != Some("")).then_some(value)
    }

    /// The texts by name, without those that are absent.
    pub(crate) fn into_texts(self) -> std::collections::BTreeMap<String, String> {
        let texts = self.held.into_iter().filter_map(|(name, value)| match value {
            Value::String(text) if !text.is_empty() => Some((name, text)),
            _ => None,
        });
        texts.collect()
    }

    /// The parameters as a JSON object, without those named in `left_out`.
    pub(crate) fn to_json(&self, left_out: &[&str]) -> Value {
        self.held
            .iter()
            .filter(|(name, _)| !left_out.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.held.iter().map(|(name, _)| name)).finish()
    }
}

/// The members of a JSON object, duplicates kept: `serde_json::Map` would drop them silently.
struct Members;

impl<'de> de::Visitor<'de> for Members {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_json_read_the_same() {
        let form = Params::from_body(Some("application/x-www-form-urlencoded"), b"otp=123456&scope=a+b&x=");
        let json = Params::from_body(
            Some("application/json; charset=utf-8"),
            br#"{"otp":"123456","scope":"a b","x":""}"#,
        );
        for params in [form.unwrap(), json.unwrap()] {
            assert_eq!(params.text("otp"), Some("123456"));
            assert_eq!(params.words("scope"), Some(vec!["a", "b"]));
            assert_eq!(params.text("x"), None);
            assert!(params.has("x") && !params.has("y"));
        }
    }

    #[test]
    fn the_body_decides_where_the_content_type_does_not() {
        assert_eq!(Params::from_body(None, b" {\"a\":1}").unwrap().text("a"), Some("1"));
        assert_eq!(Params::from_body(Some("text/plain"), b"a=1").unwrap().text("a"), Some("1"));
    }

    #[test]
    fn duplicates_are_refused_in_every_form() {
        for (content_type, body) in [
            ("application/x-www-form-urlencoded", &b"a=1&b=2&a=1"[..]),
            ("application/json", br#"{"a":"1","a":"2"}"#),
        ] {
            let error = Params::from_body(Some(content_type), body).unwrap_err();
            assert!(matches!(error, ParamsError::Duplicate(name) if name == "a"), "{content_type}");
        }
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        for body in [&b"[]"[..], b"\"a\"", b"{", b"{} x", b"nul", b"{\"a\":\xff}"] {
            assert!(Params::from_body(Some("application/json"), body).is_err());
        }
        assert!(Params::from_body(None, b"a=\xff").is_err());
    }

    #[test]
    fn lists_come_as_arrays_too() {
        let params =
            Params::from_body(Some("application/json"), br#"{"a":["otp","oob"],"b":[1],"c":{}}"#).unwrap();
        assert_eq!(params.words("a"), Some(vec!["otp", "oob"]));
        assert_eq!(params.words("b"), None);
        assert_eq!(params.text("c"), None);
        assert_eq!(params.list("a").unwrap(), Some(vec!["otp", "oob"]));
        for name in ["b", "c"] {
            assert!(matches!(params.list(name), Err(ParamsError::NotAList(told)) if told == name));
        }
        assert_eq!(params.array("a").unwrap(), Some(vec!["otp", "oob"]));
        for name in ["a", "b", "c"] {
            assert!(matches!(params.optional(name), Err(ParamsError::NotText(told)) if told == name));
        }
        assert_eq!((params.list("d").unwrap(), params.optional("d").unwrap()), (None, None));
    }

    #[test]
    fn a_text_is_a_list_in_a_form_alone() {
        for (content_type, body, expected) in [
            ("application/x-www-form-urlencoded", "a=otp+oob", Some(vec!["otp", "oob"])),
            ("application/json", r#"{"a":["otp","oob"]}"#, Some(vec!["otp", "oob"])),
            ("application/json", r#"{"a":"otp"}"#, None),
            ("application/json", r#"{"a":5}"#, None),
        ] {
            let params = Params::from_body(Some(content_type), body.as_bytes()).unwrap();
            assert_eq!(params.array("a").ok().flatten(), expected, "{body}");
        }
    }

    #[test]
    fn there_are_not_too_many() {
        let form = (0..=MOST).map(|index| format!("p{index}=1")).collect::<Vec<_>>().join("&");
        assert!(matches!(Params::from_form(&form), Err(ParamsError::TooMany)));
    }

    proptest::proptest! {
        #[test]
        fn no_body_breaks_the_reader(
            content_type in proptest::option::of("(application/json|application/x-www-form-urlencoded|text/plain)(; ?[a-z=\"-]{0,12})?"),
            body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
            json in r#"[\[{]("[a-z_]{0,8}"|[0-9:,\[\]{} ]|null|true|-1e9){0,40}[\]}]"#,
        ) {
            let _ = Params::from_body(content_type.as_deref(), &body);
            let _ = Params::from_body(content_type.as_deref(), json.as_bytes());
        }

        #[test]
        fn a_form_reads_what_was_written(name in "[a-z_]{1,12}", value in ".{1,60}") {
            let form = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            let read = Params::from_form(&form).unwrap();
            proptest::prop_assert_eq!(read.text(&name), Some(value.as_str()));
        }
    }

    #[test]
    fn values_are_never_printed() {
        assert_eq!(format!("{:?}", Params::from_form("client_secret=s").unwrap()), r#"["client_secret"]"#);
    }
}
