//! What differs between two documents, entity by entity, and how kept changes are laid over a file's document.

use serde_json::{Map, Value};

use super::document::{Document, Form, Section};
use crate::model::{Change, Setting};

/// The changes that lead from `before` to `after`, as they are kept over the document of the file.
pub(super) fn between(file: &Document, before: &Document, after: &Document) -> Vec<Setting> {
    let mut changes = Vec::new();
    for section in Section::ALL {
        let (file, before, after) =
            (entities(file, section), entities(before, section), entities(after, section));
        for (key, entity) in &after {
            if find(&before, key) != Some(*entity) {
                let as_in_file = find(&file, key) == Some(*entity);
                let change = if as_in_file { Change::AsInFile } else { Change::Set((*entity).clone()) };
                changes.push(setting(section, key, change));
            }
        }
        for (key, _) in before.iter().filter(|(key, _)| find(&after, key).is_none()) {
            let change = if find(&file, key).is_some() { Change::Removed } else { Change::AsInFile };
            changes.push(setting(section, key, change));
        }
    }
    changes
}

/// One line for each entity that differs: `clients: stepup-webapp changed`.
pub(super) fn described(before: &Document, after: &Document) -> Vec<String> {
    let empty = Document::default();
    between(&empty, before, after)
        .into_iter()
        .map(|Setting { section, key, .. }| {
            let was = Section::named(&section).is_some_and(|section| has(before, section, &key));
            let is = Section::named(&section).is_some_and(|section| has(after, section, &key));
            let what = match (was, is) {
                (false, _) => "added",
                (true, true) => "changed",
                (true, false) => "removed",
            };
            let name = Section::named(&section)
                .and_then(|section| name(after, section, &key).or_else(|| name(before, section, &key)));
            format!("{section}: {} {what}", name.unwrap_or(&key))
        })
        .collect()
}

/// The name of an entity whose id says nothing to people.
fn name<'a>(document: &'a Document, section: Section, key: &str) -> Option<&'a str> {
    let by_id = section.form() == Form::List(&["id"]);
    document.find(section, key).filter(|_| by_id)?.get("name")?.as_str()
}

/// Lays `changes` over the document of a file. What is kept for a section that this version does not know is left out.
pub(super) fn lay_over(document: &mut Document, changes: &[Setting]) {
    for Setting { section, key, change } in changes {
        let Some(section) = Section::named(section) else { continue };
        match (section.form(), change) {
            (_, Change::AsInFile) => {}
            (Form::Object, Change::Set(entity)) => {
                document.object_mut(section).insert(key.clone(), entity.clone());
            }
            (Form::Object, Change::Removed) => {
                document.object_mut(section).remove(key);
            }
            (Form::List(_), Change::Set(entity)) => match document.find_mut(section, key) {
                Some(found) => *found = entity.clone(),
                None => document.list_mut(section).push(entity.clone()),
            },
            (Form::List(_), Change::Removed) => {
                document.remove(section, key);
            }
        }
    }
}

fn setting(section: Section, key: &str, change: Change) -> Setting {
    Setting { section: section.name().to_owned(), key: key.to_owned(), change }
}

fn entities(document: &Document, section: Section) -> Vec<(String, &Value)> {
    match section.form() {
        Form::Object => document
            .members()
            .get(section.name())
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(Map::iter)
            .map(|(key, value)| (key.clone(), value))
            .collect(),
        Form::List(_) => document
            .list(section)
            .iter()
            .filter_map(|entity| Some((section.key_of(entity)?, entity)))
            .collect(),
    }
}

fn find<'a>(entities: &[(String, &'a Value)], key: &str) -> Option<&'a Value> {
    entities.iter().find(|(known, _)| known == key).map(|(_, entity)| *entity)
}

fn has(document: &Document, section: Section, key: &str) -> bool {
    find(&entities(document, section), key).is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(json: Value) -> Document {
        let Value::Object(members) = json else { panic!("not an object") };
        Document::new(members)
    }

    #[test]
    fn kept_changes_lead_from_the_file_to_what_was_made_of_it() {
        let file = document(json!({
            "tenant": { "friendly_name": "Bank", "session_lifetime": 1 },
            "clients": [{ "client_id": "a", "name": "A" }, { "client_id": "b", "name": "B" }],
            "guardianPolicies": { "policies": [] },
            "roles": [{ "name": "admin" }],
        }));
        let mut after = file.clone();
        after.object_mut(Section::Tenant).insert("friendly_name".to_owned(), json!("Other bank"));
        after.object_mut(Section::Tenant).remove("session_lifetime");
        after.find_mut(Section::Clients, "a").unwrap()["name"] = json!("AA");
        after.remove(Section::Clients, "b");
        after.list_mut(Section::Clients).push(json!({ "client_id": "c", "name": "C" }));
        after.list_mut(Section::Actions).push(json!({ "id": "1", "name": "guard", "code": "" }));

        let changes = between(&file, &file, &after);
        assert_eq!(
            changes.iter().map(|change| format!("{change:?}")).collect::<Vec<_>>(),
            [
                "actions/1 set",
                "clients/a set",
                "clients/c set",
                "clients/b removed",
                "tenant/friendly_name set",
                "tenant/session_lifetime removed",
            ]
        );
        let mut laid = file.clone();
        lay_over(&mut laid, &changes);
        assert_eq!(laid, after);
        assert_eq!(
            described(&file, &after),
            [
                "actions: guard added",
                "clients: a changed",
                "clients: c added",
                "clients: b removed",
                "tenant: friendly_name changed",
                "tenant: session_lifetime removed",
            ]
        );

        // Back again: nothing is kept.
        let back = between(&file, &after, &file);
        assert!(back.iter().all(|setting| setting.change == Change::AsInFile), "{back:?}");
        assert_eq!(back.len(), 6);
    }

    #[test]
    fn a_change_outlives_a_change_of_the_file() {
        let mut newer = document(json!({ "clients": [{ "client_id": "b", "name": "new in the file" }] }));
        let changes = [
            setting(Section::Clients, "a", Change::Set(json!({ "client_id": "a", "name": "AA" }))),
            setting(Section::Clients, "z", Change::Removed),
            setting(Section::Tenant, "friendly_name", Change::Removed),
        ];
        lay_over(&mut newer, &changes);
        assert_eq!(
            newer.list(Section::Clients),
            [
                json!({ "client_id": "b", "name": "new in the file" }),
                json!({ "client_id": "a", "name": "AA" })
            ]
        );
    }
}
