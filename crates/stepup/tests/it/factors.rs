//! Every factor, from enrolment to challenge, through the server's calls and through the routes; and how many wrong codes it
//! takes. Push has a file of its own.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use stepup::{
    WireError,
    mfa::{Challenge, Enroll, FactorType, OobChannel, Verify, VerifyError},
};
use stepup_tenant::{Fault, Tenant, model::Channel};

use crate::{
    house::{Enrolled, House, transfer},
    support::{Jar, handle, json_of},
};

const PHONE: &str = "+12025550123";
const ADDRESS: &str = "ada@example.com";

/// A factor that sends a code.
struct Sent {
    channel: Channel,
    enroll: fn() -> Enroll,
    /// How the routes name the channel, and the member in which they are told where the code goes.
    wire: &'static str,
    contact: &'static str,
    to: &'static str,
    factor: FactorType,
    /// How the id of its authenticator begins.
    prefix: &'static str,
}

const SMS: Sent = Sent {
    channel: Channel::Sms,
    enroll: || Enroll::sms(PHONE),
    wire: "sms",
    contact: "phone_number",
    to: PHONE,
    factor: FactorType::Phone,
    prefix: "sms|",
};
const VOICE: Sent = Sent {
    channel: Channel::Voice,
    enroll: || Enroll::voice(PHONE),
    wire: "voice",
    contact: "phone_number",
    to: PHONE,
    factor: FactorType::Phone,
    prefix: "voice|",
};
const EMAIL: Sent = Sent {
    channel: Channel::Email,
    enroll: || Enroll::email(Some(ADDRESS.to_owned())),
    wire: "email",
    contact: "email",
    to: ADDRESS,
    factor: FactorType::Email,
    prefix: "email|",
};
const SENT: [Sent; 3] = [SMS, VOICE, EMAIL];

/// A tenant that leaves the choice of a factor to the user: an Action that names factors to enrol cannot name e-mail. And a
/// user whose address is not verified, for a verified one is there without being enrolled.
async fn any_factor() -> House {
    let tenant = Tenant::builder().config_yaml(ANY_FACTOR).users_json(UNVERIFIED);
    House::with(tenant.start().await.unwrap())
}

const UNVERIFIED: &str = r#"[
  {"email":"ada@example.com","email_verified":false,"password":"correct horse battery staple"}
]"#;

const ANY_FACTOR: &str = r#"
clients:
  - name: webapp
    client_id: stepup-webapp
    client_secret: stepup-webapp-secret
    app_type: regular_web
    grant_types:
      - authorization_code
      - refresh_token
      - http://auth0.com/oauth/grant-type/mfa-oob
    callbacks: ["http://localhost:3000/auth/callback"]
    refresh_token:
      rotation_type: rotating
      policies:
        - audience: https://api.example.com
          scope: [transfer:funds]
resourceServers:
  - identifier: https://api.example.com
    allow_offline_access: true
    skip_consent_for_verifiable_first_party_clients: true
    scopes: [{ value: transfer:funds }]
databases:
  - name: Username-Password-Authentication
guardianPhoneFactorMessageTypes: { message_types: [sms, voice] }
guardianFactors:
  - { name: sms, enabled: true }
  - { name: email, enabled: true }
actions:
  - name: any
    code: |
      exports.onExecutePostLogin = async (event, api) => {
        if (event.resource_server?.identifier === "https://api.example.com") api.multifactor.enable("any");
      };
    supported_triggers: [{ id: post-login, version: v3 }]
triggers:
  post-login:
    - { action_name: any, display_name: any }
"#;

/// The code of the one message that went out since there were `before`.
async fn code(house: &House, sent: &Sent, before: usize) -> String {
    let mut messages = house.tenant.messages().await.unwrap();
    assert_eq!(messages.len(), before + 1, "one message went out");
    let newest = messages.swap_remove(0);
    assert_eq!((newest.channel, &*newest.to), (sent.channel, sent.to));
    newest.code.unwrap()
}

/// How many messages there are.
async fn messages(house: &House) -> usize {
    house.tenant.messages().await.unwrap().len()
}

