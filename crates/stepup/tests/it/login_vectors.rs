//! Logins, from the login route to the end of the callback, as recorded from nextjs-auth0; and the rules of an ID
//! token, one row each.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value, json};
use stepup::{CallbackOutcome, Client, ClientBuilder, Format};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Purpose, Sealer, Secrets};
use url::Url;

use crate::support::{
    Answer, Hands, ISSUER, Jar, NOW, Recorded, SECRET, Script, builder, fixture, get, handle, set_cookies,
};

/// One browser on its way through a login.
struct Login {
    script: Script,
    client: Client,
    jar: Jar,
    authorize: BTreeMap<String, String>,
    /// As it was sent.
    location: Url,
}

impl Login {
    async fn begin(path: &str, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let script = Script::new();
        let client = builder(&script, &Hands::at(NOW)).secret(SECRET).format(Format::NextjsAuth0);
        let client = set_up(client).build().unwrap();
        let response = handle(&client, get(path, "")).await;
        assert_eq!(response.status(), 307);
        let location = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        let mut jar = Jar::default();
        jar.take(response.headers());
        let authorize = location.query_pairs().into_owned().collect();
        Self { script, client, jar, authorize, location }
    }

    fn claims(&self) -> Value {
        json!({
            "iss": ISSUER, "aud": "client-1", "sub": "auth0|6543210fedcba", "sid": "sid-1",
            "iat": NOW, "exp": NOW + 3600, "nonce": self.authorize["nonce"],
            "name": "Ann Example", "email": "ann@example.com",
        })
    }

    fn tokens(&self, claims: &Value) -> Value {
        json!({
            "access_token": "at-1", "refresh_token": "rt-1", "id_token": self.script.sign(claims),
            "scope": "openid profile email offline_access", "expires_in": 86_400, "token_type": "Bearer",
        })
    }

    async fn call_back(&mut self, answer: Answer) -> Response<Bytes> {
        self.script.answer(answer);
        self.call_back_with("code=code-1").await
    }

    async fn call_back_with(&mut self, query: &str) -> Response<Bytes> {
        let path = format!("/auth/callback?{query}&state={}", self.authorize["state"]);
        let response = handle(&self.client, get(&path, &self.jar.line())).await;
        self.jar.take(response.headers());
        response
    }

    fn opened(&self, purpose: Purpose, cookie: &str) -> Map<String, Value> {
        let sealer = Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::NextjsAuth0);
        let sealed = cookie.rsplit_once("%3A").map_or(cookie, |(_, sealed)| sealed);
        let mut payload: Map<String, Value> =
            sealer.open(purpose, "", sealed, UnixTime::from_seconds(NOW)).unwrap().payload;
        payload.remove("exp");
        payload
    }
}

#[tokio::test]
async fn the_authorization_request_is_the_recorded_one() {
    let cases = fixture(include_str!("../fixtures/nextjs-login-flows.json"));
    for case in cases["cases"].as_array().unwrap().iter().take(6) {
        let name = case["name"].as_str().unwrap();
        let mut login = Login::begin(case["login_path"].as_str().unwrap(), |client| client).await;
        let recorded = Url::parse(case["authorize_url"].as_str().unwrap()).unwrap();
        let mut recorded: BTreeMap<String, String> = recorded.query_pairs().into_owned().collect();
        if !recorded["scope"].split(' ').any(|scope| scope == "openid") {
            // Ours always asks for it: without it nobody would come back.
            recorded.insert("scope".to_owned(), format!("{} openid", recorded["scope"]));
        }
        for random in ["state", "nonce", "code_challenge"] {
            assert_eq!(login.authorize[random].len(), 43, "{name}");
            recorded.insert(random.to_owned(), login.authorize[random].clone());
        }
        assert_eq!(login.authorize, recorded, "{name}");
        assert_eq!(login.location.path(), "/authorize");

        let cookie_name = format!("__txn_{}", login.authorize["state"]);
        assert_eq!(login.jar.names(), [cookie_name.as_str()], "{name}");
        let line = login.jar.line();
        let transaction = login.opened(Purpose::Transaction, line.split_once('=').unwrap().1);
        for member in ["returnTo", "responseType", "audience"] {
            assert_eq!(
                transaction.get(member),
                case["transaction"]["payload"].get(member),
                "{name}: {member}"
            );
        }

        let claims = login.claims();
        let tokens = login.tokens(&claims);
        let response = login.call_back(Answer::Json(200, tokens)).await;
        if case["callback_query"]["code"].is_string() && name.contains("organization") {
            // An organization was asked for, and the token must name it.
            assert_eq!(response.status(), 500, "{name}");
            continue;
        }
        assert_eq!(response.status(), 307, "{name}");
        assert_eq!(
            response.headers()["location"],
            case["response"]["headers"]["location"].as_str().unwrap(),
            "{name}"
        );
        assert_eq!(
            response.headers()["cache-control"],
            "private, no-cache, no-store, must-revalidate, max-age=0"
        );
        assert_eq!(login.jar.names(), ["__session"], "{name}");
    }
}

