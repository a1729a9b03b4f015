//! Keywords: what the environment fills in, as `auth0-deploy-cli` does.

use std::{collections::BTreeMap, ops::Range};

use serde_json::Value;

use crate::config::{
    ConfigError,
    place::{Position, offset, position},
};

/// What keywords stand for.
#[derive(Debug, Default)]
pub(in crate::config) struct Keywords {
    mappings: BTreeMap<String, Value>,
}

impl Keywords {
    /// The variables of the environment, and behind them the entries of `AUTH0_KEYWORD_REPLACE_MAPPINGS`, a JSON object.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`] where that variable is no JSON object.
    pub(in crate::config) fn from_environment() -> Result<Self, ConfigError> {
        let mut keywords = match std::env::var(MAPPINGS) {
            Ok(json) => Self::parse(&json)?,
            Err(_) => Self::default(),
        };
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        keywords.mappings.extend(variables.map(|(name, value)| (name, value.into())));
        Ok(keywords)
    }

    fn parse(json: &str) -> Result<Self, ConfigError> {
        let mappings =
            serde_json::from_str(json).map_err(|error| ConfigError::json(MAPPINGS, json, &error))?;
        Ok(Self { mappings })
    }

    /// Replaces `##KEY##` by the value of `KEY` as it is and `@@KEY@@`, with quotes around it if there are any, by the
    /// value as JSON. Keys without a value stay as they are and are named once each; those in a line that is a comment
    /// are of no interest.
    pub(in crate::config) fn fill(&self, text: &str) -> Filled {
        let mut filled = Filled { text: String::with_capacity(text.len()), ..Filled::default() };
        let mut rest = text;
        while let Some(mark) = next_mark(rest) {
            let (before, after) = (&rest[..mark.start], &rest[mark.end..]);
            filled.text.push_str(before);
            rest = after;
            let end = text.len() - after.len();
            let start = end - (mark.end - mark.start);
            let Some(value) = self.mappings.get(mark.key) else {
                if !in_comment(text, start) && !filled.missing.iter().any(|(known, _)| known == mark.key) {
                    filled.missing.push((mark.key.to_owned(), position(text, start)));
                }
                filled.text.push_str(mark.text);
                continue;
            };
            let mut seam = Seam { filled: filled.text.len()..0, written: start..end };
            if mark.json
                && let Some(inside) = quoted(&mut filled.text, after)
            {
                rest = inside;
                seam = Seam { filled: filled.text.len()..0, written: start - 1..end + 1 };
            }
            filled.text.push_str(&if mark.json { json(value).to_string() } else { plain(value) });
            seam.filled.end = filled.text.len();
            filled.seams.push(seam);
        }
        filled.text.push_str(rest);
        filled
    }
}

/// A text with its keywords filled in.
#[derive(Debug, Default)]
pub(in crate::config) struct Filled {
    pub(in crate::config) text: String,
    /// Keys without a value, with their place in what was written.
    pub(in crate::config) missing: Vec<(String, Position)>,
    /// From front to back.
    seams: Vec<Seam>,
}

/// Bytes that stand in place of a keyword, and those of the keyword.
#[derive(Debug)]
struct Seam {
    filled: Range<usize>,
    written: Range<usize>,
}

impl Filled {
    /// Where in `written`, which this was made of, stands what is at a position here; for a value that is its keyword.
    pub(in crate::config) fn written_at(&self, written: &str, at: Position) -> Position {
        let Some(offset) = offset(&self.text, at) else { return at };
        let before = self.seams.iter().rev().find(|seam| seam.filled.start <= offset);
        let offset = match before {
            None => offset,
            Some(seam) if offset < seam.filled.end => seam.written.start,
            Some(seam) => offset - seam.filled.end + seam.written.end,
        };
        position(written, offset)
    }
}

const MAPPINGS: &str = "AUTH0_KEYWORD_REPLACE_MAPPINGS";

/// The next keyword in a text.
struct Mark<'t> {
    text: &'t str,
    key: &'t str,
    start: usize,
    end: usize,
    json: bool,
}

fn next_mark(text: &str) -> Option<Mark<'_>> {
    let bytes = text.as_bytes();
    let mut start = 0;
    loop {
        start += text.get(start..)?.find(['#', '@'])?;
        let sign = bytes[start];
        let word = text.get(start + 2..).filter(|_| bytes[start + 1] == sign);
        let length = word.map_or(0, |word| word.bytes().take_while(|byte| is_word(*byte)).count());
        let end = start + 2 + length + 2;
        if length > 0 && bytes.get(end - 2..end) == Some(&[sign, sign]) {
            let (key, text) = (&text[start + 2..end - 2], &text[start..end]);
            return Some(Mark { text, key, start, end, json: sign == b'@' });
        }
        start += 1;
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// What is left of `after` where quotes stand around its beginning, the opening one taken from `before`.
fn quoted<'t>(before: &mut String, after: &'t str) -> Option<&'t str> {
    let open = before.chars().last().filter(|open| matches!(open, '"' | '\''))?;
    let rest = after.strip_prefix(open)?;
    before.pop();
    Some(rest)
}

