//! Where the configuration and the users come from, and what the environment fills in.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::ConfigError;

/// A built-in value, text, or a file.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    BuiltIn,
    File(PathBuf),
    Text(String),
}

/// The content of a source.
pub(super) struct Content {
    /// What errors and warnings call it.
    pub(super) origin: String,
    pub(super) text: String,
    /// What relative paths in it are relative to.
    pub(super) folder: PathBuf,
}

impl Source {
    /// Reads the source; nothing where it is built in. A folder stands for the `tenant.yaml` in it.
    pub(super) fn read(&self, name: &str) -> Result<Option<Content>, ConfigError> {
        match self {
            Self::BuiltIn => Ok(None),
            Self::Text(text) => {
                Ok(Some(Content { origin: name.to_owned(), text: text.clone(), folder: PathBuf::from(".") }))
            }
            Self::File(path) => {
                let path = if path.is_dir() { path.join("tenant.yaml") } else { path.clone() };
                let text = read(&path)?;
                let folder = path.parent().map(Path::to_owned).unwrap_or_default();
                Ok(Some(Content { origin: path.display().to_string(), text, folder }))
            }
        }
    }
}

/// Reads a file as text.
pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })
}

/// Replaces `##KEY##` by the value of `KEY` as it is and `@@KEY@@`, with quotes around it if there are any, by the value
/// as JSON. Keys without a value stay as they are and come back, once each.
pub(super) fn substitute(text: &str, value_of: &dyn Fn(&str) -> Option<String>) -> (String, Vec<String>) {
    let mut missing = Vec::new();
    let text = replace(text, "##", &mut missing, value_of, |before, value, after| {
        before.push_str(value);
        after
    });
    let text = replace(&text, "@@", &mut missing, value_of, |before, value, after| {
        let json = serde_json::from_str::<Value>(value)
            .map_or_else(|_| Value::from(value).to_string(), |json| json.to_string());
        match (before.chars().last(), after.chars().next()) {
            (Some(open @ ('"' | '\'')), Some(close)) if open == close => {
                before.pop();
                before.push_str(&json);
                &after[close.len_utf8()..]
            }
            _ => {
                before.push_str(&json);
                after
            }
        }
    });
    (text, missing)
}

fn replace(
    text: &str,
    mark: &str,
    missing: &mut Vec<String>,
    value_of: &dyn Fn(&str) -> Option<String>,
    put: impl for<'t> Fn(&mut String, &str, &'t str) -> &'t str,
) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(mark) {
        done.push_str(before);
        let key = after.split_once(mark).filter(|(key, _)| is_key(key));
        rest = match key.map(|(key, after)| (key, value_of(key), after)) {
            Some((_, Some(value), after)) => put(&mut done, &value, after),
            other => {
                if let Some((key, ..)) = other
                    && !missing.iter().any(|known| known == key)
                {
                    missing.push(key.to_owned());
                }
                done.push_str(mark);
                after
            }
        };
    }
    done.push_str(rest);
    done
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What a key stands for: an entry of `AUTH0_KEYWORD_REPLACE_MAPPINGS`, a JSON object, else a variable of that name.
pub(super) fn from_environment(key: &str) -> Option<String> {
    let mapped =
        std::env::var("AUTH0_KEYWORD_REPLACE_MAPPINGS").ok().and_then(
            |mappings| match serde_json::from_str::<Value>(&mappings).ok()?.get(key)? {
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            },
        );
    mapped.or_else(|| std::env::var(key).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_filled_in_as_text_and_as_json() {
        let value_of = |key: &str| match key {
            "NAME" => Some("bank".to_owned()),
            "URLS" => Some(r#"["https://a.example","https://b.example"]"#.to_owned()),
            _ => None,
        };
        let (text, missing) = substitute(
            "a: '##NAME##-##NAME##'\nb: \"@@URLS@@\"\nc: @@NAME@@\nd: ##NONE## ##NONE##\n## a comment ##\n",
            &value_of,
        );
        assert_eq!(
            text,
            "a: 'bank-bank'\nb: [\"https://a.example\",\"https://b.example\"]\nc: \"bank\"\nd: ##NONE## ##NONE##\n## a comment ##\n"
        );
        assert_eq!(missing, ["NONE"]);
    }
}