#[tokio::test]
async fn the_token_request_and_the_session_are_the_recorded_ones() {
    let cases = fixture(include_str!("../fixtures/nextjs-login-flows.json"));
    let case = &cases["cases"][0];
    let mut login = Login::begin("/auth/login", |client| client).await;
    let tokens = login.tokens(&login.claims());
    let id_token = tokens["id_token"].clone();
    let transaction = login.jar.line();
    let verifier =
        login.opened(Purpose::Transaction, transaction.split_once('=').unwrap().1)["codeVerifier"].clone();
    let response = login.call_back(Answer::Json(200, tokens)).await;

    let requests: Vec<Recorded> = login.script.requests();
    let recorded = &case["upstream_requests"][0];
    assert_eq!((requests.len(), requests[0].method.as_str()), (1, "POST"));
    assert_eq!(requests[0].url, recorded["url"].as_str().unwrap());
    let mut form: BTreeMap<String, String> = serde_json::from_value(recorded["body"].clone()).unwrap();
    form.insert("code_verifier".to_owned(), verifier.as_str().unwrap().to_owned());
    assert_eq!(requests[0].form(), form);
    assert!(requests[0].headers.contains_key("auth0-client"));

    let cookie = &set_cookies(response.headers())[..];
    let recorded = &case["response"]["set_cookies"][0];
    let session = cookie.iter().find(|cookie| cookie.name == "__session").unwrap();
    assert_eq!(json!(session.attributes), recorded["attributes"]);
    let mut payload = recorded["payload"].as_object().unwrap().clone();
    payload.remove("exp");
    payload["tokenSet"]["idToken"] = id_token;
    payload["tokenSet"]["token_type"] = json!("Bearer");
    payload["user"]["sid"] = json!("sid-1");
    assert_eq!(Value::Object(login.opened(Purpose::Session, &session.value)), Value::Object(payload));
}

/// What a callback becomes when the ID token's claims are changed so, after a login at `path`.
async fn with_claims(path: &str, change: impl FnOnce(&mut Value)) -> u16 {
    let mut login = Login::begin(path, |client| client).await;
    let mut claims = login.claims();
    change(&mut claims);
    let tokens = login.tokens(&claims);
    let response = login.call_back(Answer::Json(200, tokens)).await;
    assert_eq!(login.jar.names().contains(&"__session"), response.status() == 307);
    response.status().as_u16()
}

