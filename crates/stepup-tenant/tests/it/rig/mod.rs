//! A tenant on a clock that stands still, and two ways to talk to it: as an application and as a browser.

mod browser;
mod config;
mod mail;
mod receiver;

use std::time::Duration;

use serde_json::{Value, json};
use stepup_protocol::time::UnixTime;
use stepup_tenant::{Builder, Tenant, clock::VirtualClock, model::LogEvent};

pub(crate) use self::{
    browser::{Browser, Page, authorize_path},
    config::Config,
    mail::MailServer,
    receiver::Receiver,
};

pub(crate) const API: &str = "https://api.example.com";
pub(crate) const CALLBACK: &str = "http://localhost:3000/callback";
pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const WEBAPP: &str = "stepup-webapp";
pub(crate) const WEBAPP_SECRET: &str = "stepup-webapp-secret";
pub(crate) const OTP_GRANT: &str = "http://auth0.com/oauth/grant-type/mfa-otp";
pub(crate) const OOB_GRANT: &str = "http://auth0.com/oauth/grant-type/mfa-oob";
pub(crate) const RECOVERY_GRANT: &str = "http://auth0.com/oauth/grant-type/mfa-recovery-code";
/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A tenant and a client without redirects.
pub(crate) struct Rig {
    pub(crate) tenant: Tenant,
    pub(crate) http: reqwest::Client,
}

/// An answer, its body read.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Rig {
    /// The built-in configuration.
    pub(crate) async fn start() -> Self {
        Self::built(Tenant::builder()).await
    }

    /// Another configuration.
    pub(crate) async fn with(config: &Config) -> Self {
        Self::built(Tenant::builder().config_yaml(&config.yaml())).await
    }

    /// A configuration of its own.
    pub(crate) async fn with_yaml(yaml: &str) -> Self {
        Self::built(Tenant::builder().config_yaml(yaml)).await
    }

    /// With the control API.
    pub(crate) async fn controlled(config: &Config) -> Self {
        Self::built(Tenant::builder().config_yaml(&config.yaml()).control(true)).await
    }

    pub(crate) async fn built(builder: Builder) -> Self {
        let clock = VirtualClock::frozen(UnixTime::from_seconds(1_767_225_600));
        let tenant = builder.clock(clock).start().await.unwrap();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { tenant, http }
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.tenant.clock().advance(Duration::from_secs(seconds));
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{}", self.tenant.issuer(), path.trim_start_matches('/'))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(self.at(path))).await
    }

    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.http.post(self.at(path)).body(body);
        self.send(request.header("content-type", "application/x-www-form-urlencoded")).await
    }

    pub(crate) async fn json(&self, path: &str, bearer: Option<&str>, body: &Value) -> Answer {
        let mut request = self.http.post(self.at(path)).body(body.to_string());
        request = request.header("content-type", "application/json");
        if let Some(bearer) = bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        self.send(request).await
    }

    /// A token request of the web application.
    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("client_id", WEBAPP), ("client_secret", WEBAPP_SECRET)];
        all.extend_from_slice(fields);
        self.form("/oauth/token", &all).await
    }

    pub(crate) async fn password(&self, more: &[(&str, &str)]) -> Answer {
        let mut all = vec![("grant_type", "password"), ("username", ADA), ("password", PASSWORD)];
        all.extend_from_slice(more);
        self.token(&all).await
    }

    /// A login with offline access, by password grant: the refresh token.
    pub(crate) async fn refresh_token(&self) -> String {
        self.password(&[("scope", "openid profile email offline_access")]).await.text("refresh_token")
    }

    pub(crate) async fn refresh(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut all = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        all.extend_from_slice(more);
        self.token(&all).await
    }

    pub(crate) async fn verify_otp(&self, mfa_token: &str, otp: &str) -> Answer {
        self.token(&[("grant_type", OTP_GRANT), ("mfa_token", mfa_token), ("otp", otp)]).await
    }

    pub(crate) async fn associate(&self, bearer: &str) -> Answer {
        self.json("/mfa/associate", Some(bearer), &json!({ "authenticator_types": ["otp"] })).await
    }

    pub(crate) async fn challenge(&self, mfa_token: &str, more: &Value) -> Answer {
        let mut body = json!({ "client_id": WEBAPP, "client_secret": WEBAPP_SECRET, "mfa_token": mfa_token });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.json("/mfa/challenge", None, &body).await
    }

    pub(crate) async fn authenticators(&self, bearer: &str) -> Answer {
        let request = self.http.get(self.at("/mfa/authenticators"));
        self.send(request.header("authorization", format!("Bearer {bearer}"))).await
    }

    /// The code that an app with this secret shows now.
    pub(crate) fn code(&self, secret: &str) -> String {
        self.tenant.totp(secret).unwrap()
    }

    /// The type codes of the log, oldest first, but for the Actions that ran.
    pub(crate) async fn log(&self) -> Vec<String> {
        self.tenant
            .log()
            .await
            .unwrap()
            .into_iter()
            .rev()
            .map(|event| event.kind)
            .filter(|kind| kind != "actions_execution_succeeded")
            .collect()
    }

    /// The newest event of this type, once there is one: some are written by tasks.
    pub(crate) async fn logged(&self, kind: &str) -> LogEvent {
        loop {
            if let Some(event) = self.tenant.state().log.read(Some(kind), 1).await.unwrap().pop() {
                return event;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Ada enrols an app by a refused refresh: secret, recovery code, and the refresh token that is left.
    pub(crate) async fn enrol(&self) -> Enrolled {
        let refresh_token = self.refresh_token().await;
        let mfa_token = self.refresh(&refresh_token, &[("audience", API)]).await.mfa_token();
        let begun = self.associate(&mfa_token).await;
        let (secret, recovery_code) = (begun.text("secret"), begun.at("/recovery_codes/0"));
        let verified = self.verify_otp(&mfa_token, &self.code(&secret)).await;
        assert_eq!(verified.status, 200, "{}", verified.body);
        self.advance(60);
        Enrolled { secret, recovery_code, refresh_token: verified.text("refresh_token") }
    }

    /// Steps up to the API: the `mfa_token` of the refusal.
    pub(crate) async fn step_up(&self, enrolled: &Enrolled) -> String {
        self.refresh(&enrolled.refresh_token, &[("audience", API)]).await.mfa_token()
    }
}

/// What Ada has after an enrolment.
pub(crate) struct Enrolled {
    pub(crate) secret: String,
    pub(crate) recovery_code: String,
    pub(crate) refresh_token: String,
}

impl Answer {
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.body))
    }

    /// The text at a JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> String {
        let value = self.value();
        let text = value.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("no {pointer}: {} {}", self.status, self.body)).to_owned()
    }

    pub(crate) fn text(&self, member: &str) -> String {
        self.at(&format!("/{member}"))
    }

    pub(crate) fn mfa_token(&self) -> String {
        assert_eq!((self.status, self.text("error").as_str()), (403, "mfa_required"), "{}", self.body);
        self.text("mfa_token")
    }

    /// Status, error and description in one line.
    pub(crate) fn failure(&self) -> String {
        format!("{} {}: {}", self.status, self.text("error"), self.text("error_description"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The claims of the JWT under `member`, unverified.
    pub(crate) fn claims(&self, member: &str) -> Value {
        let token = self.text(member);
        let payload = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&stepup_seal::base64url::decode(payload).unwrap()).unwrap()
    }
}
