//! What a password must not be, wherever one is set.

use serde_json::json;

use crate::{
    management::Admin,
    rig::{ADA, Answer, Browser, Config, PASSWORD, Rig},
};

const STRICT: &str = "options:
      passwordPolicy: low
      password_history: { enable: true, size: 1 }
      password_dictionary: { enable: true, dictionary: [Analytical] }
      password_no_personal_info: { enable: true }";

async fn strict() -> Rig {
    Rig::with(&Config { database: STRICT, ..Config::default() }).await
}

/// What each place says to `grace@example.com`: password, name of the error, its text, code on the pages.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    ("short", "PasswordStrengthError", "Password is too weak", "password-policy-not-conformant"),
    ("qwerty123", "PasswordDictionaryError", "Password is too common", "password-too-common"),
    ("aNALYTICAL", "PasswordDictionaryError", "Password is too common", "password-too-common"),
    (
        "xx-Grace-xx",
        "PasswordNoUserInfoError",
        "Password contains user information",
        "password-contains-user-information",
    ),
];

#[tokio::test]
async fn the_sign_up_api_says_which_rule_a_password_breaks() {
    let rig = strict().await;
    let sign_up = async |password: &str, more: serde_json::Value| {
        let mut body = json!({
            "client_id": "stepup-webapp",
            "connection": "Username-Password-Authentication",
            "email": "grace@example.com",
            "password": password,
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rig.json("/dbconnections/signup", None, &body).await
    };
    for (password, name, text, _) in REFUSED {
        let answer = sign_up(password, json!({})).await;
        assert_eq!(answer.status, 400, "{password}: {}", answer.body);
        let body = answer.value();
        assert_eq!((&body["name"], &body["code"]), (&json!(name), &json!("invalid_password")), "{password}");
        assert_eq!(body["message"], json!(text), "{password}");
        let told = &body["description"];
        assert!(*told == json!(text) || told["verified"] == json!(false), "{password}: {told}");
    }
    for more in [json!({ "username": "cobol60" }), json!({ "name": "Amazing Cobol60" })] {
        let answer = sign_up("my COBOL60 machine", more).await;
        assert_eq!(answer.text("name"), "PasswordNoUserInfoError", "{}", answer.body);
    }
    assert_eq!(sign_up("my COBOL60 machine", json!({})).await.status, 200);
}

fn code_of(answer: &Answer) -> String {
    let marked = answer.body.split("data-error-code=\"").nth(1).unwrap_or_else(|| panic!("{}", answer.body));
    marked.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_sign_up_page_says_what_a_password_must_not_be() {
    let rig = strict().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("screen_hint", "signup")]).await;
    assert!(page.answer.body.contains("Not one that many people use."), "{}", page.answer.body);
    for (password, _, _, code) in REFUSED {
        let fields = [("email", "grace@example.com"), ("password", password)];
        let answer = browser.submit(&page, &fields).await.answer;
        assert_eq!((answer.status, code_of(&answer).as_str()), (400, *code), "{password}");
    }
}

/// A link of the mail with which a forgotten password is replaced.
async fn reset(rig: &Rig, password: &str) -> Answer {
    let asked = json!({
        "client_id": "stepup-webapp", "email": ADA, "connection": "Username-Password-Authentication",
    });
    assert_eq!(rig.json("/dbconnections/change_password", None, &asked).await.status, 200);
    let mail = rig.tenant.messages().await.unwrap().swap_remove(0).body;
    let ticket = mail.split("ticket=").nth(1).unwrap().split(['"', '\n', ' ', '&', '#']).next().unwrap();
    rig.form("/u/reset-password", &[("ticket", ticket), ("password", password)]).await
}

#[tokio::test]
async fn a_password_does_not_come_back_before_others_took_its_place() {
    let rig = strict().await;
    let refused = reset(&rig, PASSWORD).await;
    assert_eq!((refused.status, code_of(&refused).as_str()), (400, "password-previously-used"));
    let refused = reset(&rig, "ada lovelace 1").await;
    assert_eq!((refused.status, code_of(&refused).as_str()), (400, "password-contains-user-information"));
    assert_eq!(rig.password(&[]).await.status, 200, "the password stands");

    assert_eq!(reset(&rig, "second password").await.status, 200);
    assert_eq!(code_of(&reset(&rig, PASSWORD).await), "password-previously-used");
    assert_eq!(code_of(&reset(&rig, "second password").await), "password-previously-used");
    assert_eq!(reset(&rig, "third one of them").await.status, 200);
    assert_eq!(reset(&rig, PASSWORD).await.status, 200, "one earlier password is remembered, not two");
}

#[tokio::test]
async fn the_management_api_holds_to_the_rules_too() {
    let admin = Admin::start().await;
    let connection = admin.get("connections").await.at("/0/id");
    let options = json!({
        "passwordPolicy": "low",
        "password_history": { "enable": true, "size": 2 },
        "password_dictionary": { "enable": true, "dictionary": ["analytical"] },
        "password_no_personal_info": { "enable": true },
    });
    let changed = admin.patch(&format!("connections/{connection}"), json!({ "options": options })).await;
    assert_eq!(changed.status, 200, "{}", changed.body);

    let new = |password: &str| {
        json!({
            "connection": "Username-Password-Authentication", "email": "grace@example.com", "password": password,
        })
    };
    for (password, name, text, _) in REFUSED {
        let refused = admin.post("users", new(password)).await.refusal();
        assert_eq!(refused, format!("400 invalid_body: {name}: {text}"), "{password}");
    }
    let id = admin.post("users", new("nanoseconds 1906")).await.text("user_id");
    let user = format!("users/{id}");
    let change = async |password: &str| admin.patch(&user, json!({ "password": password })).await;
    for (password, name, text, _) in REFUSED {
        assert_eq!(change(password).await.refusal(), format!("400 invalid_body: {name}: {text}"));
    }
    let both = admin.patch(&user, json!({ "name": "Amazing", "password": "amazing hopper" })).await;
    assert_eq!(
        both.refusal(),
        "400 invalid_body: PasswordNoUserInfoError: Password contains user information"
    );
    let used = "400 invalid_body: PasswordHistoryError: Password has previously been used";
    assert_eq!(change("nanoseconds 1906").await.refusal(), used);
    for next in ["the second one", "the third one"] {
        assert_eq!(change(next).await.status, 200);
    }
    for earlier in ["nanoseconds 1906", "the second one", "the third one"] {
        assert_eq!(change(earlier).await.refusal(), used, "{earlier}");
    }
    assert_eq!(change("the fourth one").await.status, 200);
    assert_eq!(change("nanoseconds 1906").await.status, 200);
    assert_eq!(admin.log_in("grace@example.com", "nanoseconds 1906").await.status, 200);
}