#[tokio::test]
async fn each_rule_of_an_id_token_counts() {
    type Change = fn(&mut Value);
    let remove = |claims: &mut Value, name: &str| drop(claims.as_object_mut().unwrap().remove(name));
    let rows: [(&str, &str, Change, u16); 35] = [
        ("untouched", "/auth/login", |_| (), 307),
        ("other issuer", "/auth/login", |c| c["iss"] = json!("https://other.example/"), 500),
        ("no final slash", "/auth/login", |c| c["iss"] = json!(ISSUER.trim_end_matches('/')), 500),
        ("other audience", "/auth/login", |c| c["aud"] = json!("client-2"), 500),
        ("many audiences, no azp", "/auth/login", |c| c["aud"] = json!(["client-1", "api"]), 500),
        (
            "many audiences with azp",
            "/auth/login",
            |c| (c["aud"], c["azp"]) = (json!(["client-1", "api"]), json!("client-1")),
            307,
        ),
        ("one audience, azp of another", "/auth/login", |c| c["azp"] = json!("client-2"), 500),
        ("nonce wrong", "/auth/login", |c| c["nonce"] = json!("n"), 500),
        ("nonce missing", "/auth/login", |c| c["nonce"] = Value::Null, 500),
        ("expired 31 s ago", "/auth/login", |c| c["exp"] = json!(NOW - 31), 500),
        ("expired 30 s ago", "/auth/login", |c| c["exp"] = json!(NOW - 30), 500),
        ("expired 29 s ago", "/auth/login", |c| c["exp"] = json!(NOW - 29), 307),
        ("exp null", "/auth/login", |c| c["exp"] = Value::Null, 500),
        ("exp a text", "/auth/login", |c| c["exp"] = json!("later"), 500),
        ("iat null", "/auth/login", |c| c["iat"] = Value::Null, 500),
        ("iat 30 s ahead", "/auth/login", |c| c["iat"] = json!(NOW + 30), 307),
        ("iat 31 s ahead", "/auth/login", |c| c["iat"] = json!(NOW + 31), 500),
        ("sub null", "/auth/login", |c| c["sub"] = Value::Null, 500),
        ("sub empty", "/auth/login", |c| c["sub"] = json!(""), 500),
        ("nbf ahead", "/auth/login", |c| c["nbf"] = json!(NOW + 31), 500),
        ("nbf within the leeway", "/auth/login", |c| c["nbf"] = json!(NOW + 30), 307),
        ("max_age, no auth_time", "/auth/login?max_age=60", |_| (), 500),
        ("max_age, too old", "/auth/login?max_age=60", |c| c["auth_time"] = json!(NOW - 91), 500),
        ("max_age, within the leeway", "/auth/login?max_age=60", |c| c["auth_time"] = json!(NOW - 90), 307),
        ("max_age 0", "/auth/login?max_age=0", |c| c["auth_time"] = json!(NOW), 307),
        ("at_hash right", "/auth/login", |c| c["at_hash"] = json!(half_hash("at-1")), 307),
        ("at_hash of another token", "/auth/login", |c| c["at_hash"] = json!(half_hash("at-2")), 500),
        ("organization", "/auth/login?organization=org_1", |c| c["org_id"] = json!("org_1"), 307),
        ("another organization", "/auth/login?organization=org_1", |c| c["org_id"] = json!("org_2"), 500),
        ("organization missing", "/auth/login?organization=org_1", |_| (), 500),
        ("organization by name", "/auth/login?organization=Bank", |c| c["org_name"] = json!("bank"), 307),
        (
            "organization by name, its accent a letter of its own",
            "/auth/login?organization=Caf%C3%A9",
            |c| c["org_name"] = json!("CAFE\u{301}"),
            307,
        ),
        ("session over", "/auth/login", |c| c["session_expiry"] = json!(NOW + 30), 400),
        ("session in milliseconds", "/auth/login", |c| c["session_expiry"] = json!(NOW * 1000), 307),
        ("no sid", "/auth/login", |c| c["sid"] = Value::Null, 307),
    ];
    for (name, path, change, status) in rows {
        let got = with_claims(path, |claims| {
            change(claims);
            let gone: Vec<String> = claims
                .as_object()
                .unwrap()
                .iter()
                .filter(|(_, v)| v.is_null())
                .map(|(n, _)| n.clone())
                .collect();
            gone.iter().for_each(|claim| remove(claims, claim));
        })
        .await;
        assert_eq!(got, status, "{name}");
    }
}

fn half_hash(access_token: &str) -> String {
    stepup_seal::base64url::encode(&stepup_seal::digest::sha256(access_token.as_bytes())[..16])
}

#[tokio::test]
async fn the_signature_of_an_id_token_counts() {
    let hs256 = stepup_seal::jws::SigningKey::hmac(
        b"client-secret-1 of at least 32 bytes....",
        stepup_seal::jws::Algorithm::Hs256,
    )
    .unwrap();
    let stranger = stepup_seal::jws::SigningKey::generate_p256().unwrap();
    for (name, status) in
        [("good", 307), ("broken", 500), ("stranger", 500), ("HS256", 500), ("none", 500), ("absent", 500)]
    {
        let mut login = Login::begin("/auth/login", |client| client).await;
        let claims = login.claims();
        let mut tokens = login.tokens(&claims);
        let good = tokens["id_token"].as_str().unwrap().to_owned();
        tokens["id_token"] = match name {
            "good" => json!(good),
            "broken" => json!(format!("{}AAAA", &good[..good.len() - 4])),
            "stranger" => json!(stranger.sign("JWT", Some("k1"), &claims).unwrap()),
            "HS256" => json!(hs256.sign("JWT", Some("k1"), &claims).unwrap()),
            "none" => {
                let encode = |value: &Value| stepup_seal::base64url::encode(value.to_string());
                json!(format!("{}.{}.", encode(&json!({ "alg": "none" })), encode(&claims)))
            }
            _ => Value::Null,
        };
        let response = login.call_back(Answer::Json(200, tokens)).await;
        assert_eq!(response.status().as_u16(), status, "{name}");
        assert_eq!(login.jar.names().contains(&"__session"), status == 307, "{name}");
    }
}

