//! `/dbconnections/*`: what the pages do, for programs.

use serde_json::{Value, json};

use super::mailed_link;
use crate::rig::{ADA, Config, Rig};

const CONNECTION: &str = "Username-Password-Authentication";

async fn sign_up(rig: &Rig, more: Value) -> crate::rig::Answer {
    let mut body =
        json!({ "client_id": "stepup-webapp", "connection": CONNECTION, "password": "Nanoseconds 1906" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rig.json("/dbconnections/signup", None, &body).await
}

#[tokio::test]
async fn a_sign_up_answers_with_what_was_given() {
    let rig = Rig::start().await;
    let answer = sign_up(&rig, json!({ "email": "grace@example.com" })).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json; charset=utf-8"));
    let id = answer.text("_id");
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(answer.value(), json!({ "_id": id, "email": "grace@example.com", "email_verified": false }));
    assert!(mailed_link(&rig, "grace@example.com").await.starts_with("u/email-verification?ticket="));

    let full = json!({
        "email": "ada.l@example.com", "username": "countess", "phone_number": "+442079460958",
        "given_name": "Ada", "family_name": "Lovelace", "name": "Ada Lovelace", "nickname": "ada",
        "picture": "https://example.com/ada.png", "user_metadata": { "engine": "analytical" },
    });
    let answer = sign_up(&rig, full.clone()).await.value();
    for (name, value) in full.as_object().unwrap() {
        assert_eq!(&answer[name], value, "{name}");
    }
    assert_eq!(answer["phone_verified"], false);
    for username in ["countess", "ADA.L@example.com"] {
        let fields = [("grant_type", "password"), ("username", username), ("password", "Nanoseconds 1906")];
        assert_eq!(rig.token(&fields).await.status, 200, "{username}");
    }
}

#[tokio::test]
async fn whoever_has_an_account_is_not_told_apart() {
    let rig = Rig::start().await;
    for taken in [json!({ "email": ADA }), json!({ "email": "ADA@EXAMPLE.COM" })] {
        let answer = sign_up(&rig, taken).await;
        assert_eq!(
            (answer.status, answer.value()),
            (
                400,
                json!({
                    "name": "BadRequestError", "code": "invalid_signup", "description": "Invalid sign up", "statusCode": 400,
                })
            )
        );
    }
    assert_eq!(rig.log().await, ["fs", "fs"]);
}

#[tokio::test]
async fn a_weak_password_is_told_rule_by_rule() {
    let rig = Rig::start().await;
    let answer = sign_up(&rig, json!({ "email": "grace@example.com", "password": "abc" })).await;
    assert_eq!(answer.status, 400);
    insta::assert_json_snapshot!(answer.value());
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let rig = Rig::start().await;
    let long = "x".repeat(501);
    for (case, code) in [
        (json!({}), "bad_request"),
        (json!({ "email": "grace" }), "bad_request"),
        (json!({ "email": 7 }), "bad_request"),
        (json!({ "email": ["a@example.com"] }), "bad_request"),
        (json!({ "email": "g@example.com", "password": "" }), "bad_request"),
        (json!({ "email": "g@example.com", "password": "Aa1".repeat(400) }), "bad_request"),
        (json!({ "email": "g@example.com", "name": long }), "bad_request"),
        (json!({ "email": "g@example.com", "username": "a b" }), "bad_request"),
        (json!({ "email": "g@example.com", "username": ADA }), "bad_request"),
        (json!({ "email": "g@example.com", "phone_number": "0123" }), "bad_request"),
        (json!({ "email": "g@example.com", "user_metadata": "x" }), "bad_request"),
        (json!({ "email": "g@example.com", "user_metadata": { "a": { "b": 1 } } }), "bad_request"),
        (json!({ "email": "g@example.com", "user_metadata": { "a": long } }), "bad_request"),
        (json!({ "email": "g@example.com", "connection": "nowhere" }), "invalid_connection"),
        (json!({ "email": "g@example.com", "connection": null }), "bad_request"),
        (json!({ "email": "g@example.com", "client_id": "nobody" }), "bad_request"),
    ] {
        let answer = sign_up(&rig, case.clone()).await;
        assert_eq!((answer.status, answer.text("code").as_str()), (400, code), "{case}: {}", answer.body);
        assert_eq!(answer.value()["statusCode"], 400);
    }
    for body in ["", "[]", "{", "\"x\"", "{\"email\":\"a@example.com\",\"email\":\"b@example.com\"}"] {
        for path in ["/dbconnections/signup", "/dbconnections/change_password"] {
            let request = rig.http.post(rig.at(path)).header("content-type", "application/json");
            let answer = rig.send(request.body(body)).await;
            assert_eq!((answer.status, answer.text("code").as_str()), (400, "bad_request"), "{path} {body}");
        }
    }
    assert_eq!(rig.tenant.messages().await.unwrap(), []);
}

#[tokio::test]
async fn sign_up_may_be_off() {
    let config = Config { database: "options: { disable_signup: true }", ..Config::default() };
    let rig = Rig::with(&config).await;
    let answer = sign_up(&rig, json!({ "email": "grace@example.com" })).await;
    assert_eq!((answer.status, answer.text("code").as_str()), (400, "signup_disabled"));
}

#[tokio::test]
async fn a_new_password_is_asked_for_in_words_that_tell_nothing() {
    let rig = Rig::start().await;
    for email in [ADA, "nobody@example.com"] {
        let body = json!({ "client_id": "stepup-webapp", "email": email, "connection": CONNECTION });
        let answer = rig.json("/dbconnections/change_password", None, &body).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
        assert_eq!(answer.body, "We've just sent you an email to reset your password.");
    }
    assert_eq!(rig.tenant.messages().await.unwrap().len(), 1);
    assert!(mailed_link(&rig, ADA).await.starts_with("u/reset-password?ticket="));
    for body in [
        json!({ "connection": CONNECTION }),
        json!({ "email": ADA }),
        json!({ "email": "ada", "connection": CONNECTION }),
        json!({ "email": ADA, "connection": "nowhere" }),
    ] {
        assert_eq!(rig.json("/dbconnections/change_password", None, &body).await.status, 400, "{body}");
    }
}
