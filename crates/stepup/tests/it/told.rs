//! What is told to the outside, over the whole flow and every factor: the funnel in numbers, an audit event a thing,
//! and no secret in any of it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, header};
use serde_json::Value;
use stepup::{
    AccessTokenRequest, HttpClient, HttpError, ReqwestClient, SessionState,
    mfa::{Challenge, Enroll, MfaToken, Verify},
};
use stepup_tenant::{Fault, Tenant, devices::Decision, model::Channel};

use crate::{
    captured::Captured,
    house::{House, transfer},
    support::{SECRET, get, handle},
};

/// The way to the tenant; keeps every secret that goes over it.
#[derive(Clone, Debug)]
struct Overheard {
    inner: ReqwestClient,
    secrets: Arc<Mutex<BTreeSet<String>>>,
}

/// The members of bodies that nobody else may see.
const SECRET_MEMBERS: [&str; 15] = [
    "access_token",
    "barcode_uri",
    "binding_code",
    "client_secret",
    "code",
    "code_verifier",
    "id_token",
    "mfa_token",
    "oob_code",
    "otp",
    "phone_number",
    "recovery_code",
    "recovery_codes",
    "refresh_token",
    "secret",
];

impl Overheard {
    fn new() -> Self {
        Self { inner: ReqwestClient::new().unwrap(), secrets: Arc::default() }
    }

    fn keep(&self, secret: impl Into<String>) {
        self.secrets.lock().unwrap().insert(secret.into());
    }

    fn body(&self, body: &[u8]) {
        if let Ok(json) = serde_json::from_slice::<Value>(body) {
            return self.json(&json);
        }
        for (name, value) in form_urlencoded::parse(body) {
            if SECRET_MEMBERS.contains(&&*name) {
                self.keep(value);
            }
        }
    }

    fn json(&self, json: &Value) {
        let Value::Object(members) = json else { return };
        for (name, value) in members.iter().filter(|(name, _)| SECRET_MEMBERS.contains(&name.as_str())) {
            match value {
                Value::String(text) => self.keep(text),
                Value::Array(list) => list.iter().filter_map(Value::as_str).for_each(|text| self.keep(text)),
                other => panic!("{name}: {other}"),
            }
        }
    }
}

impl HttpClient for Overheard {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        Box::pin(async move {
            if let Some(bearer) = request.headers().get(header::AUTHORIZATION) {
                self.keep(bearer.to_str().unwrap().trim_start_matches("Bearer "));
            }
            self.body(request.body());
            let response = self.inner.send(request).await?;
            self.body(response.body());
            Ok(response)
        })
    }
}

struct Flow {
    house: House,
    wire: Overheard,
}

impl Flow {
    async fn begin() -> Self {
        let wire = Overheard::new();
        let tenant = Tenant::builder().start().await.unwrap();
        let house = House::built(tenant, |client| client.http_client(wire.clone()));
        wire.keep(SECRET);
        Self { house, wire }
    }

    /// Logs Ada in. The cookies of her session are secrets, and so is the token of the step-up that is due.
    async fn due(&self) -> (SessionState, MfaToken) {
        let line = self.house.log_in_with_cookies().await;
        line.split("; ").for_each(|cookie| self.wire.keep(cookie.split_once('=').unwrap().1));
        let mut state = self.house.open_session(&line);
        let token = self.house.due(&mut state).await.mfa_token.unwrap();
        self.wire.keep(token.as_str());
        (state, token)
    }

    async fn sent(&self, channel: Channel) -> String {
        let messages = self.house.tenant.messages().await.unwrap();
        messages.into_iter().find(|message| message.channel == channel).unwrap().code.unwrap()
    }

