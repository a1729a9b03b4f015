//! Deploying: a draft becomes a version, and that is what runs.

use axum::extract::State;
use serde_json::{Map, Value, json};

use super::{body, calls, change, find, not_found, shape};
use crate::{
    actions::check,
    log::rfc3339,
    management::{
        Answer, Answered,
        bearer::Bearer,
        error::Failure,
        page::Page,
        request::{Ids, Payload, Query},
        schema::{Kind, Schema, optional},
    },
    state::Shared,
    store::ActionVersion,
};

/// What a version is made of.
const MEMBERS: [&str; 5] = ["code", "dependencies", "runtime", "secrets", "supported_triggers"];

/// Deploys the draft.
pub(super) async fn draft(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(super::CREATE)?;
    let version = deploy(&shared, &id).await?;
    let document = shared.configuration.document();
    let mut answer = shape::version(&version, find(&document, &id)?);
    // The real service has it built a moment later: whoever polls finds it deployed at once.
    answer["deployed"] = json!(false);
    answer["status"] = json!("building");
    Ok(Answer::ok(answer))
}

/// Makes a version of the draft, and lets it run.
pub(crate) async fn deploy(shared: &Shared, id: &str) -> Result<ActionVersion, Failure> {
    let document = shared.configuration.document();
    let draft = find(&document, id)?;
    make(shared, id, members(draft), draft).await
}

/// What a version of this Action would be made of.
pub(super) fn members(action: &Map<String, Value>) -> Map<String, Value> {
    let member = |name: &&str| Some(((*name).to_owned(), action.get(*name)?.clone()));
    MEMBERS.iter().filter_map(member).collect()
}

async fn make(
    shared: &Shared,
    id: &str,
    content: Map<String, Value>,
    action: &Map<String, Value>,
) -> Result<ActionVersion, Failure> {
    let mut runnable = content.clone();
    runnable.insert("name".to_owned(), action.get("name").cloned().unwrap_or_default());
    if let Err(cause) = check(&body::runnable(&runnable)) {
        let message = format!("The action cannot be deployed: {cause}");
        return Err(Failure::bad_request(message, "action_build_failed"));
    }
    let now = json!(rfc3339(shared.clock.now()));
    let mut told = content.clone();
    let secrets = told.get("secrets").cloned().unwrap_or_else(|| json!([]));
    told.insert("secrets".to_owned(), shape::names(&secrets));
    for time in ["created_at", "updated_at", "built_at"] {
        told.insert(time.to_owned(), now.clone());
    }
    let mut version = ActionVersion {
        id: calls::new_id(shared),
        action_id: id.to_owned(),
        number: 0,
        members: told,
        secrets: secrets.to_string().into(),
    };
    version.number = shared.store.insert_version(&version).await?;
    change(shared, id, |action| {
        let mut running = content.clone();
        running.insert("id".to_owned(), json!(version.id));
        running.insert("number".to_owned(), json!(version.number));
        running.insert("deployed".to_owned(), json!(true));
        running.insert("status".to_owned(), json!("built"));
        for time in ["created_at", "updated_at", "built_at"] {
            running.insert(time.to_owned(), now.clone());
        }
        action.insert("deployed_version".to_owned(), Value::Object(running));
        action.insert("deployed".to_owned(), json!(true));
        Ok(())
    })
    .await?;
    Ok(version)
}

/// Lists the versions of an Action, newest first.
pub(super) async fn versions(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
    query: Query,
) -> Answered {
    bearer.any(super::READ)?;
    query.only(&["page", "per_page"])?;
    let page = Page::of(&query, 50)?;
    let document = shared.configuration.document();
    let action = find(&document, &id)?;
    let versions = shared.store.versions(&id).await?;
    let versions = versions.iter().map(|version| shape::version(version, action)).collect();
    Ok(Answer::ok(calls::piece(page, "versions", versions)))
}

/// One version.
pub(super) async fn version(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids((id, version_id)): Ids<(String, String)>,
) -> Answered {
    bearer.any(super::READ)?;
    let document = shared.configuration.document();
    let action = find(&document, &id)?;
    Ok(Answer::ok(shape::version(&existing(&shared, &id, &version_id).await?, action)))
}

const AGAIN: Schema = Schema(&[optional("update_draft", Kind::Boolean)]);

/// Deploys what a version was: as a new one.
pub(super) async fn again(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids((id, version_id)): Ids<(String, String)>,
    payload: Payload,
) -> Answered {
    bearer.any(super::CREATE)?;
    let update_draft = payload.object(&AGAIN)?.get("update_draft") == Some(&json!(true));
    let document = shared.configuration.document();
    let action = find(&document, &id)?;
    let earlier = existing(&shared, &id, &version_id).await?;
    let mut content = members(&earlier.members);
    let secrets = secrecy::ExposeSecret::expose_secret(&earlier.secrets);
    content.insert("secrets".to_owned(), serde_json::from_str(secrets).unwrap_or_else(|_| json!([])));
    let version = make(&shared, &id, content.clone(), action).await?;
    if update_draft {
        change(&shared, &id, |action| {
            action.extend(content.clone());
            Ok(())
        })
        .await?;
    }
    let document = shared.configuration.document();
    Ok(Answer::ok(shape::version(&version, find(&document, &id)?)))
}

async fn existing(shared: &Shared, id: &str, version_id: &str) -> Result<ActionVersion, Failure> {
    let versions = shared.store.versions(id).await?;
    versions.into_iter().find(|version| version.id == version_id).ok_or_else(not_found)
}
