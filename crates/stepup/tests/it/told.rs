//! What is told to the outside, over the whole flow and every factor: the funnel in numbers, an audit event a thing,
//! and no secret in any of it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Request, Response, header};
use serde_json::{Value, json};
use stepup::{
    AccessTokenError, AccessTokenRequest, HttpClient, HttpError, ReqwestClient, SessionState,
    mfa::{Challenge, Enroll, MfaToken, Verify, VerifyError},
    pages::PageOptions,
};
use stepup_tenant::{Fault, Tenant, devices::Decision, model::Channel};
use tracing::Level;
use url::Url;

use crate::{
    captured::Captured,
    client_proof,
    house::{House, transfer},
    step_up::{self, Setting},
    support::{Answer, Jar, SECRET, get, handle, json_of, set_cookies},
};

/// The way to the tenant; keeps every secret that goes over it.
#[derive(Clone, Debug)]
pub(crate) struct Overheard {
    inner: ReqwestClient,
    secrets: Arc<Mutex<BTreeSet<String>>>,
}

/// The members of bodies and queries that nobody else may see.
const SECRET_MEMBERS: [&str; 18] = [
    "access_token",
    "barcode_uri",
    "binding_code",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "id_token",
    "mfa_token",
    "nonce",
    "oob_code",
    "otp",
    "phone_number",
    "recovery_code",
    "recovery_codes",
    "refresh_token",
    "secret",
    "state",
];

impl Overheard {
    fn new() -> Self {
        Self { inner: ReqwestClient::new().unwrap(), secrets: Arc::default() }
    }

    fn keep(&self, secret: impl Into<String>) {
        self.secrets.lock().unwrap().insert(secret.into());
    }

    /// Keeps the values of these cookies.
    pub(crate) fn cookies(&self, line: &str) {
        line.split("; ").for_each(|cookie| self.keep(cookie.split_once('=').unwrap().1));
    }

    /// Keeps the values of the cookies that an answer sets.
    fn take(&self, headers: &HeaderMap) {
        set_cookies(headers).into_iter().for_each(|cookie| self.keep(cookie.value));
    }

    fn body(&self, body: &[u8]) {
        if let Ok(json) = serde_json::from_slice::<Value>(body) {
            return self.json(&json);
        }
        self.form(body);
    }

    fn form(&self, form: &[u8]) {
        for (name, value) in form_urlencoded::parse(form) {
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
            if let Some(proof) = request.headers().get("dpop") {
                self.keep(proof.to_str().unwrap());
            }
            self.body(request.body());
            let response = self.inner.send(request).await?;
            self.body(response.body());
            Ok(response)
        })
    }
}

pub(crate) struct Flow {
    pub(crate) house: House,
    pub(crate) wire: Overheard,
}

impl Flow {
    pub(crate) async fn begin() -> Self {
        let tenant = Tenant::builder().start().await.unwrap();
        // What a browser holds that does everything one after the other is longer than the least proxy takes.
        let long = 16 * 1024;
        Self::of(|wire| House::built(tenant, |client| client.http_client(wire).max_cookie_header(long)))
    }

    /// With a client that has this way to its tenant.
    fn of(house: impl FnOnce(Overheard) -> House) -> Self {
        let wire = Overheard::new();
        wire.keep(SECRET);
        Self { house: house(wire.clone()), wire }
    }

    /// Logs Ada in. The cookies of her session are secrets.
    async fn logged_in(&self) -> String {
        let line = self.house.log_in_with_cookies().await;
        self.wire.cookies(&line);
        line
    }