/// Ada enrols that factor: she has nothing, and then the API's token.
async fn enroll(house: &House, sent: &Sent) {
    let (mut state, token) = house.step_up().await;
    let mfa = house.client.mfa();
    assert_eq!(mfa.authenticators(&token).await.unwrap(), [], "{}", sent.wire);
    let before = messages(house).await;
    let begun = mfa.enroll(&token, &(sent.enroll)()).await.unwrap();
    assert_eq!(begun.oob_channel.map(OobChannel::as_str), Some(sent.wire));
    assert_eq!(begun.binding_method.as_deref(), Some("prompt"), "{}", sent.wire);
    let code = code(house, sent, before).await;
    let proof = Verify::oob(begun.oob_code.unwrap()).binding_code(code);
    mfa.verify(&mut state, &token, proof).await.unwrap();
    house.token(&mut state, &transfer()).await;
}

/// Ada is challenged by that factor: a wrong code is none, and the right one brings the API's token.
async fn answer(house: &House, sent: &Sent) {
    let (mut state, token) = house.step_up().await;
    let mfa = house.client.mfa();
    let listed = mfa.authenticators(&token).await.unwrap();
    let mine = |one: &&stepup::mfa::Authenticator| {
        one.active && one.id.starts_with(sent.prefix) && one.factor() == Some(sent.factor)
    };
    let mine = listed.iter().find(mine).unwrap_or_else(|| panic!("{}: {listed:?}", sent.wire));
    let before = messages(house).await;
    let asked = mfa.challenge(&token, &Challenge::oob().authenticator(&mine.id)).await.unwrap();
    assert_eq!(asked.binding_method.as_deref(), Some("prompt"), "{}", sent.wire);
    let (oob_code, code) = (asked.oob_code.unwrap(), code(house, sent, before).await);
    let wrong = if code == "000000" { "111111" } else { "000000" };
    let refused = mfa.verify(&mut state, &token, Verify::oob(&oob_code).binding_code(wrong)).await;
    assert!(matches!(refused, Err(VerifyError::WrongCode(_))), "{}: {refused:?}", sent.wire);
    mfa.verify(&mut state, &token, Verify::oob(&oob_code).binding_code(code)).await.unwrap();
    house.token(&mut state, &transfer()).await;
}

#[tokio::test]
async fn a_code_that_is_sent_enrols_and_answers_a_challenge() {
    for sent in SENT {
        let house = any_factor().await;
        enroll(&house, &sent).await;
        answer(&house, &sent).await;
    }
}

#[tokio::test]
async fn a_verified_address_answers_a_challenge_and_was_never_enrolled() {
    let house = House::open().await;
    house.enroll_app().await;
    answer(&house, &EMAIL).await;
    Browser::log_in(&house).await.answer(&EMAIL).await;
}

/// Ada's browser on the application, at the routes.
struct Browser<'h> {
    house: &'h House,
    jar: Jar,
    token: String,
}

impl<'h> Browser<'h> {
    async fn log_in(house: &'h House) -> Self {
        let mut browser =
            Self { house, jar: Jar::of(&house.log_in_with_cookies().await), token: String::new() };
        let (status, due) = browser.ask_for_the_token().await;
        assert_eq!((status, &due["error"]), (StatusCode::FORBIDDEN, &json!("mfa_required")));
        browser.token = due["mfa_token"].as_str().unwrap().to_owned();
        browser
    }

    async fn ask_for_the_token(&mut self) -> (StatusCode, Value) {
        let path = "/auth/access-token?audience=https%3A%2F%2Fapi.example.com&scope=transfer%3Afunds";
        self.call(Method::GET, path, None).await
    }

