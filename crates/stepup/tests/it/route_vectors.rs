//! The routes for login, logout, profile and access tokens, as recorded from nextjs-auth0.

use std::{collections::BTreeMap, time::Duration};

use http::{Method, Request};
use serde_json::{Map, Value, json};
use stepup::{Client, Format, LogoutStrategy, Route, Routes};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Purpose, Sealer, Secrets};

use crate::support::{
    Answer, Counting, Hands, ISSUER, NOW, SECRET, Script, builder, fixture, get, handle, json_of, set_cookies,
};

fn sealer() -> Sealer {
    Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::NextjsAuth0)
}

fn client(case: &Value, script: &Script) -> Client {
    let config = &case["config"];
    let mut client = builder(script, &Hands::at(case["now"].as_i64().unwrap()))
        .secret(SECRET)
        .format(Format::NextjsAuth0)
        .enable_access_token_endpoint(config["enableAccessTokenEndpoint"] != false)
        .include_id_token_hint_in_oidc_logout_url(config["includeIdTokenHintInOIDCLogoutUrl"] != false)
        .no_content_profile_response_when_unauthenticated(
            config["noContentProfileResponseWhenUnauthenticated"] == true,
        )
        .token_refresh_buffer(Duration::from_secs(config["tokenRefreshBuffer"].as_u64().unwrap_or(0)));
    if config["logoutStrategy"] == "v2" {
        client = client.logout_strategy(LogoutStrategy::V2);
    }
    if let Some(ttl) = config["mfaTokenTtl"].as_u64() {
        client = client.mfa_context_ttl(Duration::from_secs(ttl));
    }
    client.build().unwrap()
}

fn request(case: &Value) -> Request<bytes::Bytes> {
    let recorded = &case["request"];
    let mut line = String::new();
    if let Some(payload) = recorded["session_cookie"].get("payload") {
        let end = UnixTime::from_seconds(case["now"].as_i64().unwrap() + 86_400);
        let value = sealer().seal(Purpose::Session, "", payload, end, &Counting::default());
        line.push_str(&format!("__session={value}; "));
    }
    for (name, value) in recorded["cookies"].as_object().into_iter().flatten() {
        line.push_str(&format!("{name}={}; ", value.as_str().unwrap()));
    }
    let mut request = get(recorded["path"].as_str().unwrap(), &line);
    for (name, value) in recorded["headers"].as_object().into_iter().flatten() {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.as_str().unwrap().parse().unwrap());
    }
    request
}

fn script(case: &Value) -> Script {
    let script = Script::new();
    for answer in case["upstream"].as_array().unwrap() {
        let status = answer["status"].as_u64().unwrap_or(200);
        let status = u16::try_from(status).unwrap();
        let mut body = answer["body"].clone();
        if let Some(id_token) = body.get_mut("id_token") {
            // The recorded one is signed with a key that is not told: the same claims, signed by the script's.
            let payload = id_token.as_str().unwrap().split('.').nth(1).unwrap();
            let claims = stepup_seal::base64url::decode(payload).unwrap();
            *id_token = json!(script.sign(&serde_json::from_slice(&claims).unwrap()));
        }
        script.answer(match body {
            Value::String(text) => Answer::Text(status, text),
            body => Answer::Json(status, body),
        });
    }
    if case["config"]["_discoveryFails"] == true {
        script.documents(0);
    }
    script
}

