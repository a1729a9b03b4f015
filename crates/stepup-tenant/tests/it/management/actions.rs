//! Actions: drafted, deployed, bound, tried.

use serde_json::{Value, json};

use super::Admin;
use crate::rig::{ADA, PASSWORD};

const DENY: &str =
    "exports.onExecutePostLogin = async (event, api) => { api.access.deny(event.secrets.WHY); };";
const NAME: &str = "exports.onExecutePostLogin = async (event, api) => { api.idToken.setCustomClaim('https://x/who', event.user.email); };";

fn draft(name: &str, code: &str) -> Value {
    json!({ "name": name, "supported_triggers": [{ "id": "post-login", "version": "v3" }], "code": code })
}

async fn bind(admin: &Admin, names: &[&str]) -> crate::rig::Answer {
    let bindings: Vec<_> = names
        .iter()
        .map(|name| json!({ "ref": { "type": "action_name", "value": name }, "display_name": name }))
        .collect();
    admin.patch("actions/triggers/post-login/bindings", json!({ "bindings": bindings })).await
}

#[tokio::test]
async fn an_action_is_drafted_deployed_bound_and_runs() {
    let admin = Admin::start().await;
    let mut body = draft("deny", DENY);
    body["secrets"] = json!([{ "name": "WHY", "value": "closed today" }]);
    let made = admin.post("actions/actions", body).await;
    assert_eq!((made.status, made.text("status").as_str()), (201, "pending"), "{}", made.body);
    assert!(!made.body.contains("closed today"), "{}", made.body);
    let id = made.text("id");
    let path = format!("actions/actions/{id}");
    let built = admin.get(&path).await.value();
    assert_eq!(
        (&built["status"], &built["all_changes_deployed"], built.get("deployed_version")),
        (&json!("built"), &json!(false), None)
    );
    assert!(bind(&admin, &["deny"]).await.refusal().starts_with("400 action_not_deployed"));

    let deployed = admin.post(&format!("{path}/deploy"), json!({})).await;
    assert_eq!(deployed.status, 200, "{}", deployed.body);
    let version = deployed.value();
    assert_eq!(
        (&version["number"], &version["deployed"], &version["status"]),
        (&json!(1), &json!(false), &json!("building"))
    );
    let now = admin.get(&path).await.value();
    assert_eq!((&now["all_changes_deployed"], &now["deployed_version"]["number"]), (&json!(true), &json!(1)));
    assert_eq!(admin.log_in(ADA, PASSWORD).await.status, 200, "it is not bound yet");

    let bound = bind(&admin, &["deny"]).await;
    assert_eq!(bound.status, 200, "{}", bound.body);
    assert_eq!(admin.log_in(ADA, PASSWORD).await.failure(), "403 access_denied: closed today");

    // A changed draft changes nothing until it is deployed.
    let changed = admin.patch(&path, json!({ "code": NAME })).await.value();
    assert_eq!(changed["all_changes_deployed"], json!(false));
    assert_eq!(admin.log_in(ADA, PASSWORD).await.status, 403);
    admin.post(&format!("{path}/deploy"), json!({})).await;
    let tokens = admin
        .rig
        .token(&[("grant_type", "password"), ("username", ADA), ("password", PASSWORD), ("scope", "openid")])
        .await;
    assert_eq!(tokens.claims("id_token")["https://x/who"], ADA);

    // And back to the first version.
    let versions = admin.get(&format!("{path}/versions")).await.value();
    let numbers: Vec<_> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["number"].clone(), it["deployed"].clone()))
        .collect();
    assert_eq!(numbers, [(json!(2), json!(true)), (json!(1), json!(false))]);
    let first = versions["versions"][1]["id"].as_str().unwrap();
    assert_eq!(admin.get(&format!("{path}/versions/{first}")).await.value()["code"], DENY);
    let again =
        admin.post(&format!("{path}/versions/{first}/deploy"), json!({ "update_draft": true })).await.value();
    assert_eq!((&again["number"], &again["deployed"]), (&json!(3), &json!(true)));
    assert_eq!(admin.log_in(ADA, PASSWORD).await.failure(), "403 access_denied: closed today");
    assert_eq!(admin.get(&path).await.value()["code"], DENY);
    assert_eq!(admin.get(&format!("{path}/versions/none")).await.status, 404);

    // One that is bound does not go by accident.
    assert!(admin.delete(&path).await.refusal().starts_with("409 action_bound"));
    assert_eq!(admin.delete(&format!("{path}?force=true")).await.status, 204);
    assert_eq!(admin.log_in(ADA, PASSWORD).await.status, 200);
    let gone = admin.get(&path).await.value();
    assert_eq!(
        gone,
        json!({ "statusCode": 404, "error": "Not Found", "message": "That action does not exist." })
    );
}