    async fn post(&mut self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let answer = self.send(method, path, body).await;
        (answer.status(), json_of(&answer))
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Response<Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost:3000")
            .header(header::COOKIE, self.jar.line())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.map(|body| Bytes::from(body.to_string())).unwrap_or_default())
            .unwrap();
        let answer = handle(&self.house.client, request).await;
        self.jar.take(answer.headers());
        answer
    }

    /// Verifies, and has the token then.
    async fn verify(&mut self, proof: Value) -> Value {
        let (status, verified) = self.post("/auth/mfa/verify", proof).await;
        assert_eq!((status, &verified["success"]), (StatusCode::OK, &json!(true)), "{verified}");
        let (status, token) = self.ask_for_the_token().await;
        assert_eq!(status, StatusCode::OK, "{token}");
        verified
    }

    async fn enroll(&mut self, sent: &Sent) {
        let before = messages(self.house).await;
        let wanted = json!({
            "authenticator_types": ["oob"], "oob_channels": [sent.wire], sent.contact: sent.to,
        });
        let (status, begun) = self.post("/auth/mfa/associate", wanted).await;
        assert_eq!((status, &begun["oob_channel"]), (StatusCode::OK, &json!(sent.wire)), "{begun}");
        let code = code(self.house, sent, before).await;
        self.verify(json!({ "oob_code": begun["oob_code"], "binding_code": code })).await;
    }

    async fn answer(&mut self, sent: &Sent) {
        let (_, listed) = self.call(Method::GET, "/auth/mfa/authenticators", None).await;
        let mine = |one: &&Value| one["id"].as_str().unwrap().starts_with(sent.prefix);
        let id = listed.as_array().unwrap().iter().find(mine).unwrap()["id"].clone();
        let before = messages(self.house).await;
        let challenge = json!({ "mfa_token": self.token, "challenge_type": "oob", "authenticator_id": id });
        let (status, asked) = self.post("/auth/mfa/challenge", challenge).await;
        assert_eq!((status, &asked["binding_method"]), (StatusCode::OK, &json!("prompt")), "{asked}");
        let code = code(self.house, sent, before).await;
        self.verify(json!({ "oob_code": asked["oob_code"], "binding_code": code })).await;
    }
}

#[tokio::test]
async fn the_routes_do_the_same_for_a_code_that_is_sent() {
    for sent in SENT {
        let house = any_factor().await;
        Browser::log_in(&house).await.enroll(&sent).await;
        Browser::log_in(&house).await.answer(&sent).await;
    }
}

#[tokio::test]
async fn the_routes_do_an_app_and_a_recovery_code() {
    let house = House::open().await;
    let mut browser = Browser::log_in(&house).await;
    let (_, app) = browser.post("/auth/mfa/associate", json!({ "authenticator_types": ["otp"] })).await;
    let (secret, recovery_code) = (app["secret"].as_str().unwrap(), app["recovery_codes"][0].clone());
    browser.verify(json!({ "otp": house.tenant.totp(secret).unwrap() })).await;

    let mut browser = Browser::log_in(&house).await;
    let challenge = json!({ "mfa_token": browser.token, "challenge_type": "otp" });
    let (status, asked) = browser.post("/auth/mfa/challenge", challenge).await;
    assert_eq!((status, asked), (StatusCode::OK, json!({ "challenge_type": "otp" })));
    browser.verify(json!({ "otp": house.next_code(secret) })).await;
    let used = browser.post("/auth/mfa/verify", json!({ "otp": "123456" })).await;
    assert_eq!((used.0, &used.1["error"]), (StatusCode::FORBIDDEN, &json!("mfa_token_used")), "{used:?}");

    let mut browser = Browser::log_in(&house).await;
    let verified = browser.verify(json!({ "recovery_code": recovery_code })).await;
    assert!(verified["recovery_code"].as_str().is_some_and(|new| recovery_code != new), "{verified}");
}

#[tokio::test]
async fn a_factor_that_was_not_asked_for_is_refused_in_the_tenants_words() {
    let house = House::open().await;
    let (_, token) = house.step_up().await;
    let refused = house.client.mfa().enroll(&token, &Enroll::email(None)).await.unwrap_err();
    assert_eq!((refused.status(), &*refused.code()), (StatusCode::FORBIDDEN, "access_denied"));
}

