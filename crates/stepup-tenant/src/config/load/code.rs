//! Whether the Actions of a file can run at all. What is deployed later is looked at when it is.

use serde_json::Value;

use crate::{
    actions::{Action, Cause, check, load},
    config::{
        ConfigError,
        document::{Document, Section},
        place::Position,
        source::Files,
    },
};

/// Compiles the Actions of a file, and loads those that are bound. Returns what a login would fail for and another may
/// not, one line each.
///
/// # Errors
/// One is no JavaScript, or is bound and has no handler.
pub(in crate::config) fn check_code(document: &Document, files: &Files) -> Result<Vec<String>, ConfigError> {
    let mut warnings = Vec::new();
    for (position, action) in document.list(Section::Actions).iter().enumerate() {
        let bound = is_bound(document, &action["name"]);
        let (running, member) = match action.get("deployed_version") {
            Some(deployed) => (deployed, "deployed_version.code"),
            None => (action, "code"),
        };
        let place = format!("actions[{position}].{member}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let action = Action::new(text(&action["name"]), text(&running["code"]));
        let wrong = |cause: Cause| {
            let at = cause.location().map_or_else(Position::default, |at| Position {
                line: at.line.into(),
                column: at.column.into(),
            });
            files.wrong_code(&place, &told(&cause), at)
        };
        check(&action).map_err(wrong)?;
        match if bound { load(&action) } else { Ok(()) } {
            Ok(()) => {}
            Err(cause @ Cause::NoHandler(_)) => return Err(wrong(cause)),
            Err(cause) => {
                let origin = files.origin_of(&place);
                warnings.push(format!("{origin}: {place} cannot be loaded, so no login succeeds: {cause}"));
            }
        }
    }
    Ok(warnings)
}

fn is_bound(document: &Document, name: &Value) -> bool {
    let bound = document.get(Section::Triggers, "post-login").and_then(Value::as_array);
    bound.into_iter().flatten().any(|binding| binding["action_name"] == *name)
}

/// The place stands before it already.
fn told(cause: &Cause) -> String {
    match cause {
        Cause::Syntax(thrown) => thrown.message.clone(),
        other => other.to_string(),
    }
}