    /// Enrols by `enroll`, and steps up with what came by `channel`.
    async fn enrol_and_challenge(&self, enroll: Enroll, channel: Channel) {
        let mfa = self.house.client.mfa();
        let (mut state, token) = self.due().await;
        let begun = mfa.enroll(&token, &enroll).await.unwrap();
        let proof = Verify::oob(begun.oob_code.unwrap()).binding_code(self.sent(channel).await);
        mfa.verify(&mut state, &token, proof).await.unwrap();

        self.house.tenant.clock().advance(Duration::from_secs(60));
        let (mut state, token) = self.due().await;
        let listed = mfa.authenticators(&token).await.unwrap();
        let held = listed.iter().find(|it| it.active && it.id.starts_with(channel.as_str())).unwrap();
        let challenge = Challenge::oob().authenticator(&held.id);
        let begun = mfa.challenge(&token, &challenge).await.unwrap().oob_code.unwrap();
        let wrong = Verify::oob(&begun).binding_code("nonsense");
        mfa.verify(&mut state, &token, wrong).await.unwrap_err();
        let proof = Verify::oob(begun).binding_code(self.sent(channel).await);
        mfa.verify(&mut state, &token, proof).await.unwrap();
        self.house.token(&mut state, &transfer()).await;
    }

    /// Nothing that was said holds anything that was secret.
    fn assert_silent(&self, captured: &Captured) {
        let text = captured.text();
        assert!(text.len() > 1000, "{text}");
        let secrets = self.wire.secrets.lock().unwrap();
        assert!(secrets.len() > 8, "{}", secrets.len());
        for secret in secrets.iter().filter(|secret| secret.len() > 3) {
            // A code's digits may stand within a longer number by chance.
            let is_part = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
            let found = text.match_indices(secret.as_str()).find(|(at, _)| {
                let before = at.checked_sub(1).map(|before| text.as_bytes()[before]);
                let after = text.as_bytes().get(at + secret.len()).copied();
                secret.len() > 16 || !(is_part(before) || is_part(after))
            });
            assert!(found.is_none(), "{secret} is told: {found:?}");
        }
    }
}

#[tokio::test]
async fn the_funnel_of_an_app_and_a_recovery_code() {
    let (captured, _guards) = Captured::begin();
    let flow = Flow::begin().await;
    let (house, mfa) = (&flow.house, flow.house.client.mfa());
    let (mut state, token) = flow.due().await;
    assert_eq!(captured.count("stepup_logins_total{outcome=\"success\"}"), 1);
    assert_eq!(captured.count("stepup_mfa_required_total"), 1);
    assert_eq!(captured.count("stepup_refreshes_total{outcome=\"mfa_required\"}"), 1);

    let app = mfa.enroll(&token, &Enroll::otp()).await.unwrap();
    let secret = app.secret.unwrap();
    mfa.verify(&mut state, &token, Verify::otp("12 34 56 7")).await.unwrap_err();
    let code = house.tenant.totp(&secret).unwrap();
    mfa.verify(&mut state, &token, Verify::otp(code)).await.unwrap();
    house.token(&mut state, &AccessTokenRequest::new().refresh(true)).await;

    let (mut state, token) = flow.due().await;
    let recovery_code = app.recovery_codes.unwrap().remove(0);
    mfa.verify(&mut state, &token, Verify::recovery_code(recovery_code)).await.unwrap();

    for (series, count) in [
        ("stepup_logins_total{outcome=\"success\"}", 2),
        ("stepup_mfa_required_total", 2),
        ("stepup_mfa_enrolled_total{factor=\"otp\"}", 1),
        ("stepup_mfa_failed_total{factor=\"otp\",operation=\"verify\",reason=\"invalid_grant\"}", 1),
        ("stepup_mfa_verified_total{factor=\"otp\"}", 1),
        ("stepup_mfa_verified_total{factor=\"recovery-code\"}", 1),
        ("stepup_refreshes_total{outcome=\"mfa_required\"}", 2),
        ("stepup_refreshes_total{outcome=\"success\"}", 1),
    ] {
        assert_eq!(captured.count(series), count, "{series}: {:?}", captured.series());
    }
    let failed = captured.audit("mfa_failed");
    assert_eq!(failed.len(), 1);
    let fields = ["event.outcome", "stepup.mfa.factor", "error.type"].map(|name| failed[0].field(name));
    assert_eq!(fields, [Some("failure"), Some("otp"), Some("invalid_grant")]);
    assert!(failed[0].field("user.id").unwrap().starts_with("auth0|"));
    assert_eq!(captured.audit("login").len(), 2);
    assert_eq!(captured.audit("mfa_required").len(), 2);
    assert_eq!(captured.audit("mfa_enrolled").len(), 1);
    assert_eq!(captured.audit("mfa_verified").len(), 2);

    let spans: BTreeSet<String> = captured.lines().into_iter().map(|line| line.name).collect();
    for name in [
        "stepup.route",
        "stepup.login.start",
        "stepup.login.callback",
        "stepup.refresh",
        "stepup.mfa",
        "stepup.provider",
    ] {
        assert!(spans.contains(name), "{name}: {spans:?}");
    }
    let durations = "stepup_provider_request_duration_seconds{endpoint=\"token endpoint\",outcome=\"200\"}";
    assert!(captured.series().iter().any(|series| series == durations), "{:?}", captured.series());
    flow.assert_silent(&captured);
}

