//! A configuration in many files: the folder form of `auth0-deploy-cli`.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use super::{Files, Keywords, read_inside};
use crate::config::ConfigError;

/// Reads every file of the form; code is read later, as that of the other forms is.
pub(super) fn read(root: &Path, keywords: &Keywords) -> Result<Files, ConfigError> {
    let mut reading = Reading { root, keywords, files: Files::without_text(&root.display().to_string()) };
    reading.files.watch(root);
    reading.object("tenant", "tenant.json")?;
    for (folder, section) in LISTS {
        reading.list(section, folder)?;
    }
    for database in reading.entries("database-connections")? {
        reading.entity("databases", &format!("database-connections/{database}/database.json"))?;
    }
    for (file, section, member) in OBJECTS {
        match member {
            None => reading.object(section, file)?,
            Some(member) => reading.member(section, member, file)?,
        }
    }
    reading.email_templates()?;
    reading.name_the_rest()?;
    if reading.files.members.is_empty() {
        let nothing = "has neither a tenant.yaml nor files of the folder form: nothing is configured";
        reading.files.warnings.push(format!("{} {nothing}", root.display()));
    }
    Ok(reading.files)
}

/// Folders whose JSON files are the entities of a list.
const LISTS: [(&str, &str); 9] = [
    ("actions", "actions"),
    ("clients", "clients"),
    ("connections", "connections"),
    ("grants", "clientGrants"),
    ("guardian/factors", "guardianFactors"),
    ("guardian/providers", "guardianFactorProviders"),
    ("guardian/templates", "guardianFactorTemplates"),
    ("resource-servers", "resourceServers"),
    ("roles", "roles"),
];

/// Files that are an object, or a member of one.
const OBJECTS: [(&str, &str, Option<&str>); 13] = [
    ("attack-protection/bot-detection.json", "attackProtection", Some("botDetection")),
    (
        "attack-protection/breached-password-detection.json",
        "attackProtection",
        Some("breachedPasswordDetection"),
    ),
    ("attack-protection/brute-force-protection.json", "attackProtection", Some("bruteForceProtection")),
    ("attack-protection/captcha.json", "attackProtection", Some("captcha")),
    ("attack-protection/suspicious-ip-throttling.json", "attackProtection", Some("suspiciousIpThrottling")),
    ("branding/branding.json", "branding", None),
    ("emails/provider.json", "emailProvider", None),
    ("guardian/phoneFactorMessageTypes.json", "guardianPhoneFactorMessageTypes", None),
    ("guardian/phoneFactorSelectedProvider.json", "guardianPhoneFactorSelectedProvider", None),
    ("guardian/policies.json", "guardianPolicies", None),
    ("risk-assessment/settings.json", "riskAssessment", None),
    ("stepup.json", "stepup", None),
    ("triggers/triggers.json", "triggers", None),
];

/// What stands at the top of the folder and is read, or needs not be.
const KNOWN: [&str; 15] = [
    "actions",
    "attack-protection",
    "branding",
    "clients",
    "connections",
    "database-connections",
    "emails",
    "grants",
    "guardian",
    "resource-servers",
    "risk-assessment",
    "roles",
    "stepup.json",
    "tenant.json",
    "triggers",
];

/// How deep folders of the form are within each other.
const DEPTH: usize = 3;

struct Reading<'a> {
    root: &'a Path,
    keywords: &'a Keywords,
    files: Files,
}

