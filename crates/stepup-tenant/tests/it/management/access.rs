//! Who may call, and what is said to those who may not.

use serde_json::{Value, json};

use super::{Admin, token};
use crate::rig::Rig;

#[tokio::test]
async fn a_call_needs_a_token_for_this_api() {
    let admin = Admin::start().await;
    let url = admin.rig.at("api/v2/users");
    let bare = admin.rig.send(admin.rig.http.get(&url)).await;
    insta::assert_json_snapshot!(bare.value(), @r#"
    {
      "error": "Unauthorized",
      "message": "Missing authentication",
      "statusCode": 401
    }
    "#);
    assert_eq!(bare.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(bare.header("cache-control"), "no-store");

    for wrong in ["", "x", "a.b.c", &admin.token[..admin.token.len() - 4]] {
        let refused = admin.raw(wrong, "GET", "users", String::new()).await.refusal();
        assert!(
            ["401 -: Invalid token", "400 Bearer: Bad HTTP authentication header format"]
                .contains(&refused.as_str()),
            "{refused}"
        );
    }
    let basic = admin.rig.send(admin.rig.http.get(&url).basic_auth("stepup-m2m", Some("x"))).await;
    assert_eq!(basic.refusal(), "400 Bearer: Bad HTTP authentication header format");

    let other = admin.rig.password(&[("audience", "https://api.example.com"), ("scope", "openid")]).await;
    let other = other.text("access_token");
    assert!(
        admin
            .raw(&other, "GET", "users", String::new())
            .await
            .refusal()
            .starts_with("401 -: Bad audience: https://api.example.com")
    );

    admin.rig.advance(86_401);
    let expired = admin.get("users").await.refusal();
    assert_eq!(expired, "401 -: Expired token received for JSON Web Token validation");
}

#[tokio::test]
async fn a_call_needs_its_scope() {
    let admin = Admin::start().await;
    let narrow = token(&admin.rig, "read:logs").await.text("access_token");
    let refused = admin.raw(&narrow, "GET", "users", String::new()).await;
    insta::assert_json_snapshot!(refused.value(), @r#"
    {
      "error": "Forbidden",
      "errorCode": "insufficient_scope",
      "message": "Insufficient scope, expected any of: read:users,read:user_idp_tokens",
      "statusCode": 403
    }
    "#);
    assert_eq!(admin.raw(&narrow, "GET", "logs", String::new()).await.status, 200);
    // Whether the body is good is nobody's business who may not call.
    let refused = admin.raw(&narrow, "POST", "users", "{".to_owned()).await;
    assert_eq!(
        refused.refusal(),
        "403 insufficient_scope: Insufficient scope, expected any of: create:users"
    );
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let admin = Admin::start().await;
    for (method, path) in [("GET", "nothing"), ("PUT", "users"), ("POST", "users/x/y/z")] {
        let refused = admin.call(method, path, None).await;
        assert_eq!(refused.refusal(), "404 -: Not Found", "{method} {path}");
    }
}

#[tokio::test]
async fn a_body_has_an_end() {
    let admin = Admin::start().await;
    let code = "//".to_owned() + &"x".repeat(90_000);
    let body = json!({ "name": "long", "supported_triggers": [{ "id": "post-login" }], "code": code });
    assert_eq!(admin.post("actions/actions", body).await.status, 201, "the code of an Action may be long");
    let refused = admin.post("users", json!({ "connection": "x".repeat(300_000) })).await;
    assert_eq!(refused.refusal(), "413 invalid_body: The request body is larger than 256 KiB.");
    let deep = "[".repeat(5000);
    let refused = admin.raw(&admin.token, "PUT", "guardian/policies", deep).await;
    assert_eq!(refused.refusal(), "400 -: Invalid request payload JSON format");
}

#[tokio::test]
async fn every_answer_says_how_many_calls_are_left() {
    let admin = Admin::start().await;
    let free = admin.get("users").await;
    assert_eq!((free.header("x-ratelimit-limit"), free.header("x-ratelimit-remaining")), ("1000", "1000"));
    assert_eq!(free.header("x-ratelimit-reset"), "1767225660");

    let yaml = "
stepup: { management_calls_per_minute: 2 }
clients:
  - { name: m2m, client_id: stepup-m2m, client_secret: stepup-m2m-secret, app_type: non_interactive, grant_types: [ client_credentials ] }
clientGrants:
  - { client_id: m2m, audience: 'https://example.eu.auth0.com/api/v2/', scope: [ 'read:users' ] }
databases: [ { name: Username-Password-Authentication, strategy: auth0 } ]
";
    let limited = Admin::on(Rig::with_yaml(yaml).await).await;
    for left in ["1", "0"] {
        let answer = limited.get("users").await;
        assert_eq!((answer.status, answer.header("x-ratelimit-remaining")), (200, left));
    }
    let refused = limited.get("users").await;
    assert_eq!(refused.refusal(), "429 too_many_requests: Global limit has been reached");
    assert_eq!((refused.header("x-ratelimit-remaining"), refused.header("retry-after")), ("0", "60"));
    limited.rig.advance(60);
    assert_eq!(limited.get("users").await.status, 200);
}

#[tokio::test]
async fn what_was_changed_is_in_the_log() {
    let admin = Admin::start().await;
    admin.user("grace@example.com", json!({})).await;
    admin.post("users", json!({ "connection": "nowhere" })).await;
    let events: Value = admin
        .get(
            "logs?q=type:(sapi OR fapi)&fields=type,description,client_name,details.request,details.response",
        )
        .await
        .value();
    insta::assert_json_snapshot!(events, @r#"
    [
      {
        "client_name": "m2m",
        "description": "POST /api/v2/users",
        "details": {
          "request": {
            "method": "post",
            "path": "/api/v2/users"
          },
          "response": {
            "statusCode": 400
          }
        },
        "type": "fapi"
      },
      {
        "client_name": "m2m",
        "description": "POST /api/v2/users",
        "details": {
          "request": {
            "method": "post",
            "path": "/api/v2/users"
          },
          "response": {
            "statusCode": 201
          }
        },
        "type": "sapi"
      }
    ]
    "#);
}
