//! Keywords: what the environment fills in, as `auth0-deploy-cli` does.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::config::{
    ConfigError,
    place::{Position, position},
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
    /// value as JSON. Keys without a value stay as they are and come back with their place in `text`, once each; those in
    /// a line that is a comment are of no interest.
    pub(in crate::config) fn fill(&self, text: &str) -> (String, Vec<(String, Position)>) {
        let mut missing = Vec::new();
        let mut done = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(mark) = next_mark(rest) {
            let (before, after) = (&rest[..mark.start], &rest[mark.end..]);
            done.push_str(before);
            rest = after;
            let Some(value) = self.mappings.get(mark.key) else {
                let offset = text.len() - after.len() - (mark.end - mark.start);
                if !in_comment(text, offset) && !missing.iter().any(|(known, _)| known == mark.key) {
                    missing.push((mark.key.to_owned(), position(text, offset)));
                }
                done.push_str(mark.text);
                continue;
            };
            if mark.json {
                rest = put_json(&mut done, value, after);
            } else {
                done.push_str(&plain(value));
            }
        }
        done.push_str(rest);
        (done, missing)
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

/// Puts the value as JSON, in place of quotes that stand around it.
fn put_json<'t>(before: &mut String, value: &Value, after: &'t str) -> &'t str {
    let json = match value {
        // A variable may hold JSON, or be the text itself.
        Value::String(text) => serde_json::from_str::<Value>(text).unwrap_or_else(|_| value.clone()),
        other => other.clone(),
    };
    match (before.chars().last(), after.chars().next()) {
        (Some(open @ ('"' | '\'')), Some(close)) if open == close => {
            before.pop();
            before.push_str(&json.to_string());
            &after[close.len_utf8()..]
        }
        _ => {
            before.push_str(&json.to_string());
            after
        }
    }
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

    fn keywords() -> Keywords {
        let mappings =
            r#"{"NAME":"bank","URLS":["https://a.example","https://b.example"],"TEXT":"[1, 2]","N":5}"#;
        Keywords::parse(mappings).unwrap()
    }

    #[test]
    fn keys_are_filled_in_as_text_and_as_json() {
        for (text, expected) in [
            ("a: '##NAME##-##NAME##'", "a: 'bank-bank'"),
            ("a: \"@@URLS@@\"", r#"a: ["https://a.example","https://b.example"]"#),
            ("a: @@NAME@@", "a: \"bank\""),
            ("a: '@@TEXT@@'", "a: [1,2]"),
            ("a: ##URLS## ##N##", r#"a: ["https://a.example","https://b.example"] 5"#),
            ("a: ##NAME## # ##COMMENT##", "a: bank # ##COMMENT##"),
            ("###NAME###", "#bank#"),
            ("a@@b ## a comment ## @@ @", "a@@b ## a comment ## @@ @"),
            ("##NAME", "##NAME"),
            ("é##NAME##é", "ébanké"),
        ] {
            assert_eq!(keywords().fill(text), (expected.to_owned(), vec![]), "{text}");
        }
    }

    #[test]
    fn a_key_without_a_value_is_named_with_its_place_once() {
        let (text, missing) =
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
    fn mappings_that_are_no_object_are_refused() {
        let error = Keywords::parse("[1]").unwrap_err().to_string();
        assert!(error.starts_with("AUTH0_KEYWORD_REPLACE_MAPPINGS:1:"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(text in "[#@A-Z\"' é\n]{0,60}") {
            keywords().fill(&text);
        }
    }
}
