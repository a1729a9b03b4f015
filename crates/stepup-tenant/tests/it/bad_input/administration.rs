//! The Management API with a token that may do everything, the phone's API behind a ticket, and the dashboard's forms.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{HOSTILE, assert_told, behind::mistyped, everywhere, routes};
use crate::{
    guardian,
    management::Admin,
    rig::{Answer, Config, Rig},
};

const WRITING: [&str; 3] = ["POST", "PUT", "PATCH"];

/// The answer to a call, whose path is said as it stands behind `/api/v2/`. The calls of a minute are limited: another begins
/// when they are used up.
async fn call(admin: &Admin, method: &str, path: &str, content_type: &str, body: &[u8]) -> Answer {
    loop {
        let request = admin.rig.http.request(method.parse().unwrap(), admin.rig.at(&format!("api/v2{path}")));
        let request = request.bearer_auth(&admin.token).header("content-type", content_type);
        let answer = admin.rig.send(request.body(body.to_vec())).await;
        if answer.status != 429 || !answer.body.contains("Global limit") {
            return answer;
        }
        admin.rig.advance(60);
    }
}

/// Things that are there, by the beginning of the paths that name them.
async fn things(admin: &Admin) -> Vec<(&'static str, String)> {
    let action = json!({ "name": "a", "supported_triggers": [{ "id": "post-login" }], "code": "exports.onExecutePostLogin = async () => {};" });
    let action = admin.post("actions/actions", action).await.text("id");
    let user = admin.user("grace@example.com", json!({})).await;
    let first = async |list: &str, pointer: &str| admin.get(list).await.at(pointer);
    vec![
        ("/actions/actions/", action),
        ("/actions/triggers/", "post-login".to_owned()),
        ("/client-grants/", first("client-grants", "/0/id").await),
        ("/clients/", "stepup-webapp".to_owned()),
        ("/connections/", first("connections", "/0/id").await),
        ("/guardian/factors/{", "otp".to_owned()),
        ("/resource-servers/", first("resource-servers", "/0/id").await),
        ("/users/", user.replace('|', "%7C")),
    ]
}

#[tokio::test]
async fn bodies_of_calls() {
    let admin = Admin::start().await;
    let things = things(&admin).await;
    for path in routes::of("management") {
        let there = things.iter().find(|(beginning, _)| path.starts_with(beginning));
        let ids = std::iter::once("x").chain(there.map(|(_, id)| id.as_str()));
        for path in ids.map(|id| routes::filled(&path, id)) {
            for method in WRITING {
                for (content_type, body) in everywhere::bodies() {
                    let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
                    let answer = call(&admin, method, &path, content_type, &body).await;
                    assert_told(&answer, &format!("{method} {path} {content_type} {shown}"));
                }
            }
        }
    }
}

#[tokio::test]
async fn queries_and_ids_of_calls() {
    let admin = Admin::start().await;
    for path in routes::of("management") {
        for query in everywhere::queries() {
            let path = format!("{}?{query}", routes::filled(&path, "x"));
            let what = path.chars().take(120).collect::<String>();
            assert_told(&call(&admin, "GET", &path, "", b"").await, &what);
        }
        if !path.contains('{') {
            continue;
        }
        for id in HOSTILE.iter().map(|text| form_urlencoded::byte_serialize(text.as_bytes()).collect()) {
            let ids: [String; 2] = [id, "%FF%2e%2e%2f".to_owned()];
            for path in ids.map(|id| routes::filled(&path, &id)) {
                for method in ["GET", "DELETE", "POST", "PUT", "PATCH"] {
                    assert_told(&call(&admin, method, &path, "application/json", b"{}").await, &path);
                }
            }
        }
    }
}

