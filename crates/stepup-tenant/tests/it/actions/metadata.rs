//! Metadata, secrets and the cache: what an Action reads and leaves behind.

use std::time::Duration;

use serde_json::json;
use stepup_tenant::actions::{Action, CacheWrite, Engine, Entry, Host, Limits};

use super::{NOW, host, run};

#[tokio::test]
async fn user_metadata_is_written_at_the_end() {
    let body = "api.user.setUserMetadata('color', 'blue'); api.user.setUserMetadata('old', null); api.user.setUserMetadata('older');
                api.user.setAppMetadata('plan', { tier: 1 }); console.log(event.user.user_metadata.color)";
    let outcome = run(body, json!({ "user": { "user_metadata": { "color": "red" } } })).await.unwrap();
    let written = serde_json::to_value(&outcome.changes.user_metadata).unwrap();
    assert_eq!(written, json!({ "color": "blue", "old": null, "older": null }));
    assert_eq!(
        serde_json::to_value(&outcome.changes.app_metadata).unwrap(),
        json!({ "plan": { "tier": 1 } })
    );
    assert_eq!(outcome.console[0].text, "red");
    let mut metadata = json!({ "color": "red", "old": 1, "kept": 1 });
    stepup_tenant::actions::merge(metadata.as_object_mut().unwrap(), &outcome.changes.user_metadata);
    assert_eq!(metadata, json!({ "color": "blue", "kept": 1 }));
}

#[tokio::test]
async fn transaction_metadata_is_seen_at_once() {
    let body = "api.transaction.setMetadata('a', 1); api.transaction.setMetadata('b', null);
                console.log(event.transaction.metadata.a, 'b' in event.transaction.metadata)";
    let outcome = run(body, json!({ "transaction": { "metadata": { "b": 2 } } })).await.unwrap();
    assert_eq!(outcome.console[0].text, "1 false");
    assert_eq!(serde_json::to_value(&outcome.transaction_metadata).unwrap(), json!({ "a": 1, "b": null }));
    assert!(run("api.transaction.setMetadata('a', 1)", json!({})).await.is_ok());
}

#[tokio::test]
async fn secrets_are_in_the_event_and_nowhere_else() {
    let code =
        "exports.onExecutePostLogin = async (event) => { if (event.secrets.KEY !== 's3cret') throw 1; }";
    let action = Action::new("s.js", code).with_secrets([("KEY".to_owned(), "s3cret".into())]);
    let engine = Engine::new(Limits::default());
    assert!(
        engine.run(&action, Entry::PostLogin, json!({ "secrets": { "KEY": "no" } }), host()).await.is_ok()
    );
    assert!(!format!("{:?}", action.secrets).contains("s3cret"));
}

#[tokio::test]
async fn the_event_is_the_action_s_own_copy() {
    let body = "event.user.name = 'changed'; event.extra = 1; console.log(event.user.name)";
    let outcome = run(body, json!({ "user": { "name": "Ada" } })).await.unwrap();
    assert_eq!(outcome.console[0].text, "changed");
}

#[tokio::test]
async fn the_cache_outlives_an_execution() {
    let engine = Engine::new(Limits::default());
    let execute = async |body: &str, later: Duration| {
        let code = format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }}");
        let host = Host { now: NOW + later, seed: [1; 32] };
        engine.run(&Action::new("cache.js", code), Entry::PostLogin, json!({}), host).await.unwrap()
    };
    let set = "console.log(JSON.stringify(api.cache.set('token', 'abc', { ttl: 60000 })))";
    let outcome = execute(set, Duration::ZERO).await;
    let ends = NOW.milliseconds() + 60_000;
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&outcome.console[0].text).unwrap(),
        json!({ "type": "success", "record": { "value": "abc", "expires_at": ends } })
    );
    let write = CacheWrite::Set { key: "token".to_owned(), value: "abc".to_owned(), expires_at: ends };
    assert_eq!(outcome.cache, [write]);

    let get = "const found = api.cache.get('token'); console.log(found?.value, found?.expires_at)";
    assert_eq!(execute(get, Duration::from_secs(59)).await.console[0].text, format!("abc {ends}"));
    assert_eq!(execute(get, Duration::from_secs(60)).await.console[0].text, "undefined undefined");

    execute(set, Duration::ZERO).await;
    let delete =
        "console.log(api.cache.delete('token').type, api.cache.delete('token').code, api.cache.get('token'))";
    assert_eq!(execute(delete, Duration::ZERO).await.console[0].text, "success NotFound undefined");
    execute(set, Duration::ZERO).await;
    engine.clear_cache();
    assert_eq!(execute(get, Duration::ZERO).await.console[0].text, "undefined undefined");
    let wrong = "try { api.cache.set('k', 5) } catch (error) { console.log(error.message) }";
    assert_eq!(
        execute(wrong, Duration::ZERO).await.console[0].text,
        "api.cache.set: the value must be a string, `ttl` and `expires_at` numbers"
    );
}
