//! Pushed authorization requests.

use serde_json::json;

use super::{Prover, with_clients};
use crate::rig::{API, Browser, CALLBACK, CHALLENGE, Config, Rig, VERIFIER, WEBAPP, WEBAPP_SECRET};

const REQUEST: [(&str, &str); 7] = [
    ("response_type", "code"),
    ("redirect_uri", CALLBACK),
    ("scope", "openid profile"),
    ("state", "xyz"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
    ("audience", API),
];
const CREDENTIALS: [(&str, &str); 2] = [("client_id", WEBAPP), ("client_secret", WEBAPP_SECRET)];

async fn push(rig: &Rig) -> String {
    let answer = rig.form("/oauth/par", &[&CREDENTIALS[..], &REQUEST].concat()).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.text("request_uri")
}

fn authorize(client: &str, request_uri: &str) -> String {
    format!("/authorize?client_id={client}&request_uri={request_uri}")
}

#[tokio::test]
async fn a_pushed_request_is_used_once() {
    let rig = Rig::with(&Config::default()).await;
    let answer = rig.form("/oauth/par", &[&CREDENTIALS[..], &REQUEST].concat()).await;
    assert_eq!((answer.status, answer.header("content-type")), (201, "application/json; charset=utf-8"));
    assert_eq!(
        (answer.value()["expires_in"].as_u64(), answer.header("cache-control")),
        (Some(30), "no-store")
    );
    let request_uri = answer.text("request_uri");
    let (urn, random) = request_uri.rsplit_once(':').unwrap();
    assert_eq!((urn, random.len()), ("urn:ietf:params:oauth:request_uri", 64));

    let mut browser = Browser::new(&rig);
    // What comes along with the browser does not count.
    let other =
        format!("{}&scope=openid+email&state=other&response_type=code", authorize(WEBAPP, &request_uri));
    let page = browser.open(&other).await;
    let end = browser.log_in(&page).await;
    assert!(end.url.as_str().starts_with(CALLBACK));
    assert_eq!(end.parameter("state"), "xyz");
    let tokens = browser.exchange_code(&end).await;
    assert_eq!(tokens.text("scope"), "openid profile");
    assert_eq!(tokens.claims("access_token")["aud"][0], API);

    let again = browser.open(&authorize(WEBAPP, &request_uri)).await;
    assert_eq!(again.answer.status, 400);
    assert!(again.answer.body.contains("The request_uri is unknown, expired or was used before."));
    assert!(!rig.log().await.contains(&"fpar".to_owned()));
}

#[tokio::test]
async fn it_lives_for_half_a_minute_and_for_its_client() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    let request_uri = push(&rig).await;
    let another = browser.open(&authorize("bare", &request_uri)).await;
    assert_eq!(another.answer.status, 400, "another client's");
    let unknown = browser.open(&authorize(WEBAPP, "urn:ietf:params:oauth:request_uri:unknown")).await;
    assert_eq!(unknown.answer.status, 400);
    assert_eq!(
        browser.open(&authorize(WEBAPP, &request_uri)).await.url.path(),
        "/u/login",
        "and still there"
    );
    let request_uri = push(&rig).await;
    rig.advance(30);
    assert_eq!(browser.open(&authorize(WEBAPP, &request_uri)).await.answer.status, 400);

    let rig = Rig::with(&Config { stepup: "{ pushed_request_lifetime: 600 }", ..Config::default() }).await;
    let request_uri = push(&rig).await;
    rig.advance(599);
    assert_eq!(Browser::new(&rig).open(&authorize(WEBAPP, &request_uri)).await.url.path(), "/u/login");
}

#[tokio::test]
async fn json_and_basic_are_taken_too() {
    let rig = Rig::with(&Config::default()).await;
    let mut body: serde_json::Map<_, _> =
        REQUEST.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    body.insert("max_age".to_owned(), json!(60));
    let request = rig.http.post(rig.at("/oauth/par")).basic_auth(WEBAPP, Some(WEBAPP_SECRET));
    let request = request.header("content-type", "application/json").body(json!(body).to_string());
    let answer = rig.send(request).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let page = Browser::new(&rig).open(&authorize(WEBAPP, &answer.text("request_uri"))).await;
    assert_eq!(page.url.path(), "/u/login");
}