    /// The same, and the token of the step-up that is due is a secret too.
    async fn due(&self) -> (SessionState, MfaToken) {
        let line = self.logged_in().await;
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
    pub(crate) fn assert_silent(&self, captured: &Captured) {
        // What browsers brought to the tenant.
        for exchange in self.house.tenant.requests() {
            if let Some((_, query)) = exchange.path.split_once('?') {
                self.wire.form(query.as_bytes());
            }
        }
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
async fn an_answer_that_many_waited_for_counts_once() {
    let (captured, _guards) = Captured::begin();
    let flow = Flow::begin().await;
    let line = flow.logged_in().await;
    let path = "/auth/access-token?audience=https://api.example.com&scope=transfer:funds";
    let asked = flow.house.token_requests();
    let calls = (0..20).map(|_| handle(&flow.house.client, get(path, &line)));
    let mut tokens = BTreeSet::new();
    for answer in futures_util::future::join_all(calls).await {
        let due = json_of(&answer);
        assert_eq!((answer.status().as_u16(), &due["error"]), (403, &json!("mfa_required")));
        tokens.insert(due["mfa_token"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        (flow.house.token_requests() - asked, tokens.len()),
        (1, 20),
        "each caller has a token of its own"
    );
    assert_eq!(captured.count("stepup_mfa_required_total"), 1);
    assert_eq!(captured.audit("mfa_required").len(), 1);
    assert_eq!(captured.count("stepup_refreshes_total{outcome=\"mfa_required\"}"), 1);
}

#[tokio::test]
async fn credentials_that_the_tenant_does_not_take_are_an_error_in_the_log() {
    for (status, error, is_ours) in
        [(401, "access_denied", true), (400, "invalid_client", true), (403, "access_denied", false)]
    {
        let (captured, _guards) = Captured::begin();
        let Setting { script, client, .. } = step_up::setting();
        script.answer(Answer::Json(status, json!({ "error": error, "error_description": "Unauthorized" })));
        let mut state = step_up::ada(&client);
        client.access_token(state.session_mut().unwrap(), &step_up::transfer()).await.unwrap_err();
        assert_eq!(!captured.at(Level::ERROR).is_empty(), is_ours, "{status} {error}");
    }
}

#[tokio::test]
async fn two_factors_one_after_the_other_are_two_answers() {
    let (captured, _guards) = Captured::begin();
    let Setting { script, client, .. } = step_up::setting();
    for raw in ["raw-1", "raw-2"] {
        script.answer(step_up::due_with(raw));
    }
    let mut state = step_up::ada(&client);
    let error = client.access_token(state.session_mut().unwrap(), &step_up::transfer()).await.unwrap_err();
    let AccessTokenError::MfaRequired(first) = error else { panic!("{error}") };
    let further = client.mfa().verify(&mut state, &first.mfa_token.unwrap(), Verify::otp("123456")).await;
    assert!(matches!(further, Err(VerifyError::MfaRequired(_))), "{further:?}");
    assert_eq!(captured.count("stepup_mfa_required_total"), 2);
    assert_eq!(captured.audit("mfa_required").len(), 2);
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
async fn a_browser_that_waits_for_a_push() {
    let (captured, _guards) = Captured::begin();
    let flow = Flow::begin().await;
    let (house, mfa) = (&flow.house, flow.house.client.mfa());
    let (mut state, token) = flow.due().await;
    let begun = mfa.enroll(&token, &Enroll::push()).await.unwrap();
    house.tenant.scan(&begun.barcode_uri.unwrap()).await.unwrap();
    mfa.verify(&mut state, &token, Verify::oob(begun.oob_code.unwrap())).await.unwrap();

    for (accept, told) in
        [("application/json", "{\"success\":true}"), ("text/event-stream", "event: approved\n")]
    {
        house.tenant.clock().advance(Duration::from_secs(60));
        let line = flow.logged_in().await;
        let token = house.due(&mut house.open_session(&line)).await.mfa_token.unwrap();
        flow.wire.keep(token.as_str());
        let listed = mfa.authenticators(&token).await.unwrap();
        let phone = listed.iter().find(|it| it.active && it.id.starts_with("push")).unwrap();
        let challenge = Challenge::oob().authenticator(&phone.id);
        let oob_code = mfa.challenge(&token, &challenge).await.unwrap().oob_code.unwrap();
        let asked = house.tenant.push_requests().await.unwrap().remove(0);
        house.tenant.answer_push(&asked.id, Decision::Approve).await.unwrap();
        let wait = Request::post("/auth/mfa/push")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, accept)
            .header(header::COOKIE, &line)
            .body(Bytes::from(json!({ "mfa_token": token, "oob_code": oob_code }).to_string()));
        let answer = handle(&house.client, wait.unwrap()).await;
        flow.wire.take(answer.headers());
        let body = String::from_utf8(answer.body().to_vec()).unwrap();
        assert!(body.starts_with(told), "{body}");
    }
    assert_eq!(captured.count("stepup_mfa_verified_total{factor=\"push\"}"), 3);
    flow.assert_silent(&captured);
}

#[tokio::test]
async fn a_login_in_a_pop_up() {
    let (captured, _guards) = Captured::begin();
    let flow = Flow::begin().await;
    let client = &flow.house.client;
    let mut jar = Jar::of(&flow.logged_in().await);
    let popup = "/auth/login?challengeMode=popup&transactionId=tab-1&audience=https://api.example.com";
    let away = handle(client, get(popup, &jar.line())).await;
    jar.take(away.headers());
    flow.wire.cookies(&jar.line());
    let back = flow.house.through_the_tenant(away.headers()[header::LOCATION].to_str().unwrap()).await;
    let page = handle(client, get(&back, &jar.line())).await;
    flow.wire.take(page.headers());
    assert!(str::from_utf8(page.body()).unwrap().contains("\"type\":\"auth_complete\",\"success\":true"));
    assert_eq!(captured.count("stepup_logins_total{outcome=\"success\"}"), 2, "as its failure counts");
    assert_eq!(captured.audit("login").len(), 2);
    flow.assert_silent(&captured);
}

#[tokio::test]
async fn a_client_that_signs_and_binds_its_tokens() {
    let (captured, _guards) = Captured::begin();
    let tenant = client_proof::tenant().await;
    let flow = Flow::of(|wire| House::of(tenant, |client| client_proof::signed(client).http_client(wire)));
    for key in [client_proof::CLIENT_KEY, client_proof::DPOP_KEY] {
        key.lines().for_each(|line| flow.wire.keep(line));
    }
    let (house, mfa) = (&flow.house, flow.house.client.mfa());
    let (mut state, token) = flow.due().await;
    let secret = mfa.enroll(&token, &Enroll::otp()).await.unwrap().secret.unwrap();
    mfa.verify(&mut state, &token, Verify::otp(house.tenant.totp(&secret).unwrap())).await.unwrap();
    let token = house.token(&mut state, &transfer()).await;
    let api = Url::parse("https://api.example.com/transfers").unwrap();
    let proof = house.client.dpop_proof(&Method::POST, &api, &token).unwrap();
    flow.wire.keep(proof.to_str().unwrap());

    let requests = house.tenant.requests();
    assert!(requests.iter().any(|it| it.path == "/oauth/par" && it.body.contains("client_assertion=")));
    assert!(requests.iter().any(|it| it.path == "/oauth/token" && it.headers.contains_key("dpop")));
    flow.assert_silent(&captured);
}

#[tokio::test]
async fn a_login_counts_as_what_the_browser_got_of_it() {
    let (captured, _guards) = Captured::begin();
    let tenant = Tenant::builder().start().await.unwrap();
    let too_large = |session: &mut stepup::Session| session.set_data("x", json!("y".repeat(9000)));
    let house = House::built(tenant, |client| client.before_session_saved(too_large));
    let mut jar = Jar::default();
    let away = handle(&house.client, get("/auth/login", "")).await;
    jar.take(away.headers());
    let back = house.through_the_tenant(away.headers()[header::LOCATION].to_str().unwrap()).await;
    assert_eq!(handle(&house.client, get(&back, &jar.line())).await.status(), 500);
    assert_eq!(captured.count("stepup_logins_total{outcome=\"success\"}"), 0);
    assert_eq!(captured.count("stepup_logins_total{outcome=\"session_too_large\"}"), 1);
    let told = captured.audit("login");
    assert_eq!((told.len(), told[0].field("error.type")), (1, Some("session_too_large")));
}

#[tokio::test]
async fn the_back_button_after_a_login_is_no_failure() {
    let (captured, _guards) = Captured::begin();
    let house = House::open().await;
    let mut jar = Jar::default();
    let away = handle(&house.client, get("/auth/login?returnTo=/here", "")).await;
    jar.take(away.headers());
    let back = house.through_the_tenant(away.headers()[header::LOCATION].to_str().unwrap()).await;
    for _ in 0..2 {
        let answer = handle(&house.client, get(&back, &jar.line())).await;
        assert!(answer.headers()[header::LOCATION].to_str().unwrap().ends_with("/here"));
        jar.take(answer.headers());
    }
    assert_eq!(captured.audit("login").len(), 1);
    assert_eq!(captured.count("stepup_logins_total{outcome=\"success\"}"), 1);
}

#[tokio::test]
async fn one_logout_is_told_of_however_often_it_is_asked_for() {
    let (captured, _guards) = Captured::begin();
    let house = House::open().await;
    let line = house.log_in_with_cookies().await;
    let outs = (0..3).map(|_| handle(&house.client, get("/auth/logout", &line)));
    futures_util::future::join_all(outs).await;
    assert_eq!(captured.audit("logout").len(), 1);
}

#[tokio::test]
async fn a_step_up_ends_once_however_many_tokens_were_sealed_for_it() {
    let (captured, _guards) = Captured::begin();
    let house = House::open().await;
    let line = house.log_in_with_cookies().await;
    let path = "/auth/access-token?audience=https://api.example.com&scope=transfer:funds";
    let answers =
        futures_util::future::join_all((0..5).map(|_| handle(&house.client, get(path, &line)))).await;
    let tokens: Vec<MfaToken> =
        answers.iter().map(|answer| json_of(answer)["mfa_token"].as_str().unwrap().into()).collect();
    let (mfa, mut state) = (house.client.mfa(), house.open_session(&line));
    let secret = mfa.enroll(&tokens[0], &Enroll::otp()).await.unwrap().secret.unwrap();
    let code = Verify::otp(house.tenant.totp(&secret).unwrap());
    mfa.verify(&mut state, &tokens[0], code).await.unwrap();
    house.tenant.clock().advance(Duration::from_secs(601));
    for token in &tokens {
        mfa.authenticators(token).await.unwrap_err();
    }
    assert_eq!(captured.count("stepup_mfa_required_total"), 1);
    assert_eq!(captured.count("stepup_mfa_verified_total{factor=\"otp\"}"), 1);
    assert_eq!(captured.audit("mfa_abandoned").len(), 0);
}

#[tokio::test]
async fn a_foreign_form_is_told_of_on_every_page() {
    let (captured, _guards) = Captured::begin();
    let tenant = Tenant::builder().start().await.unwrap();
    let house = House::built(tenant, |client| client.mfa_pages(PageOptions::new()));
    let line = house.log_in_with_cookies().await;
    for (count, path) in ["/auth/mfa", "/auth/mfa/manage", "/auth/mfa/d/abcdefghijklmnop"].iter().enumerate()
    {
        let form = Request::post(*path)
            .header(header::HOST, "localhost:3000")
            .header(header::ORIGIN, "https://evil.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, &line)
            .body(Bytes::from_static(b"action=delete&authenticator=x"));
        assert_eq!(handle(&house.client, form.unwrap()).await.status(), 403, "{path}");
        assert_eq!(captured.audit("cross_origin_refused").len(), count + 1, "{path}");
    }
}

/// RFC 6749 section 4.1.2.1 has none in `error_description`; but anybody can call the callback.
#[tokio::test]
async fn one_event_is_one_line_whatever_a_visitor_writes() {
    let (captured, _guards) = Captured::begin();
    let setting = step_up::setting();
    let login = handle(&setting.client, get("/auth/login", "")).await;
    let mut jar = Jar::default();
    jar.take(login.headers());
    let state = login.headers()[header::LOCATION].to_str().unwrap().split("state=").nth(1).unwrap();
    let state = state.split('&').next().unwrap();
    let forged = "x%0AINFO+event.name=login%1b%5b31m&error=access%0d_denied";
    let back = format!("/auth/callback?state={state}&error_description={forged}");
    handle(&setting.client, get(&back, &jar.line())).await;

    assert_eq!(captured.audit("login").len(), 1);
    for line in captured.lines() {
        for (name, value) in &line.fields {
            assert!(!value.contains(char::is_control), "{} {name}: {value:?}", line.target);
        }
    }
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

    for file in ["/auth/stepup.js", "/auth/stepup.d.ts"] {
        handle(client, get(file, "__session=nonsense")).await;
    }
    assert!(captured.audit("session_refused").is_empty(), "a file is for everybody");
    handle(client, get("/auth/profile", "__session=nonsense")).await;
    assert_eq!(captured.audit("session_refused")[0].field("error.type"), Some("unreadable"));
    handle(client, get("/auth/profile", "theme=dark")).await;
    assert_eq!(captured.audit("session_refused").len(), 1, "nothing came, nothing is refused");

    let foreign = Request::post("/auth/mfa/verify")
        .header(header::HOST, "localhost:3000")
        .header(header::ORIGIN, "https://evil.example")
        .body(Bytes::from_static(b"{}"));
    assert_eq!(handle(client, foreign.unwrap()).await.status(), 403);
    let refused = captured.audit("cross_origin_refused");
    assert_eq!((refused.len(), refused[0].field("error.type")), (1, Some("other_origin")));

    handle(client, get("/auth/login?max_age=soon", "")).await;
    let mut recorded = captured.lines().into_iter().filter(|line| line.name == "recorded");
    assert!(recorded.any(|line| line.field("error.type") == Some("invalid_request")));

    handle(client, get("/auth/callback?code=c&state=unknown", "")).await;
    assert_eq!(captured.count("stepup_logins_total{outcome=\"invalid_state\"}"), 1);
    assert_eq!(captured.audit("login").last().unwrap().field("event.outcome"), Some("failure"));
    flow.assert_silent(&captured);
}
