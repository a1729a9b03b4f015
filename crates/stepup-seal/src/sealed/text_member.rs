//! A long text as the first member of a payload's object, put there and taken out without JSON's look at each of its
//! characters: for a raw `mfa_token` of 2000 of them that would be a third of the time of sealing and opening.

use std::borrow::Cow;

use serde::{Serialize, de::Error as _};
use serde_json::{Error, Map, Value};

use super::{packed, write_json};

/// Writes `payload`, an object, with a text in front as the member `name`; `write` writes the text, and says false
/// where JSON would have to escape something in it.
#[expect(
    clippy::panic,
    reason = "the documented panic of `Sealer::seal_with_text`: a fault of the payload's type"
)]
pub(super) fn put<T: Serialize + ?Sized>(
    (name, text): (&str, &str),
    write: fn(&str, &mut Vec<u8>) -> bool,
    payload: &T,
    json: &mut Vec<u8>,
) {
    json.extend_from_slice(b"{\"");
    json.extend_from_slice(name.as_bytes());
    json.extend_from_slice(b"\":\"");
    let start = json.len();
    if write(text, json) {
        json.push(b'"');
    } else {
        json.truncate(start - 1);
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

/// Takes the member `name`, a text however it was written, out of the object in `json`. The other members are an object
/// again.
pub(super) fn take<'j>(name: &str, json: &'j mut [u8]) -> Result<(String, Cow<'j, [u8]>), Error> {
    let Some((text, end)) = first(name, json) else { return take_from_any(name, json) };
    match json.get_mut(end) {
        Some(separator @ b',') => {
            *separator = b'{';
            Ok((text, Cow::Borrowed(&json[end..])))
        }
        Some(b'}') => Ok((text, Cow::Borrowed(b"{}"))),
        _ => take_from_any(name, json),
    }
}

/// The text, if it is the first member, and where it ends.
fn first(name: &str, json: &[u8]) -> Option<(String, usize)> {
    let from = json.strip_prefix(b"{\"")?.strip_prefix(name.as_bytes())?.strip_prefix(b"\":\"")?;
    let (text, taken) = packed::unpack(from)?;
    Some((text, json.len() - from.len() + taken + 1))
}

/// For what is written in another way than here.
fn take_from_any<'j>(name: &str, json: &[u8]) -> Result<(String, Cow<'j, [u8]>), Error> {
    let mut object: Map<String, Value> = serde_json::from_slice(json)?;
    match object.remove(name) {
        Some(Value::String(text)) => Ok((text, serde_json::to_vec(&object)?.into())),
        _ => Err(Error::custom(format_args!("no text {name}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXTS: [&str; 10] =
        ["", "Fe26.2*SERVER_1*a-_b", "é", "\"", "a\",\"b", "\\", "\\u0041", "\n", "\u{0}", "\u{7f}"];

    #[test]
    fn what_is_put_is_json() {
        for text in TEXTS {
            for payload in [json!({}), json!({ "aud": text, "n": [1] })] {
                let mut json = Vec::new();
                put(("tok", text), packed::leave, &payload, &mut json);
                let mut whole = payload.clone();
                whole["tok"] = text.into();
                assert_eq!(serde_json::from_slice::<Value>(&json).unwrap(), whole);
            }
        }
    }

    #[test]
    fn what_is_put_is_taken_out_again_packed_or_not() {
        let long = "a-_b".repeat(100);
        let texts = TEXTS.map(str::to_owned);
        let longer = TEXTS.map(|text| format!("{long}*{text}*{long}"));
        for text in texts.into_iter().chain(longer) {
            for write in [packed::leave, packed::pack] {
                for payload in [json!({}), json!({ "aud": text, "n": [1] })] {
                    let mut json = Vec::new();
                    put(("tok", &text), write, &payload, &mut json);
                    let (taken, rest) = take("tok", &mut json).unwrap();
                    assert_eq!(taken, text);
                    assert_eq!(serde_json::from_slice::<Value>(&rest).unwrap(), payload);
                }
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