#[tokio::test]
async fn what_cannot_go_on_is_refused_at_once_and_logged() {
    let rig = Rig::with(&Config::default()).await;
    let refused = async |change: (&'static str, &'static str)| {
        let mut fields: Vec<_> = [&CREDENTIALS[..], &REQUEST].concat();
        fields.retain(|(name, _)| *name != change.0);
        fields.push(change);
        rig.form("/oauth/par", &fields).await.failure()
    };
    for (change, expected) in [
        (("request_uri", "urn:x"), "400 invalid_request: request_uri cannot be pushed"),
        (("redirect_uri", "https://evil.example/"), "400 invalid_request: Callback URL mismatch."),
        (("response_type", ""), "400 invalid_request: Missing required parameter: response_type"),
        (("response_type", "token"), "400 unsupported_response_type: Unsupported response type: token"),
        (("audience", "https://nowhere"), "400 access_denied: Service not found: https://nowhere"),
        (("request", "eyJ"), "400 request_not_supported: request is not supported"),
        (("dpop_jkt", "x"), "400 invalid_request: dpop_jkt is not the SHA-256 thumbprint of a key"),
        (("client_secret", "wrong"), "401 access_denied: Unauthorized"),
        (("client_id", "nobody"), "401 access_denied: Unauthorized"),
        (("client_id", ""), "400 invalid_request: Missing required parameter: client_id"),
    ] {
        assert_eq!(refused(change).await, expected);
    }
    let twice =
        rig.http.post(rig.at("/oauth/par")).header("content-type", "application/x-www-form-urlencoded");
    let twice = rig.send(twice.body("scope=a&scope=b")).await;
    assert_eq!(twice.failure(), "400 invalid_request: duplicated parameter: scope");
    assert_eq!(rig.log().await, vec!["fpar"; 11]);
}

#[tokio::test]
async fn where_it_is_required_nothing_else_is_taken() {
    let rig = with_clients(
        r#"  - name: pusher
    client_id: pusher
    app_type: native
    callbacks: [ "http://localhost:3000/callback" ]
    require_pushed_authorization_requests: true"#,
    )
    .await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("client_id", "pusher")]).await;
    assert_eq!(page.failure(), "invalid_request: This client has to push its authorization requests");
    assert_eq!(browser.authorize(&[]).await.url.path(), "/u/login", "another client need not");
    let answer = rig.form("/oauth/par", &[&[("client_id", "pusher")], &REQUEST[..6]].concat()).await;
    assert_eq!(answer.status, 201, "a public client pushes too: {}", answer.body);
    let page = browser.open(&authorize("pusher", &answer.text("request_uri"))).await;
    let end = browser.log_in(&page).await;
    assert!(end.url.as_str().starts_with(CALLBACK), "the pages do not ask for it again");
}

#[tokio::test]
async fn a_tenant_may_require_it_or_have_none() {
    let yaml =
        |setting: &str| Config::default().yaml().replacen("tenant:\n", &format!("tenant:\n  {setting}\n"), 1);
    let start =
        async |setting: &str| Rig::built(stepup_tenant::Tenant::builder().config_yaml(&yaml(setting))).await;
    let discovery = async |rig: &Rig| rig.get("/.well-known/openid-configuration").await.value();
    let rig = start("require_pushed_authorization_requests: true").await;
    let document = discovery(&rig).await;
    assert_eq!(document["require_pushed_authorization_requests"], true);
    assert_eq!(document["pushed_authorization_request_endpoint"], rig.at("/oauth/par"));
    let page = Browser::new(&rig).authorize(&[]).await;
    assert_eq!(page.failure(), "invalid_request: This client has to push its authorization requests");

    let rig = start("pushed_authorization_requests_supported: false").await;
    assert!(discovery(&rig).await.get("pushed_authorization_request_endpoint").is_none());
    let answer = rig.form("/oauth/par", &[&CREDENTIALS[..], &REQUEST].concat()).await;
    assert_eq!(
        answer.failure(),
        "400 invalid_request: pushed authorization requests are switched off in this tenant"
    );
}

#[tokio::test]
async fn a_proof_that_comes_along_binds_the_code() {
    let rig = Rig::with(&Config::default()).await;
    let key = Prover::new();
    let push = async |fields: &[(&str, &str)]| {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([&CREDENTIALS[..], &REQUEST, fields].concat())
            .finish();
        let request = rig.http.post(rig.at("/oauth/par")).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        rig.send(request.header("dpop", key.proof(&rig, "/oauth/par", &json!({})))).await
    };
    let other = Prover::new().jkt();
    assert_eq!(
        push(&[("dpop_jkt", &other)]).await.failure(),
        "400 invalid_dpop_proof: the DPoP proof is by another key"
    );
    let request_uri = push(&[]).await.text("request_uri");
    let mut browser = Browser::new(&rig);
    let page = browser.open(&authorize(WEBAPP, &request_uri)).await;
    let end = browser.log_in(&page).await;
    assert_eq!(
        browser.exchange_code(&end).await.failure(),
        "400 invalid_dpop_proof: a DPoP proof is needed",
        "{VERIFIER}"
    );
}