/// Calls that would do something: method, path, body.
fn good_calls(things: &[(&'static str, String)]) -> Vec<(&'static str, String, Value)> {
    let id = |beginning: &str| &things.iter().find(|(held, _)| *held == beginning).unwrap().1;
    let user = id("/users/");
    let database = "Username-Password-Authentication";
    vec![
        (
            "POST",
            "/users".to_owned(),
            json!({ "connection": database, "email": "a@b.example", "password": "Nanoseconds 1906", "user_id": "x", "name": "x", "nickname": "x", "given_name": "x", "family_name": "x", "picture": "x", "username": "x", "phone_number": "+15005550006", "blocked": false, "email_verified": true, "phone_verified": true, "verify_email": true, "user_metadata": {}, "app_metadata": {} }),
        ),
        (
            "PATCH",
            format!("/users/{user}"),
            json!({ "name": "x", "nickname": "x", "given_name": "x", "family_name": "x", "picture": "x", "phone_number": "+15005550006", "user_metadata": {}, "app_metadata": {}, "blocked": false, "connection": database, "client_id": "x" }),
        ),
        (
            "PATCH",
            format!("/users/{user}"),
            json!({ "email": "c@b.example", "verify_email": true, "email_verified": true }),
        ),
        ("PATCH", format!("/users/{user}"), json!({ "password": "Nanoseconds 1907" })),
        (
            "POST",
            format!("/users/{user}/authentication-methods"),
            json!({ "type": "phone", "name": "x", "phone_number": "+15005550006", "preferred_authentication_method": "sms", "totp_secret": "x", "email": "a@b.example" }),
        ),
        (
            "PUT",
            format!("/users/{user}/authentication-methods"),
            json!([{ "type": "phone", "phone_number": "+15005550006" }]),
        ),
        (
            "POST",
            "/clients".to_owned(),
            json!({ "name": "x", "app_type": "spa", "callbacks": ["https://a.example"], "grant_types": ["refresh_token"], "refresh_token": {}, "jwt_configuration": {}, "client_metadata": {}, "token_endpoint_auth_method": "none", "oidc_logout": {}, "description": "x", "logo_uri": "x", "is_first_party": true }),
        ),
        (
            "PATCH",
            "/clients/stepup-webapp".to_owned(),
            json!({ "name": "x", "callbacks": [], "grant_types": [], "refresh_token": {}, "client_metadata": {}, "jwt_configuration": { "lifetime_in_seconds": 1 }, "app_type": "spa", "client_secret": "x", "oidc_logout": {} }),
        ),
        (
            "POST",
            "/resource-servers".to_owned(),
            json!({ "identifier": "https://x.example", "name": "x", "scopes": [{ "value": "x", "description": "x" }], "token_lifetime": 60, "token_dialect": "access_token", "signing_alg": "RS256", "allow_offline_access": true, "proof_of_possession": {} }),
        ),
        (
            "PATCH",
            format!("/resource-servers/{}", id("/resource-servers/")),
            json!({ "name": "x", "scopes": [], "token_lifetime": 60, "token_dialect": "access_token", "proof_of_possession": {} }),
        ),
        (
            "POST",
            "/client-grants".to_owned(),
            json!({ "client_id": "stepup-webapp", "audience": "https://x.example", "scope": ["x"] }),
        ),
        ("PATCH", format!("/client-grants/{}", id("/client-grants/")), json!({ "scope": ["x"] })),
        (
            "POST",
            "/connections".to_owned(),
            json!({ "name": "x", "strategy": "auth0", "options": {}, "enabled_clients": [], "metadata": {}, "realms": [] }),
        ),
        (
            "PATCH",
            format!("/connections/{}", id("/connections/")),
            json!({ "options": {}, "enabled_clients": [], "metadata": {}, "realms": [], "display_name": "x" }),
        ),
        (
            "POST",
            "/actions/actions".to_owned(),
            json!({ "name": "y", "supported_triggers": [{ "id": "post-login", "version": "v3" }], "code": "x", "runtime": "node22", "secrets": [{ "name": "x", "value": "x" }], "dependencies": [] }),
        ),
        (
            "PATCH",
            format!("/actions/actions/{}", id("/actions/actions/")),
            json!({ "name": "y", "supported_triggers": [{ "id": "post-login" }], "code": "x", "secrets": [], "dependencies": [] }),
        ),
        (
            "POST",
            format!("/actions/actions/{}/test", id("/actions/actions/")),
            json!({ "payload": { "event": {} } }),
        ),
        ("PATCH", "/actions/triggers/post-login/bindings".to_owned(), json!({ "bindings": [] })),
        (
            "POST",
            "/guardian/enrollments/ticket".to_owned(),
            json!({ "user_id": user.replace("%7C", "|"), "email": "a@b.example", "send_mail": true, "factor": "otp", "allow_multiple_enrollments": true, "email_locale": "en" }),
        ),
        ("PUT", "/guardian/factors/otp".to_owned(), json!({ "enabled": true })),
        ("PUT", "/guardian/factors/phone/message-types".to_owned(), json!({ "message_types": ["sms"] })),
        (
            "PUT",
            "/guardian/factors/phone/templates".to_owned(),
            json!({ "enrollment_message": "x", "verification_message": "x" }),
        ),
        (
            "PATCH",
            "/tenants/settings".to_owned(),
            json!({ "friendly_name": "x", "default_directory": database, "default_audience": "x", "session_lifetime": 1, "idle_session_lifetime": 1, "session_cookie": {}, "error_page": {}, "flags": {}, "mtls": {} }),
        ),
    ]
}

/// Tries them with a member that is not what it should be.
async fn try_members(of_users: bool) {
    let admin = &Admin::start().await;
    let things = things(admin).await;
    let calls = good_calls(&things);
    for (method, path, good) in
        calls.into_iter().filter(|(_, path, _)| path.starts_with("/users") == of_users)
    {
        let names: Vec<_> = good.as_object().into_iter().flat_map(|members| members.keys()).collect();
        let with = |name: &str, value: Value| {
            let mut body = good.clone();
            body[name] = value;
            body
        };
        let mut bodies: Vec<Value> = mistyped();
        for name in names {
            let mut without = good.clone();
            without.as_object_mut().unwrap().remove(name);
            bodies.push(without);
            bodies.extend(HOSTILE.iter().map(|text| with(name, json!(text))));
            for value in mistyped() {
                bodies.push(with(name, json!([value])));
                bodies.push(with(name, json!({ "id": value, "value": value, "lifetime_in_seconds": value })));
                bodies.push(with(name, value));
            }
        }
        for body in bodies {
            let body = body.to_string();
            let what = format!("{method} {path} {}", body.chars().take(400).collect::<String>());
            assert_told(&call(admin, method, &path, "application/json", body.as_bytes()).await, &what);
        }
    }
    assert_eq!(admin.get("users").await.status, 200, "the tenant stands");
}

#[tokio::test]
async fn members_of_calls_about_users() {
    try_members(true).await;
}

#[tokio::test]
async fn members_of_calls_about_the_configuration() {
    try_members(false).await;
}

#[tokio::test]
async fn options_of_a_connection() {
    let admin = Admin::start().await;
    let connection = admin.get("connections").await.at("/0/id");
    for options in [
        "passwordPolicy",
        "password_history",
        "password_dictionary",
        "password_no_personal_info",
        "password_complexity_options",
        "disable_signup",
    ] {
        for value in mistyped() {
            let body = json!({ "options": { options: value } }).to_string();
            let path = format!("/connections/{connection}");
            assert_told(&call(&admin, "PATCH", &path, "application/json", body.as_bytes()).await, &body);
        }
    }
}

#[tokio::test]
async fn a_phone_that_enrols() {
    let rig = Rig::start().await;
    let (barcode_uri, _, _) = guardian::begun(&rig).await;
    let ticket = guardian::ticket(&barcode_uri);
    let key = stepup_seal::jws::SigningKey::generate_rsa2048().unwrap();
    let good = guardian::presented(&key);
    for value in mistyped().into_iter().chain(HOSTILE.iter().map(|text| json!(text))) {
        // A name may be any text, so that the ticket would be spent.
        for name in ["identifier", "push_credentials", "public_key"] {
            let mut body = good.clone();
            body[name] = value.clone();
            assert_told(&guardian::enroll(&rig, &ticket, &body).await, name);
            for inside in good[name].as_object().into_iter().flat_map(|members| members.keys()) {
                let mut body = good.clone();
                body[name][inside] = value.clone();
                assert_told(&guardian::enroll(&rig, &ticket, &body).await, &format!("{name}.{inside}"));
            }
        }
    }
}

#[tokio::test]
async fn calls_of_the_control_api() {
    let rig = Rig::controlled(&Config::default()).await;
    let (url, key) = rig.tenant.control().unwrap();
    let call = async |method: &str, path: &str, body: Vec<u8>| {
        let request = rig.http.request(method.parse().unwrap(), format!("{url}{path}")).body(body);
        let request = request.bearer_auth(key).timeout(Duration::from_secs(5));
        let what = format!("{method} {}", path.chars().take(120).collect::<String>());
        assert_told(&rig.send(request).await, &what);
    };
    let names = [
        "advance_seconds",
        "barcode_uri",
        "body",
        "confidence",
        "decision",
        "delay_ms",
        "method",
        "new_device",
        "reset",
        "retry_after",
        "set",
        "status",
        "times",
    ];
    let values: Vec<_> = mistyped()
        .into_iter()
        .chain(HOSTILE.iter().map(|text| json!(text)))
        .chain([json!(0), json!(u64::MAX), json!(i64::MIN), json!("9999-12-31T23:59:59Z")])
        .collect();
    for (method, path) in routes::of_control() {
        for id in
            HOSTILE.iter().map(|text| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>())
        {
            call(&method, &routes::filled(&path, &id), b"{}".to_vec()).await;
        }
        let path = routes::filled(&path, "x");
        for query in everywhere::queries() {
            call(&method, &format!("{path}?{query}"), Vec::new()).await;
        }
        if method == "POST" && !["/reload", "/reset"].contains(&path.as_str()) {
            for (_, body) in everywhere::bodies() {
                call(&method, &path, body).await;
            }
            for (name, value) in names.iter().flat_map(|name| values.iter().map(move |value| (name, value))) {
                call(&method, &path, json!({ *name: value }).to_string().into_bytes()).await;
                call(&method, &path, json!({ "path": "/x", *name: value }).to_string().into_bytes()).await;
            }
        }
    }
    call("POST", "/reset", Vec::new()).await;
    assert_eq!(rig.password(&[]).await.status, 200, "the tenant stands");
}

#[tokio::test]
async fn forms_of_the_dashboard() {
    let rig = Rig::start().await;
    let user = rig.password(&[("scope", "openid")]).await.claims("id_token")["sub"].clone();
    let Value::String(user) = user else { panic!("{user}") };
    for path in routes::of("dashboard") {
        for id in ["x", &user.replace('|', "%7C")] {
            for text in HOSTILE {
                let names = [
                    "action",
                    "barcode_uri",
                    "channel",
                    "code",
                    "confirm",
                    "decision",
                    "enabled",
                    "event",
                    "factor",
                    "id",
                    "message_types",
                    "name",
                    "policy",
                    "secrets",
                    "sms",
                    "trigger",
                    "version",
                    "voice",
                ];
                let fields = names.map(|name| (name, text));
                let path = routes::filled(&path, id);
                assert_told(&rig.form(&path, &fields).await, &format!("{path} {text}"));
                for name in names {
                    assert_told(&rig.form(&path, &[(name, text)]).await, &format!("{path} {name}={text}"));
                }
            }
        }
    }
}

#[tokio::test]
async fn pages_that_wait() {
    let rig = Rig::start().await;
    let asked = everywhere::WAITING
        .iter()
        .flat_map(|path| everywhere::queries().into_iter().map(move |query| format!("{path}?{query}")));
    join_all(asked.map(async |path| {
        // Whatever is refused is refused at once; the others wait for an event.
        let request = rig.http.get(rig.at(&path)).timeout(Duration::from_millis(500));
        if let Ok(response) = request.send().await {
            assert!((200..500).contains(&response.status().as_u16()), "{path}: {}", response.status());
        }
    }))
    .await;
}