impl Reading<'_> {
    /// Every JSON file of a folder, as entities of `section`.
    fn list(&mut self, section: &str, folder: &str) -> Result<(), ConfigError> {
        for name in self.entries(folder)? {
            if has_extension(&name, "json") {
                self.entity(section, &format!("{folder}/{name}"))?;
            }
        }
        Ok(())
    }

    /// One more entity of a list.
    fn entity(&mut self, section: &str, file: &str) -> Result<(), ConfigError> {
        let count = self.files.members.get(section).and_then(Value::as_array).map_or(0, Vec::len);
        let Some(entity) = self.json(&format!("{section}[{count}]"), file)? else { return Ok(()) };
        let list = self.files.members.entry(section).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(entity);
        }
        Ok(())
    }

    fn object(&mut self, section: &str, file: &str) -> Result<(), ConfigError> {
        if let Some(object) = self.json(section, file)? {
            self.files.members.insert(section.to_owned(), object);
        }
        Ok(())
    }

    fn member(&mut self, section: &str, member: &str, file: &str) -> Result<(), ConfigError> {
        if let Some(value) = self.json(&format!("{section}.{member}"), file)? {
            let object = self.files.members.entry(section).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(object) = object {
                object.insert(member.to_owned(), value);
            }
        }
        Ok(())
    }

    /// `emails/NAME.json`, and its text beside it.
    fn email_templates(&mut self) -> Result<(), ConfigError> {
        for name in self.entries("emails")? {
            if !has_extension(&name, "json") || name == "provider.json" {
                continue;
            }
            self.entity("emailTemplates", &format!("emails/{name}"))?;
            let text = format!("emails/{}.html", name.trim_end_matches(".json"));
            if !self.root.join(&text).exists() {
                continue;
            }
            let (path, text) = read_inside(self.root, &text)?;
            self.files.watch(&path);
            let text = self.files.fill(&path, &text, self.keywords).text;
            let template = self.files.members.get_mut("emailTemplates").and_then(Value::as_array_mut);
            if let Some(Value::Object(template)) = template.and_then(|templates| templates.last_mut()) {
                template.insert("body".to_owned(), text.into());
            }
        }
        Ok(())
    }

    /// One warning for each thing that stands in the folder and is not read.
    fn name_the_rest(&mut self) -> Result<(), ConfigError> {
        let read: HashSet<PathBuf> = self.files.watched.iter().cloned().collect();
        for name in self.entries(".")? {
            let is_folder = self.root.join(&name).is_dir();
            if is_folder && KNOWN.contains(&name.as_str()) {
                self.name_unread(&name, DEPTH, &read)?;
            } else if (is_folder || has_extension(&name, "json")) && !KNOWN.contains(&name.as_str()) {
                self.name(&name);
            }
        }
        Ok(())
    }

    /// The same for JSON files within a folder of the form.
    fn name_unread(
        &mut self,
        folder: &str,
        depth: usize,
        read: &HashSet<PathBuf>,
    ) -> Result<(), ConfigError> {
        for name in self.entries(folder)? {
            let name = format!("{folder}/{name}");
            let path = self.root.join(&name);
            if path.is_dir() && depth > 0 {
                self.name_unread(&name, depth - 1, read)?;
            } else if has_extension(&name, "json") && !read.contains(&path) {
                self.name(&name);
            }
        }
        Ok(())
    }

    fn name(&mut self, name: &str) {
        self.files.warnings.push(format!("{} is not honoured", self.root.join(name).display()));
    }

    /// The value in a file, which is to stand at `place`; none where the file is missing.
    fn json(&mut self, place: &str, file: &str) -> Result<Option<Value>, ConfigError> {
        let path = self.root.join(file);
        if !path.exists() {
            self.files.watch(&path);
            return Ok(None);
        }
        let (path, text) = read_inside(self.root, file)?;
        self.files.watch(&path);
        self.files.add(place, &path.display().to_string(), &text, self.keywords).map(Some)
    }

    /// The names in a folder, sorted; none where it is missing. Hidden ones are left out.
    fn entries(&mut self, folder: &str) -> Result<Vec<String>, ConfigError> {
        let path: PathBuf = self.root.join(folder);
        self.files.watch(&path);
        if !path.is_dir() {
            return Ok(Vec::new());
        }
        let failed = |source| ConfigError::File { path: path.clone(), source };
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            names.extend(name.into_string().ok().filter(|name| !name.starts_with('.')));
        }
        names.sort_unstable();
        Ok(names)
    }
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == extension)
}