#[tokio::test]
async fn routes_answer_as_recorded() {
    let cases = fixture(include_str!("../fixtures/nextjs-routes-login-session.json"));
    let mut told = 0;
    for case in cases["cases"].as_array().unwrap() {
        let name = format!("{}: {}", case["group"].as_str().unwrap(), case["name"].as_str().unwrap());
        let script = script(case);
        let client = client(case, &script);
        let request = request(case);
        let recorded = &case["response"];
        if client.route(request.method(), request.uri().path()).is_none() {
            assert!(name.contains("passes through") || name.starts_with("rolling"), "{name}");
            continue;
        }
        let response = handle(&client, request).await;
        told += 1;

        // What ours does otherwise, on purpose.
        let status = match name.as_str() {
            "callback: no state" | "callback: unknown state" => 400,
            "mfa_required: a 5xx mfa_required is not recognised" => 403,
            _ => recorded["status"].as_u64().unwrap(),
        };
        assert_eq!(u64::from(response.status().as_u16()), status, "{name}");
        let cache = &response.headers()["cache-control"];
        assert!(cache.to_str().unwrap().contains("no-store"), "{name}");
        if let Some(location) =
            recorded["headers"]["location"].as_str().filter(|_| !name.starts_with("login"))
        {
            let ours = location.replace("https%3A%2F%2Fother.example%2Fbye", "https%3A%2F%2Fapp.example.com");
            assert_eq!(response.headers()["location"], ours.as_str(), "{name}");
        }
        compare_bodies(&name, &response, &recorded["body"]);

        let sent = script.requests();
        let expected = case["upstream_requests"].as_array().unwrap();
        assert_eq!(sent.len(), expected.len(), "{name}");
        for (sent, expected) in sent.iter().zip(expected) {
            assert_eq!(sent.url, expected["url"].as_str().unwrap(), "{name}");
            let form: BTreeMap<String, String> = serde_json::from_value(expected["body"].clone()).unwrap();
            assert_eq!(sent.form(), form, "{name}");
        }
        compare_cookies(&name, &response, recorded);
    }
    assert!(told > 25, "{told} cases");
}

fn compare_bodies(name: &str, response: &http::Response<bytes::Bytes>, recorded: &Value) {
    let mut ours = json_of(response);
    match recorded {
        Value::Object(recorded) => {
            let mut recorded = Value::Object(recorded.clone());
            if name.starts_with("mfa_required") {
                // The sealed token is the `mfa` room's; here it counts that it is there.
                let had_one = |body: &mut Value| {
                    body.as_object_mut().unwrap().remove("mfa_token").is_some_and(|token| token != "")
                };
                let (there, should) = (had_one(&mut ours), had_one(&mut recorded));
                assert!(there == should || name.contains("5xx"), "{name}");
                if name.contains("5xx") {
                    return;
                }
            }
            ours.as_object_mut().unwrap().remove("login_required");
            if let Some(message) = recorded.pointer_mut("/error/message")
                && ours["error"]["code"] == "missing_refresh_token"
            {
                *message = ours["error"]["message"].clone(); // Ours says the same of both cases.
            }
            if recorded["token_type"] == "bearer" {
                recorded["token_type"] = json!("Bearer");
            }
            assert_eq!(ours, recorded, "{name}");
        }
        Value::String(text) => {
            assert_eq!(response.body(), text.as_str(), "{name}");
        }
        _ => {}
    }
}

/// The session that is written, and what is deleted. Where a session only had to be read, none is written.
fn compare_cookies(name: &str, response: &http::Response<bytes::Bytes>, recorded: &Value) {
    let ours = set_cookies(response.headers());
    for expected in recorded["set_cookies"].as_array().unwrap() {
        let cookie = ours.iter().find(|cookie| expected["name"] == cookie.name.as_str());
        let payload = expected.get("payload").filter(|payload| payload.get("user").is_some());
        match (cookie, payload) {
            (Some(cookie), Some(payload)) => {
                let opened = sealer().open::<Map<String, Value>>(
                    Purpose::Session,
                    "",
                    &cookie.value,
                    UnixTime::from_seconds(NOW),
                );
                let mut session = Value::Object(opened.unwrap().payload);
                for member in
                    ["accessToken", "refreshToken", "expiresAt", "scope", "requestedScope", "audience"]
                {
                    assert_eq!(
                        session["tokenSet"].get(member),
                        payload["tokenSet"].get(member),
                        "{name}: {member}"
                    );
                }
                for set in session["accessTokens"].as_array_mut().into_iter().flatten() {
                    set.as_object_mut().unwrap().remove("narrowedAt"); // Ours alone.
                }
                let entries = |session: &mut Value| session["accessTokens"].take();
                let mut payload = payload.clone();
                for set in payload["accessTokens"].as_array_mut().into_iter().flatten() {
                    set["token_type"] = json!("Bearer"); // As an `Authorization` header spells it.
                }
                assert_eq!(entries(&mut session), entries(&mut payload), "{name}");
            }
            (Some(cookie), None) => assert!(cookie.value.is_empty() || name.starts_with("login"), "{name}"),
            // Nothing changed, or nothing was sent that could be deleted.
            (None, _) => assert!(name.starts_with("mfa_required") || name.ends_with("no session"), "{name}"),
        }
    }
}