/// A variable may hold a list, a mapping or a truth value as JSON; whatever else it holds is the text itself.
fn json(value: &Value) -> Value {
    let parsed = value
        .as_str()
        .filter(|text| text.trim_start().starts_with(['[', '{']) || matches!(*text, "true" | "false"))
        .and_then(|text| serde_json::from_str(text).ok());
    parsed.unwrap_or_else(|| value.clone())
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn in_comment(text: &str, offset: usize) -> bool {
    let start = text[..offset].rfind('\n').map_or(0, |end| end + 1);
    let before = &text.as_bytes()[start..offset];
    // Two of them begin a keyword, not a comment.
    (0..before.len()).any(|at| {
        before[at] == b'#'
            && (at == 0 || before[at - 1].is_ascii_whitespace())
            && before.get(at + 1) != Some(&b'#')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::Files;

    fn keywords() -> Keywords {
        let mappings = r#"{"NAME":"bank","URLS":["https://a.example","https://b.example"],"TEXT":"[1, 2]","N":5,
                "ID":"12345","ON":"true","PEM":"one\ntwo\nthree","KEY":"one\n      two"}"#;
        Keywords::parse(mappings).unwrap()
    }

    #[test]
    fn keys_are_filled_in_as_text_and_as_json() {
        for (text, expected) in [
            ("a: '##NAME##-##NAME##'", "a: 'bank-bank'"),
            ("a: \"@@URLS@@\"", r#"a: ["https://a.example","https://b.example"]"#),
            ("a: @@NAME@@", "a: \"bank\""),
            ("a: '@@TEXT@@'", "a: [1,2]"),
            ("a: @@N@@ @@ON@@", "a: 5 true"),
            ("a: @@ID@@", "a: \"12345\""),
            ("a: ##URLS## ##N##", r#"a: ["https://a.example","https://b.example"] 5"#),
            ("a: ##NAME## # ##COMMENT##", "a: bank # ##COMMENT##"),
            ("###NAME###", "#bank#"),
            ("a@@b ## a comment ## @@ @", "a@@b ## a comment ## @@ @"),
            ("##NAME", "##NAME"),
            ("é##NAME##é", "ébanké"),
        ] {
            let filled = keywords().fill(text);
            assert_eq!((filled.text.as_str(), filled.missing), (expected, vec![]), "{text}");
        }
    }

    #[test]
    fn a_key_without_a_value_is_named_with_its_place_once() {
        let Filled { text, missing, .. } =
            keywords().fill("# ##COMMENT##\na: ##NAME##\n  b: ##NONE## ##NONE##\nc: ##NAME## @@ALSO@@\n");
        assert_eq!(text, "# ##COMMENT##\na: bank\n  b: ##NONE## ##NONE##\nc: bank @@ALSO@@\n");
        assert_eq!(
            missing,
            [
                ("NONE".to_owned(), Position { line: 3, column: 6 }),
                ("ALSO".to_owned(), Position { line: 4, column: 13 }),
            ]
        );
    }

    #[test]
    fn a_place_is_told_as_it_is_written() {
        let written = "é: [##PEM##, x]\nb: '@@PEM@@'; y\nc: z";
        let filled = keywords().fill(written);
        assert_eq!(filled.text, "é: [one\ntwo\nthree, x]\nb: \"one\\ntwo\\nthree\"; y\nc: z");
        for (at, expected) in [
            ((1, 4), (1, 4)),
            ((1, 5), (1, 5)),
            ((2, 2), (1, 5)),
            ((3, 6), (1, 12)),
            ((3, 8), (1, 14)),
            ((4, 4), (2, 4)),
            ((4, 10), (2, 4)),
            ((4, 23), (2, 15)),
            ((5, 4), (3, 4)),
            ((5, 9), (3, 5)),
            ((0, 0), (0, 0)),
        ] {
            let position = |(line, column)| Position { line, column };
            assert_eq!(filled.written_at(written, position(at)), position(expected), "{at:?}");
        }
    }

    #[test]
    fn an_error_is_shown_where_it_stands_in_the_file() {
        let text = "clients:\n  - name: a\n    client_secret: \"##KEY##\"\n    callbacks: nowhere\n";
        let files = Files::single("the file", text, &keywords()).unwrap();
        let error = files.wrong("clients[0].callbacks", "this must be a list");
        assert_eq!(error.to_string(), "the file:4:16: clients[0].callbacks: this must be a list");
        assert_eq!(
            error.excerpt().unwrap(),
            "3 |     client_secret: *********\n4 |     callbacks: nowhere\n  |                ^"
        );
        let twice = "a: '##KEY##'\nb: 1\nb: 2\n";
        let error = Files::single("the file", twice, &keywords()).unwrap_err();
        assert_eq!(error.to_string(), "the file:3:1: `b` is here a second time");
    }

    #[test]
    fn mappings_that_are_no_object_are_refused() {
        let error = Keywords::parse("[1]").unwrap_err().to_string();
        assert!(error.starts_with("AUTH0_KEYWORD_REPLACE_MAPPINGS:1:"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(text in "[#@A-Z\"' é\n]{0,60}", line in 0_u64..9, column in 0_u64..99) {
            keywords().fill(&text).written_at(&text, Position { line, column });
        }
    }
}
