//! What a body may hold, as tables; the wording of the refusals is the real service's.

use serde_json::{Map, Value};

use super::error::Failure;

/// The members that an object may have. Any other is refused.
pub(crate) struct Schema(pub(crate) &'static [Member]);

/// One member of an object.
pub(crate) struct Member {
    name: &'static str,
    kind: Kind,
    required: bool,
}

/// What a value may be.
pub(crate) enum Kind {
    /// Anything.
    Any,
    /// `true` or `false`.
    Boolean,
    /// Text that a rule accepts, with the rule's name.
    Format(&'static str, fn(&str) -> bool),
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// An array whose entries are of one kind.
    List(&'static Kind),
    /// The kind, or null.
    Nullable(&'static Kind),
    /// A number.
    Number,
    /// An object with any members.
    Object,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// An object with these members.
    Record(&'static Schema),
    /// Text with at least and at most so many characters.
    Text(usize, usize),
}

/// Text of ordinary length, not empty.
pub(crate) const NAME: Kind = Kind::Text(1, 255);
/// Text that may be long or empty.
pub(crate) const TEXT: Kind = Kind::Text(0, 2048);
/// Texts.
pub(crate) const TEXTS: Kind = Kind::List(&TEXT);

/// A member that must be there.
pub(crate) const fn required(name: &'static str, kind: Kind) -> Member {
    Member { name, kind, required: true }
}

/// A member that may be there.
pub(crate) const fn optional(name: &'static str, kind: Kind) -> Member {
    Member { name, kind, required: false }
}

impl Schema {
    /// The members of `value`, once they are all what they should be.
    ///
    /// # Errors
    /// [`Failure::Payload`] with the first that is not.
    pub(crate) fn check(&self, value: Value) -> Result<Map<String, Value>, Failure> {
        self.examine(&value, "").map_err(Failure::Payload)?;
        match value {
            Value::Object(members) => Ok(members),
            // `examine` has let none but objects through.
            _ => Ok(Map::new()),
        }
    }

    fn examine(&self, value: &Value, place: &str) -> Result<(), String> {
        let Value::Object(members) = value else {
            return Err(mistyped("object", value, place));
        };
        for member in self.0 {
            match members.get(member.name) {
                Some(value) => member.kind.examine(value, &within(place, member.name))?,
                None if member.required => {
                    return Err(complaint(&format!("Missing required property: {}", member.name), place));
                }
                None => {}
            }
        }
        let unknown: Vec<_> = members
            .keys()
            .filter(|name| !self.0.iter().any(|member| member.name == name.as_str()))
            .map(String::as_str)
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(complaint(&format!("Additional properties not allowed: {}", unknown.join(",")), place))
    }
}

impl Kind {
    /// Checks a whole body that is no object.
    ///
    /// # Errors
    /// [`Failure::Payload`] with the first place that is not what it should be.
    pub(crate) fn check(&self, value: Value) -> Result<Value, Failure> {
        self.examine(&value, "").map_err(Failure::Payload)?;
        Ok(value)
    }

    fn examine(&self, value: &Value, place: &str) -> Result<(), String> {
        match (self, value) {
            (Self::Nullable(_), Value::Null)
            | (Self::Any, _)
            | (Self::Boolean, Value::Bool(_))
            | (Self::Number, Value::Number(_))
            | (Self::Object, Value::Object(_)) => Ok(()),
            (Self::Nullable(kind), value) => kind.examine(value, place),
            (Self::Record(schema), value) => schema.examine(value, place),
            (Self::List(kind), Value::Array(entries)) => entries
                .iter()
                .enumerate()
                .try_for_each(|(position, entry)| kind.examine(entry, &format!("{place}[{position}]"))),
            (Self::Integer(least, most), Value::Number(number)) => {
                integer(number.as_i64(), (*least, *most), value, place)
            }
            (Self::Text(least, most), Value::String(text)) => length(text, (*least, *most), place),
            (Self::OneOf(words), Value::String(text)) if words.contains(&text.as_str()) => Ok(()),
            (Self::OneOf(_), Value::String(text)) => {
                Err(complaint(&format!("No enum match for: {text}"), place))
            }
            (Self::Format(name, accepts), Value::String(text)) => {
                length(text, (0, 2048), place)?;
                let refused =
                    || complaint(&format!("Object didn't pass validation for format {name}: {text}"), place);
                accepts(text).then_some(()).ok_or_else(refused)
            }
            (kind, value) => Err(mistyped(kind.word(), value, place)),
        }
    }

    const fn word(&self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Boolean => "boolean",
            Self::Format(..) | Self::OneOf(_) | Self::Text(..) => "string",
            Self::Integer(..) => "integer",
            Self::List(_) => "array",
            Self::Nullable(kind) => kind.word(),
            Self::Number => "number",
            Self::Object | Self::Record(_) => "object",
        }
    }
}

fn integer(number: Option<i64>, (least, most): (i64, i64), value: &Value, place: &str) -> Result<(), String> {
    match number {
        None => Err(mistyped("integer", value, place)),
        Some(number) if number < least => {
            Err(complaint(&format!("Value {number} is less than minimum {least}"), place))
        }
        Some(number) if number > most => {
            Err(complaint(&format!("Value {number} is greater than maximum {most}"), place))
        }
        Some(_) => Ok(()),
    }
}

fn length(text: &str, (least, most): (usize, usize), place: &str) -> Result<(), String> {
    let length = text.chars().count();
    if length < least {
        return Err(complaint(&format!("String is too short ({length} chars), minimum {least}"), place));
    }
    if length > most {
        return Err(complaint(&format!("String is too long ({length} chars), maximum {most}"), place));
    }
    Ok(())
}

fn mistyped(expected: &str, found: &Value, place: &str) -> String {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    complaint(&format!("Expected type {expected} but found type {found}"), place)
}

fn complaint(problem: &str, place: &str) -> String {
    if place.is_empty() { format!("'{problem}'") } else { format!("'{problem}' on property {place}") }
}

fn within(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const INNER: Schema = Schema(&[required("id", NAME)]);
    const BODY: Schema = Schema(&[
        required("name", NAME),
        optional("enabled", Kind::Boolean),
        optional("days", Kind::Integer(1, 30)),
        optional("word", Kind::OneOf(&["a", "b"])),
        optional("refs", Kind::List(&Kind::Record(&INNER))),
        optional("picture", Kind::Nullable(&TEXT)),
    ]);

    #[test]
    fn the_first_thing_that_is_wrong_is_named() {
        let cases = [
            (json!([]), "'Expected type object but found type array'"),
            (json!({}), "'Missing required property: name'"),
            (json!({ "name": 1 }), "'Expected type string but found type integer' on property name"),
            (json!({ "name": "" }), "'String is too short (0 chars), minimum 1' on property name"),
            (
                json!({ "name": "x", "enabled": "yes" }),
                "'Expected type boolean but found type string' on property enabled",
            ),
            (json!({ "name": "x", "days": 31 }), "'Value 31 is greater than maximum 30' on property days"),
            (
                json!({ "name": "x", "days": 0.5 }),
                "'Expected type integer but found type number' on property days",
            ),
            (json!({ "name": "x", "word": "c" }), "'No enum match for: c' on property word"),
            (
                json!({ "name": "x", "refs": [{ "id": "1" }, {}] }),
                "'Missing required property: id' on property refs[1]",
            ),
            (json!({ "name": "x", "y": 1, "z": 2 }), "'Additional properties not allowed: y,z'"),
        ];
        for (body, problem) in cases {
            let failure = BODY.check(body.clone()).unwrap_err();
            assert_eq!(failure.to_string(), format!("Payload validation error: {problem}."), "{body}");
        }
        assert!(BODY.check(json!({ "name": "x", "picture": null, "days": 30 })).is_ok());
    }

    proptest! {
        #[test]
        fn no_value_makes_it_panic(text in any::<String>(), number in any::<f64>(), name in any::<String>()) {
            for value in [json!(text), json!(number), json!({ name.clone(): text }), json!({ "refs": [number], "name": name })] {
                let _ = BODY.check(value);
            }
        }
    }
}