#[tokio::test]
async fn too_many_wrong_codes_are_told_apart_from_a_wrong_one() {
    let house = House::whose_clock_stands().await;
    let Enrolled { secret, .. } = house.enroll_app().await;
    let (mut state, token) = house.step_up().await;
    let mfa = house.client.mfa();
    let listed = mfa.authenticators(&token).await.unwrap();
    let email = listed.iter().find(|one| one.factor() == Some(FactorType::Email)).unwrap();
    let sent = mfa.challenge(&token, &Challenge::oob().authenticator(&email.id)).await.unwrap();
    let oob_code = sent.oob_code.unwrap();
    let wrong = |kind: &str| match kind {
        "otp" => Verify::otp("000000"),
        "email" => Verify::oob(&oob_code).binding_code("000000"),
        _ => Verify::recovery_code("AAAABBBBCCCCDDDDEEEEFFFF"),
    };
    for (kind, others) in [("recovery", false), ("otp", false), ("email", true)] {
        // The codes of apps and messages come out of one bucket.
        let attempts = if others { 0 } else { 10 };
        for attempt in 0..attempts {
            let refused = mfa.verify(&mut state, &token, wrong(kind)).await.unwrap_err();
            assert!(matches!(refused, VerifyError::WrongCode(_)), "{kind} {attempt}: {refused:?}");
        }
        let locked = mfa.verify(&mut state, &token, wrong(kind)).await.unwrap_err();
        assert!(matches!(locked, VerifyError::LockedOut(_)), "{kind}: {locked:?}");
        assert_eq!((locked.status(), &*locked.code()), (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"));
        assert_eq!(locked.retry_after(), Some(Duration::from_secs(360)), "{kind}");
    }
    let right = Verify::otp(house.next_code(&secret));
    let locked = mfa.verify(&mut state, &token, right).await.unwrap_err();
    assert!(matches!(locked, VerifyError::LockedOut(_)), "the right code too: {locked:?}");
    assert_eq!(locked.retry_after(), Some(Duration::from_secs(330)));
    house.tenant.clock().advance(Duration::from_secs(330));
    let (mut state, token) = house.step_up().await;
    mfa.verify(&mut state, &token, Verify::otp(house.next_code(&secret))).await.unwrap();
}

#[tokio::test]
async fn whoever_is_to_wait_hears_how_long_from_every_call() {
    let house = House::open().await;
    house.enroll_app().await;
    let (mut state, token) = house.step_up().await;
    let mfa = house.client.mfa();
    let busy = |method: &str, path: &str, retry_after| {
        let body =
            json!({ "error": "too_many_requests", "error_description": "Global limit has been reached" });
        let fault = Fault { status: Some(429), body: Some(body), retry_after, ..Fault::on(method, path) };
        house.tenant.fail_next(fault);
    };
    let told = |error: &dyn WireError| (error.status(), error.retry_after());
    let expected = (StatusCode::TOO_MANY_REQUESTS, Some(Duration::from_secs(7)));
    busy("GET", "/mfa/authenticators", Some(7));
    assert_eq!(told(&mfa.authenticators(&token).await.unwrap_err()), expected);
    busy("POST", "/mfa/associate", Some(7));
    assert_eq!(told(&mfa.enroll(&token, &Enroll::otp()).await.unwrap_err()), expected);
    busy("POST", "/mfa/challenge", Some(7));
    assert_eq!(told(&mfa.challenge(&token, &Challenge::otp()).await.unwrap_err()), expected);
    busy("POST", "/oauth/token", Some(7));
    assert_eq!(told(&mfa.verify(&mut state, &token, Verify::otp("123456")).await.unwrap_err()), expected);
    busy("POST", "/oauth/token", None);
    let unsaid = mfa.verify(&mut state, &token, Verify::otp("123456")).await.unwrap_err();
    assert_eq!(told(&unsaid), (StatusCode::TOO_MANY_REQUESTS, None));

    let mut browser = Browser::log_in(&house).await;
    busy("POST", "/oauth/token", Some(7));
    let answer = browser.send(Method::POST, "/auth/mfa/verify", Some(json!({ "otp": "123456" }))).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()[header::RETRY_AFTER], "7");
    assert_eq!(json_of(&answer)["error"], "too_many_requests");
}