#[tokio::test]
async fn a_session_over_its_ceiling_is_deleted() {
    let script = Script::new();
    let client =
        builder(&script, &Hands::at(NOW)).secret(SECRET).format(Format::NextjsAuth0).build().unwrap();
    let case = json!({ "now": NOW, "request": { "path": "/auth/profile", "session_cookie": { "payload": {
        "user": { "sub": "u" }, "tokenSet": { "accessToken": "a", "expiresAt": NOW + 600 },
        "internal": { "sid": "s", "createdAt": NOW - 10, "sessionExpiresAt": NOW + 30 } } } } });
    let response = handle(&client, request(&case)).await;
    assert_eq!(response.status(), 401);
    let gone = set_cookies(response.headers());
    assert_eq!((gone[0].name.as_str(), gone[0].value.as_str()), ("__session", ""));
}

#[tokio::test]
async fn the_browser_module_is_served_and_revalidated() {
    let client = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).build().unwrap();
    for (path, content_type, content) in [
        ("/auth/stepup.js", "text/javascript;charset=UTF-8", "export const mfa = {"),
        ("/auth/stepup.d.ts", "application/typescript;charset=UTF-8", "export const mfa: {"),
    ] {
        let response = handle(&client, get(path, "")).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], content_type);
        assert!(str::from_utf8(response.body()).unwrap().contains(content));
        let tag = response.headers()["etag"].to_str().unwrap();
        for (held, status) in [
            (tag.to_owned(), 304),
            (format!("W/{tag}"), 304),
            (format!("\"other\", W/{tag}"), 304),
            ("*".to_owned(), 304),
            ("\"other\"".to_owned(), 200),
            (tag.trim_matches('"').to_owned(), 200),
        ] {
            let mut again = get(path, "");
            again.headers_mut().insert("if-none-match", held.parse().unwrap());
            assert_eq!(handle(&client, again).await.status(), status, "{held}");
        }
    }
}

#[tokio::test]
async fn the_types_are_beside_the_browser_module_wherever_that_is() {
    let routes = Routes { script: "/js/own.js".to_owned(), ..Routes::default() };
    let client = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).routes(routes).build().unwrap();
    assert_eq!(client.route(&Method::GET, "/js/own.d.ts"), Some(Route::ScriptTypes));
    assert_eq!(client.route(&Method::GET, "/auth/stepup.d.ts"), None);
    assert_eq!(client.route(&Method::POST, "/js/own.d.ts"), None);
}

#[tokio::test]
async fn what_changes_something_comes_from_the_same_origin_as_json() {
    let client = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).build().unwrap();
    for (headers, refused) in [
        (&[("content-type", "text/plain")][..], true),
        (&[], true),
        (&[("content-type", "application/json"), ("origin", "https://evil.example")], true),
        (&[("content-type", "application/json"), ("origin", "null")], true),
        (&[("content-type", "application/json"), ("sec-fetch-site", "cross-site")], true),
        (&[("content-type", "application/json"), ("sec-fetch-site", "same-site")], true),
        (
            &[
                ("content-type", "application/json; charset=utf-8"),
                ("origin", "https://app.example.com"),
                ("sec-fetch-site", "same-origin"),
            ],
            false,
        ),
    ] {
        for path in ["/auth/mfa/verify", "/auth/mfa/challenge", "/auth/mfa/associate"] {
            let mut request = Request::post(path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let response = handle(&client, request.body("{}".into()).unwrap()).await;
            assert_eq!(response.status() == 403, refused, "{path} {headers:?}");
            if refused {
                assert_eq!(json_of(&response)["error"], "invalid_request");
            }
        }
    }
    let foreign = Request::delete("/auth/mfa/authenticators/a")
        .header("origin", ISSUER)
        .body(bytes::Bytes::new())
        .unwrap();
    assert_eq!(handle(&client, foreign).await.status(), 403);
}