#[tokio::test]
async fn the_funnel_of_messages() {
    let (captured, _guards) = Captured::begin();
    let flow = Flow::begin().await;
    flow.enrol_and_challenge(Enroll::sms("+12025550123"), Channel::Sms).await;
    for (series, count) in [
        ("stepup_mfa_enrolled_total{factor=\"sms\"}", 1),
        ("stepup_mfa_challenged_total{factor=\"sms\"}", 1),
        ("stepup_mfa_failed_total{factor=\"sms\",operation=\"verify\",reason=\"invalid_grant\"}", 1),
        ("stepup_mfa_verified_total{factor=\"sms\"}", 2),
    ] {
        assert_eq!(captured.count(series), count, "{series}: {:?}", captured.series());
    }
    flow.assert_silent(&captured);
}

#[tokio::test]
async fn the_funnel_of_a_call_and_of_e_mail() {
    let (captured, _guards) = Captured::begin();
    let flow = Flow::begin().await;
    let mfa = flow.house.client.mfa();
    let (mut state, token) = flow.due().await;
    let begun = mfa.enroll(&token, &Enroll::voice("+12025550123")).await.unwrap();
    let proof = Verify::oob(begun.oob_code.unwrap()).binding_code(flow.sent(Channel::Voice).await);
    mfa.verify(&mut state, &token, proof).await.unwrap();

    // The user's own address is there without being enrolled.
    flow.house.tenant.clock().advance(Duration::from_secs(60));
    let (mut state, token) = flow.due().await;
    let listed = mfa.authenticators(&token).await.unwrap();
    let address = listed.iter().find(|it| it.active && it.id.starts_with("email")).unwrap();
    let challenge = Challenge::oob().authenticator(&address.id);
    let begun = mfa.challenge(&token, &challenge).await.unwrap().oob_code.unwrap();
    let proof = Verify::oob(begun).binding_code(flow.sent(Channel::Email).await);
    mfa.verify(&mut state, &token, proof).await.unwrap();
    assert_eq!(captured.count("stepup_mfa_enrolled_total{factor=\"voice\"}"), 1);
    assert_eq!(captured.count("stepup_mfa_challenged_total{factor=\"email\"}"), 1);
    flow.assert_silent(&captured);
}

#[tokio::test]
async fn waiting_for_a_push_is_no_failure() {
    let (captured, _guards) = Captured::begin();
    let flow = Flow::begin().await;
    let (house, mfa) = (&flow.house, flow.house.client.mfa());
    let (mut state, token) = flow.due().await;
    let begun = mfa.enroll(&token, &Enroll::push()).await.unwrap();
    let proof = Verify::oob(begun.oob_code.unwrap());
    mfa.verify(&mut state, &token, proof.clone()).await.unwrap_err();
    house.tenant.scan(&begun.barcode_uri.unwrap()).await.unwrap();
    house.tenant.clock().advance(Duration::from_secs(10));
    mfa.verify(&mut state, &token, proof).await.unwrap();

    house.tenant.clock().advance(Duration::from_secs(60));
    let (mut state, token) = flow.due().await;
    let listed = mfa.authenticators(&token).await.unwrap();
    let phone = listed.iter().find(|it| it.active && it.id.starts_with("push")).unwrap();
    let challenge = Challenge::oob().authenticator(&phone.id);
    let proof = Verify::oob(mfa.challenge(&token, &challenge).await.unwrap().oob_code.unwrap());
    mfa.verify(&mut state, &token, proof.clone()).await.unwrap_err();
    let asked = house.tenant.push_requests().await.unwrap().remove(0);
    house.tenant.answer_push(&asked.id, Decision::Approve).await.unwrap();
    house.tenant.clock().advance(Duration::from_secs(10));
    mfa.verify(&mut state, &token, proof).await.unwrap();

    assert_eq!(captured.count("stepup_mfa_enrolled_total{factor=\"push\"}"), 1);
    assert_eq!(captured.count("stepup_mfa_challenged_total{factor=\"push\"}"), 1);
    assert_eq!(captured.count("stepup_mfa_verified_total{factor=\"push\"}"), 2);
    assert!(captured.audit("mfa_failed").is_empty(), "{:?}", captured.audit("mfa_failed"));
    flow.assert_silent(&captured);
}

