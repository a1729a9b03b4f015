//! The texts of a configuration, and the document that they make.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{CONFIGURATION_BYTES, Filled, Keywords, Members, read, read_inside};
use crate::config::{
    ConfigError,
    place::{Position, locate},
    yaml::parse,
};

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// What messages call it.
    pub(in crate::config) origin: String,
    /// The document, as it is written.
    pub(in crate::config) members: Members,
    /// What was noticed while reading, one line each.
    pub(in crate::config) warnings: Vec<String>,
    /// The files and folders that it was made of.
    pub(in crate::config) watched: Vec<PathBuf>,
    /// Whether it is the built-in one, whose Action the tests have run.
    pub(in crate::config) built_in: bool,
    parts: Vec<Part>,
    codes: Vec<Part>,
}

/// A text that a part of the document comes from, or the code of an Action.
#[derive(Debug)]
struct Part {
    /// Where in the document; empty for all of it.
    place: String,
    origin: String,
    /// As it is written: values of keywords may be secrets.
    written: String,
    /// With keywords filled in.
    filled: Filled,
}

impl Files {
    /// A document from nothing that can be shown.
    pub(in crate::config) fn without_text(origin: &str) -> Self {
        Self { origin: origin.to_owned(), ..Self::default() }
    }

    /// The document of one text, YAML or JSON.
    pub(in crate::config) fn single(
        origin: &str,
        text: &str,
        keywords: &Keywords,
    ) -> Result<Self, ConfigError> {
        let mut files = Self::without_text(origin);
        files.members = match files.add("", origin, text, keywords)? {
            Value::Object(members) => members,
            Value::Null => Members::new(),
            _ => return Err(files.wrong("", "a configuration is a mapping of sections: `clients: […]`")),
        };
        Ok(files)
    }

    /// Parses a text that is to stand at `place`.
    pub(super) fn add(
        &mut self,
        place: &str,
        origin: &str,
        text: &str,
        keywords: &Keywords,
    ) -> Result<Value, ConfigError> {
        let filled = keywords.fill(text);
        let parsed = parse(&filled.text).map_err(|error| match filled.missing.first() {
            // Without its value, the text may be none that can be read.
            Some(missing) => without_value(origin, text, missing),
            None => ConfigError::yaml(origin, text, &filled, &error),
        })?;
        let (place, origin) = (place.to_owned(), origin.to_owned());
        self.parts.push(Part { place, origin, written: text.to_owned(), filled });
        Ok(parsed)
    }

    /// Names the keywords without a value, of which `is_read` says whether one may stand in what is read: one line each,
    /// and its text stays.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`] where one may.
    pub(in crate::config) fn missing_keywords(
        &self,
        is_read: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, ConfigError> {
        let mut warnings = Vec::new();
        for part in &self.parts {
            for missing in &part.filled.missing {
                let (key, Position { line, .. }) = missing;
                if is_read(key) {
                    return Err(without_value(&part.origin, &part.written, missing));
                }
                warnings.push(format!("{}:{line}: the keyword {key} has no value", part.origin));
            }
        }
        Ok(warnings)
    }

    /// Watches a file or folder for changes.
    pub(super) fn watch(&mut self, path: &Path) {
        self.watched.push(path.to_owned());
    }

    /// A text of code or words with keywords filled in; those without a value stay, and are named.
    pub(super) fn fill(&mut self, path: &Path, text: &str, keywords: &Keywords) -> Filled {
        let filled = keywords.fill(text);
        for (key, at) in &filled.missing {
            let line = at.line;
            self.warnings.push(format!("{}:{line}: the keyword {key} has no value", path.display()));
        }
        filled
    }

    /// Puts the code of each Action in place of the path of the file that it is in: from `folder`, or from the folder
    /// of the Action's own file.
    pub(super) fn bring_code(&mut self, folder: &Path, keywords: &Keywords) -> Result<(), ConfigError> {
        let Some(Value::Array(mut actions)) = self.members.remove("actions") else { return Ok(()) };
        for (position, action) in actions.iter_mut().enumerate() {
            let name = action.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let Some(Value::String(code)) = action.get_mut("code") else { continue };
            if code.contains('\n') || !code.ends_with(".js") {
                continue;
            }
            let own = Path::new("actions").join(&name);
            // As it is written; from the folder of the Action; or where exports put it, whatever their own folder was.
            let places = [own.join(code.as_str()), PathBuf::from(code.as_str()), own.join("code.js")];
            let there = places.iter().find(|path| folder.join(path).is_file());
            let path = there.cloned().unwrap_or_else(|| PathBuf::from(code.as_str()));
            let (path, written) = read_inside(folder, &path)?;
            let filled = self.fill(&path, &written, keywords);
            code.clone_from(&filled.text);
            self.watch(&path);
            let (place, origin) = (format!("actions[{position}].code"), path.display().to_string());
            self.codes.push(Part { place, origin, written, filled });
        }
        self.members.insert("actions".to_owned(), Value::Array(actions));
        Ok(())
    }

    /// Puts the certificates of `stepup.smtp_ca` in place of the path of the file that they are in.
    pub(super) fn bring_certificates(&mut self, folder: &Path) -> Result<(), ConfigError> {
        let Some(Value::String(ca)) = self.members.get_mut("stepup").and_then(|it| it.get_mut("smtp_ca"))
        else {
            return Ok(());
        };
        if !ca.contains('\n') {
            let path = folder.join(ca.as_str());
            *ca = read(&path, CONFIGURATION_BYTES)?;
            self.watch(&path);
        }
        Ok(())
    }

    /// What is wrong at `place` in the document, with the line that it stands in.
    pub(in crate::config) fn wrong(&self, place: &str, problem: impl Into<String>) -> ConfigError {
        let part = self
            .parts
            .iter()
            .filter(|part| place.starts_with(&part.place))
            .max_by_key(|part| part.place.len());
        match part {
            None => ConfigError::at(&self.origin, place, problem.into(), "", Position::default()),
            Some(part) => {
                let inner = place[part.place.len()..].trim_start_matches('.');
                let at = part.filled.written_at(&part.written, locate(&part.filled.text, inner));
                ConfigError::at(&part.origin, place, problem.into(), &part.written, at)
            }
        }
    }

    /// What is wrong with the code of an Action, which is at `place` in the document: at a position of the code, where it
    /// has a file of its own.
    pub(in crate::config) fn wrong_code(&self, place: &str, problem: &str, at: Position) -> ConfigError {
        match self.codes.iter().find(|code| code.place == place) {
            Some(code) => {
                let at = code.filled.written_at(&code.written, at);
                ConfigError::at(&code.origin, place, problem.to_owned(), &code.written, at)
            }
            None if at.line > 1 => self.wrong(place, format!("line {} of the code: {problem}", at.line)),
            None => self.wrong(place, problem),
        }
    }

    /// What messages call the text that `place` comes from.
    pub(in crate::config) fn origin_of(&self, place: &str) -> &str {
        let parts = self.parts.iter().filter(|part| place.starts_with(&part.place));
        parts.max_by_key(|part| part.place.len()).map_or(&self.origin, |part| &part.origin)
    }
}

fn without_value(origin: &str, written: &str, (key, at): &(String, Position)) -> ConfigError {
    let problem = format!("the keyword {key} has no value: set it in the environment");
    ConfigError::at(origin, "", problem, written, *at)
}
