//! A long text as the first member of a payload's object, put there and taken out without JSON's look at each of its
//! characters: for a raw `mfa_token` of 2000 of them that would be a third of the time of sealing and opening.

use std::{borrow::Cow, str};

use memchr::memchr2;
use serde::{Serialize, de::Error as _};
use serde_json::{Error, Map, Value};

use super::write_json;

/// Writes `payload`, an object, with `text` in front as the member `name`.
#[expect(
    clippy::panic,
    reason = "the documented panic of `Sealer::seal_with_text`: a fault of the payload's type"
)]
pub(super) fn put<T: Serialize + ?Sized>(name: &str, text: &str, payload: &T, json: &mut Vec<u8>) {
    json.extend_from_slice(before_text(name).as_bytes());
    if is_plain(text) {
        json.extend_from_slice(text.as_bytes());
        json.push(b'"');
    } else {
        json.pop();
        write_json(text, json);
    }
    let object = json.len();
    write_json(payload, json);
    match &mut json[object..] {
        [b'{', b'}'] => drop(json.remove(object)),
        [start @ b'{', .., b'}'] => *start = b',',
        _ => panic!("the payload is not a JSON object"),
    }
}

/// Takes the member `name`, a text, out of the object in `json`. The other members are an object again.
pub(super) fn take<'j>(name: &str, json: &'j mut [u8]) -> Result<(String, Cow<'j, [u8]>), Error> {
    let start = before_text(name);
    let Some(text) = json.strip_prefix(start.as_bytes()).and_then(first_plain) else {
        return take_from_any(name, json);
    };
    let text = text.to_owned();
    let separator = start.len() + text.len() + 1;
    json[separator] = b'{';
    Ok((text, Cow::Borrowed(&json[separator..])))
}

/// The text at the start of `json`, if nothing in it is escaped and another member follows.
fn first_plain(json: &[u8]) -> Option<&str> {
    let end = memchr2(b'"', b'\\', json)?;
    if json[end..].starts_with(br#"","#) { str::from_utf8(&json[..end]).ok() } else { None }
}

/// For what is written in another way than here.
fn take_from_any<'j>(name: &str, json: &[u8]) -> Result<(String, Cow<'j, [u8]>), Error> {
    let mut object: Map<String, Value> = serde_json::from_slice(json)?;
    match object.remove(name) {
        Some(Value::String(text)) => Ok((text, serde_json::to_vec(&object)?.into())),
        _ => Err(Error::custom(format_args!("no text {name}"))),
    }
}

fn before_text(name: &str) -> String {
    format!(r#"{{"{name}":""#)
}

/// Whether JSON writes it as it is.
fn is_plain(text: &str) -> bool {
    // no early end: so many characters are looked at at once
    text.bytes().fold(true, |all, byte| all & (byte >= b' ') & (byte != b'"') & (byte != b'\\'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(text: &str, payload: &Value) -> Vec<u8> {
        let mut json = Vec::new();
        put("tok", text, payload, &mut json);
        json
    }

    #[test]
    fn what_is_put_is_json_and_is_taken_out_again() {
        for text in
            ["", "Fe26.2*SERVER_1*a-_b", "é", "\"", "a\",\"b", "\\", "\\u0041", "\n", "\u{0}", "\u{7f}"]
        {
            for payload in [json!({}), json!({ "aud": text, "n": [1] })] {
                let mut json = written(text, &payload);
                let mut whole = payload.clone();
                whole["tok"] = text.into();
                assert_eq!(serde_json::from_slice::<Value>(&json).unwrap(), whole);

                let (taken, rest) = take("tok", &mut json).unwrap();
                assert_eq!(taken, text);
                assert_eq!(serde_json::from_slice::<Value>(&rest).unwrap(), payload);
            }
        }
    }

    #[test]
    fn a_text_is_found_wherever_it_stands_and_however_it_is_written() {
        for json in
            [r#"{"aud":"a","tok":"t"}"#, r#" { "tok" : "t", "aud": "a" }"#, r#"{"tok":"\u0074","aud":"a"}"#]
        {
            let mut json = json.as_bytes().to_vec();
            let (text, rest) = take("tok", &mut json).unwrap();
            assert_eq!((text.as_str(), &*rest), ("t", &br#"{"aud":"a"}"#[..]));
        }
    }

    #[test]
    fn nothing_else_is_a_payload_with_a_text() {
        for json in
            ["", "{", "[]", r#"{"aud":"a"}"#, r#"{"tok":1,"aud":"a"}"#, r#"{"tok":"a"#, "{\"tok\":\"\u{1}\"}"]
        {
            assert!(take("tok", &mut json.as_bytes().to_vec()).is_err(), "{json}");
        }
    }
}