#[tokio::test]
async fn what_is_given_up_refused_or_ended_is_told() {
    let (captured, _guards) = Captured::begin();
    let flow = Flow::begin().await;
    let client = &flow.house.client;
    let (mut state, token) = flow.due().await;

    flow.house.tenant.clock().advance(Duration::from_secs(601));
    for _ in 0..3 {
        client.mfa().of(state.session()).authenticators(&token).await.unwrap_err();
    }
    assert_eq!(captured.count("stepup_mfa_abandoned_total{reason=\"expired\"}"), 1);
    assert_eq!(captured.audit("mfa_abandoned").len(), 1);

    let tampered = MfaToken::from(token.as_str().replacen('.', "..", 1));
    client.mfa().authenticators(&tampered).await.unwrap_err();
    assert_eq!(captured.audit("mfa_token_refused")[0].field("error.type"), Some("mfa_token_invalid"));

    let (mut other, token) = flow.due().await;
    let begun = client.mfa().enroll(&token, &Enroll::otp()).await.unwrap();
    let proof = Verify::otp(flow.house.next_code(&begun.secret.unwrap()));
    client.mfa().verify(&mut other, &token, proof.clone()).await.unwrap();
    client.mfa().verify(&mut other, &token, proof).await.unwrap_err();
    assert_eq!(captured.audit("mfa_failed")[0].field("error.type"), Some("mfa_token_used"));
    flow.house.tenant.clock().advance(Duration::from_secs(601));
    client.mfa().authenticators(&token).await.unwrap_err();
    assert_eq!(captured.audit("mfa_abandoned").len(), 1, "that one was completed");

    let revoked = Fault {
        status: Some(403),
        body: Some(
            r#"{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}"#.into(),
        ),
        ..Fault::on("POST", "/oauth/token")
    };
    flow.house.tenant.fail_next(revoked);
    let anew = AccessTokenRequest::new().refresh(true);
    client.access_token(other.session_mut().unwrap(), &anew).await.unwrap_err();
    assert_eq!(captured.audit("refresh_refused")[0].field("error.type"), Some("invalid_grant"));
    let subject = state.session().unwrap().subject().to_owned();
    assert_eq!(captured.audit("refresh_refused")[0].field("user.id"), Some(&*subject));

    state.remove();
    state.remove();
    assert_eq!(captured.audit("logout").len(), 1, "once, whoever ends it twice");
    assert_eq!(captured.audit("logout")[0].field("user.id"), Some(&*subject));

    handle(client, get("/auth/profile", "__session=nonsense")).await;
    assert_eq!(captured.audit("session_refused")[0].field("error.type"), Some("unreadable"));
    handle(client, get("/auth/profile", "theme=dark")).await;
    assert_eq!(captured.audit("session_refused").len(), 1, "nothing came, nothing is refused");

    let foreign = Request::post("/auth/mfa/verify")
        .header(header::HOST, "localhost:3000")
        .header(header::ORIGIN, "https://evil.example")
        .body(Bytes::from_static(b"{}"));
    assert_eq!(handle(client, foreign.unwrap()).await.status(), 403);
    assert_eq!(captured.audit("cross_origin_refused").len(), 1);

    handle(client, get("/auth/callback?code=c&state=unknown", "")).await;
    assert_eq!(captured.count("stepup_logins_total{outcome=\"invalid_state\"}"), 1);
    assert_eq!(captured.audit("login").last().unwrap().field("event.outcome"), Some("failure"));
    flow.assert_silent(&captured);
}