#[tokio::test]
async fn what_ends_a_login_is_told_apart() {
    let rows: [(&str, &str, Option<Answer>, u16, &str); 11] = [
        (
            "refused by the user",
            "error=access_denied&error_description=no",
            None,
            400,
            "An error occurred during the authorization flow.",
        ),
        (
            "an error of another issuer",
            "error=access_denied&iss=https://other.example/",
            None,
            400,
            "the callback is malformed: it is the answer of another issuer",
        ),
        ("no code", "", None, 400, "the callback is malformed: there is no `code`"),
        (
            "code twice",
            "code=a&code=b",
            None,
            400,
            "the callback is malformed: a parameter came more than once",
        ),
        (
            "tokens in the query",
            "code=a&id_token=t",
            None,
            400,
            "the callback is malformed: it carries tokens, which were not asked for",
        ),
        (
            "code refused",
            "code=a",
            Some(Answer::Json(403, json!({ "error": "invalid_grant", "error_description": "x" }))),
            400,
            "An error occurred while trying to exchange the authorization code.",
        ),
        (
            "500 with JSON",
            "code=a",
            Some(Answer::Json(500, json!({ "error": "server_error" }))),
            500,
            "An error occurred while trying to exchange the authorization code.",
        ),
        (
            "502 in HTML",
            "code=a",
            Some(Answer::Text(502, "<html>".to_owned())),
            500,
            "An error occurred while trying to exchange the authorization code.",
        ),
        (
            "200 in HTML",
            "code=a",
            Some(Answer::Text(200, "<html>".to_owned())),
            500,
            "An error occurred while trying to exchange the authorization code.",
        ),
        (
            "unreachable",
            "code=a",
            Some(Answer::Unreachable),
            500,
            "An error occurred while trying to exchange the authorization code.",
        ),
        (
            "too large",
            "code=a",
            Some(Answer::Text(200, "x".repeat((1 << 20) + 1))),
            500,
            "An error occurred while trying to exchange the authorization code.",
        ),
    ];
    for (name, query, answer, status, text) in rows {
        let mut login = Login::begin("/auth/login", |client| client).await;
        if let Some(answer) = answer {
            login.script.answer(answer);
        }
        let response = login.call_back_with(query).await;
        assert_eq!(response.status().as_u16(), status, "{name}");
        assert_eq!(response.body(), text, "{name}");
        assert_eq!(
            login.jar.names(),
            Vec::<&str>::new(),
            "{name}: the login is over, and there is no session"
        );
    }
}

#[tokio::test]
async fn one_shared_transaction_cookie() {
    let mut login = Login::begin("/auth/login", |client| client.enable_parallel_transactions(false)).await;
    assert_eq!(login.jar.names(), ["__txn_"]);
    let tokens = login.tokens(&login.claims());
    assert_eq!(login.call_back(Answer::Json(200, tokens)).await.status(), 307);
    assert_eq!(login.jar.names(), ["__session"]);
}

#[tokio::test]
async fn two_logins_in_two_tabs_do_not_disturb_each_other() {
    let mut first = Login::begin("/auth/login?returnTo=/first", |client| client).await;
    let second = handle(&first.client, get("/auth/login?returnTo=/second", &first.jar.line())).await;
    first.jar.take(second.headers());
    assert_eq!(first.jar.names().len(), 2);
    let tokens = first.tokens(&first.claims());
    let response = first.call_back(Answer::Json(200, tokens)).await;
    assert_eq!(response.headers()["location"], "https://app.example.com/first");
    assert_eq!(first.jar.names().len(), 2, "the session, and the other login");
}