#[tokio::test]
async fn a_draft_s_secrets_act_when_it_is_deployed() {
    let admin = Admin::start().await;
    let mut body = draft("deny", DENY);
    body["secrets"] = json!([{ "name": "WHY", "value": "closed today" }]);
    body["deploy"] = json!(true);
    let path = format!("actions/actions/{}", admin.post("actions/actions", body).await.text("id"));
    bind(&admin, &["deny"]).await;
    let refused = async || admin.log_in(ADA, PASSWORD).await.failure();
    assert_eq!(refused().await, "403 access_denied: closed today");

    let secrets = json!([{ "name": "WHY", "value": "closed for good" }]);
    let changed = admin.patch(&path, json!({ "secrets": secrets })).await.value();
    assert_eq!(changed["all_changes_deployed"], json!(false));
    assert_eq!(refused().await, "403 access_denied: closed today");
    let tried = admin.post(&format!("{path}/test"), json!({ "payload": {} })).await.value();
    assert_eq!(tried["payload"]["denial"]["reason"], "closed for good", "the draft is tried with its own");
    admin.post(&format!("{path}/deploy"), json!({})).await;
    assert_eq!(refused().await, "403 access_denied: closed for good");

    // A version that is deployed again brings its secrets; the draft keeps its own.
    let versions = admin.get(&format!("{path}/versions")).await.value();
    let first = versions["versions"][1]["id"].as_str().unwrap();
    admin.post(&format!("{path}/versions/{first}/deploy"), json!({})).await;
    assert_eq!(refused().await, "403 access_denied: closed today");
    assert_eq!(admin.get(&path).await.value()["all_changes_deployed"], json!(false));
}

#[tokio::test]
async fn a_broken_script_is_refused_at_deploy_with_its_line() {
    let admin = Admin::start().await;
    let id = admin
        .post(
            "actions/actions",
            draft("broken", "exports.onExecutePostLogin = async () => {\n  let a = ;\n};"),
        )
        .await
        .text("id");
    let built = admin.get(&format!("actions/actions/{id}")).await.value();
    assert_eq!(built["status"], "failed");
    assert!(built["errors"][0]["msg"].as_str().unwrap().contains("line 2"), "{built}");
    let refused = admin.post(&format!("actions/actions/{id}/deploy"), json!({})).await.refusal();
    assert!(
        refused.starts_with("400 action_build_failed: The action cannot be deployed: syntax error at line 2"),
        "{refused}"
    );
    assert_eq!(admin.get(&format!("actions/actions/{id}/versions")).await.value()["total"], json!(0));
}

#[tokio::test]
async fn a_draft_is_tried_without_consequences() {
    let admin = Admin::start().await;
    let code = "exports.onExecutePostLogin = async (event, api) => { console.log('hello ' + event.user.name); api.access.deny('no'); };";
    let id = admin.post("actions/actions", draft("try", code)).await.text("id");
    let path = format!("actions/actions/{id}/test");
    let tried = admin.post(&path, json!({ "payload": { "user": { "name": "Ada" } } })).await;
    assert_eq!(tried.status, 200, "{}", tried.body);
    let result = &tried.value()["payload"];
    assert_eq!((&result["denial"]["reason"], &result["logs"]), (&json!("no"), &json!(["hello Ada"])));
    let nested =
        admin.post(&path, json!({ "payload": { "event": { "user": { "name": "Bo" } } } })).await.value();
    assert_eq!(nested["payload"]["logs"], json!(["hello Bo"]));
    let failed = admin.post(&path, json!({ "payload": {} })).await.value();
    assert_eq!(failed["payload"]["error"]["line"], json!(1));
    assert!(admin.post(&path, json!({})).await.refusal().starts_with("400 invalid_body"));
    assert_eq!(admin.post("actions/actions/none/test", json!({ "payload": {} })).await.status, 404);
}

#[tokio::test]
async fn lists_filters_and_refusals() {
    let admin = Admin::start().await;
    let triggers = admin.get("actions/triggers").await.value();
    assert_eq!(
        (&triggers["triggers"][0]["id"], &triggers["triggers"][0]["version"]),
        (&json!("post-login"), &json!("v3"))
    );
    let all = admin.get("actions/actions").await.value();
    assert_eq!(
        (&all["total"], &all["actions"][0]["name"], &all["actions"][0]["all_changes_deployed"]),
        (&json!(1), &json!("step-up"), &json!(true))
    );
    assert_eq!(admin.get("actions/actions?page=3").await.value()["actions"], json!([]));
    assert_eq!(admin.get("actions/actions?deployed=false").await.value()["total"], json!(0));
    assert_eq!(
        admin.get("actions/actions?actionName=step-up&triggerId=post-login").await.value()["total"],
        json!(1)
    );
    let bindings = admin.get("actions/triggers/post-login/bindings").await.value();
    assert_eq!(
        (&bindings["total"], &bindings["bindings"][0]["display_name"]),
        (&json!(1), &json!("step-up"))
    );
    assert_eq!(bind(&admin, &[]).await.value(), json!({ "bindings": [] }));
    assert_eq!(admin.get("actions/triggers/post-login/bindings").await.value()["total"], json!(0));

    let cases = [
        (json!({}), "400 invalid_body: Payload validation error: 'Missing required property: name'."),
        (
            json!({ "name": "x" }),
            "400 invalid_body: Payload validation error: 'Missing required property: supported_triggers'.",
        ),
        (
            json!({ "name": "x", "supported_triggers": [{ "id": "pre-login" }] }),
            "400 invalid_body: Payload validation error: 'No enum match for: pre-login' on property supported_triggers[0].id.",
        ),
        (
            draft(" x", ""),
            "400 invalid_body: Payload validation error: 'Object didn't pass validation for format action-name:  x' on property name.",
        ),
        (draft("step-up", ""), "409 action_conflict: An action with the same name already exists."),
    ];
    for (body, refusal) in cases {
        assert_eq!(admin.post("actions/actions", body).await.refusal(), refusal);
    }
    assert_eq!(admin.get("actions/triggers/pre-login/bindings").await.status, 404);
    assert_eq!(bind(&admin, &["none"]).await.status, 404);
    assert_eq!(admin.patch("actions/actions/none", json!({ "code": "" })).await.status, 404);
    assert_eq!(admin.delete("actions/actions/none").await.status, 404);
}