#[tokio::test]
async fn documents_are_fetched_once_and_served_while_they_cannot_be_renewed() {
    let script = Script::new();
    let clock = Hands::at(NOW);
    let client = builder(&script, &clock).secret(SECRET).build().unwrap();
    let begin = || async { handle(&client, get("/auth/login", "")).await.status().as_u16() };

    script.documents(0);
    assert_eq!((begin().await, begin().await), (500, 500), "failures are not kept");
    assert_eq!(script.fetches("openid-configuration"), 2);

    script.documents(i64::MAX);
    let all = futures_util::future::join_all((0..50).map(|_| begin())).await;
    assert!(all.iter().all(|status| *status == 307));
    assert_eq!(script.fetches("openid-configuration"), 3, "one in flight for all");

    clock.set(NOW + 599);
    begin().await;
    assert_eq!(script.fetches("openid-configuration"), 3);
    clock.set(NOW + 600);
    script.documents(0);
    assert_eq!(begin().await, 307, "the old document serves on");
    assert_eq!(begin().await, 307);
    assert_eq!(script.fetches("openid-configuration"), 4, "and is not asked for again at once");
    clock.set(NOW + 631);
    script.documents(i64::MAX);
    begin().await;
    assert_eq!(script.fetches("openid-configuration"), 5);

    clock.set(NOW);
    script.documents(0);
    assert_eq!((begin().await, begin().await), (307, 307));
    assert_eq!(script.fetches("openid-configuration"), 6, "a copy of a time to come is old");
    clock.set(NOW + 30);
    script.documents(i64::MAX);
    begin().await;
    clock.set(NOW);
    begin().await;
    assert_eq!(script.fetches("openid-configuration"), 7, "and that of a clock that differs is not");

    let other = Script::new();
    other.discovery(|document| document["issuer"] = json!("https://tenant.example.auth0.com"));
    let client = builder(&other, &clock).secret(SECRET).build().unwrap();
    assert_eq!(handle(&client, get("/auth/login", "")).await.status(), 500, "the issuer is compared exactly");
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_once_in_a_while() {
    let mut login = Login::begin("/auth/login", |client| client).await;
    let stranger = stepup_seal::jws::SigningKey::generate_p256().unwrap();
    let mut tokens = login.tokens(&login.claims());
    tokens["id_token"] = json!(stranger.sign("JWT", Some("k2"), &login.claims()).unwrap());
    let transaction = login.jar.clone();
    for _ in 0..5 {
        login.jar = transaction.clone();
        assert_eq!(login.call_back(Answer::Json(200, tokens.clone())).await.status(), 500);
    }
    assert_eq!(login.script.fetches("jwks.json"), 1, "the set is younger than the cooldown");
}

#[tokio::test]
async fn the_application_may_answer_a_callback_itself() {
    let greet = |client: ClientBuilder| {
        client.on_callback(|CallbackOutcome { result, return_to, .. }| {
            Box::pin(async move {
                match result {
                    Ok(session) => {
                        session.set_data("greeted", json!(return_to.path()));
                        None
                    }
                    Err(error) => {
                        let body = Bytes::from(error.code());
                        Response::builder().status(error.status()).body(body).ok()
                    }
                }
            })
        })
    };
    let mut login = Login::begin("/auth/login?returnTo=/hall", greet).await;
    let tokens = login.tokens(&login.claims());
    let response = login.call_back(Answer::Json(200, tokens)).await;
    assert_eq!(response.headers()["location"], "https://app.example.com/hall");
    let line = login.jar.line();
    let session = login.opened(Purpose::Session, line.strip_prefix("__session=").unwrap());
    assert_eq!(session["greeted"], "/hall");

    let again = login.call_back_with("code=code-1").await;
    assert_eq!((again.status().as_u16(), &again.body()[..]), (400, &b"invalid_state"[..]));
}

#[tokio::test]
async fn a_tenant_that_is_down_keeps_nobody_waiting_in_line() {
    let script = Script::new();
    script.documents(0);
    let client = builder(&script, &Hands::at(NOW)).secret(SECRET).build().unwrap();
    let gate = script.documents_gate().write().await;
    let all: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { handle(&client, get("/auth/login", "")).await.status().as_u16() })
        })
        .collect();
    while script.fetches("openid-configuration") == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    drop(gate);
    for status in futures_util::future::join_all(all).await {
        assert_eq!(status.unwrap(), 500);
    }
    assert_eq!(script.fetches("openid-configuration"), 1, "one failure for all who waited");
}
