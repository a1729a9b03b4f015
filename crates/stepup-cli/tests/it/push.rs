//! `stepup push`: a phone from the terminal.

use serde_json::{Value, json};

use crate::{support::stepup, tenant::Running};

const OOB: &str = "http://auth0.com/oauth/grant-type/mfa-oob";

/// An application of the running tenant.
struct Application {
    http: reqwest::Client,
    issuer: String,
}

impl Application {
    fn of(tenant: &Running) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, issuer: tenant.ready()["issuer"].as_str().unwrap().to_owned() }
    }

    async fn call(&self, path: &str, bearer: &str, body: Value) -> Value {
        let mut request = self.http.post(format!("{}{path}", self.issuer));
        if !bearer.is_empty() {
            request = request.bearer_auth(bearer);
        }
        let request = request.header("content-type", "application/json").body(body.to_string());
        serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap()
    }

    async fn token(&self, mut body: Value) -> Value {
        body["client_id"] = json!("stepup-webapp");
        body["client_secret"] = json!("stepup-webapp-secret");
        self.call("oauth/token", "", body).await
    }

    /// A step-up that is refused: the `mfa_token`.
    async fn step_up(&self) -> String {
        let login = json!({
            "grant_type": "password", "username": "ada@example.com", "password": "correct horse battery staple",
            "scope": "openid offline_access",
        });
        let refresh_token = self.token(login).await["refresh_token"].clone();
        let wanted = json!({
            "grant_type": "refresh_token", "refresh_token": refresh_token, "audience": "https://api.example.com",
        });
        self.token(wanted).await["mfa_token"].as_str().unwrap().to_owned()
    }

    async fn poll(&self, mfa_token: &str, oob_code: &Value) -> Value {
        self.token(json!({ "grant_type": OOB, "mfa_token": mfa_token, "oob_code": oob_code })).await
    }

    async fn challenge(&self, mfa_token: &str, authenticator_id: &str) -> Value {
        let body = json!({
            "client_id": "stepup-webapp", "client_secret": "stepup-webapp-secret", "mfa_token": mfa_token,
            "challenge_type": "oob", "authenticator_id": authenticator_id,
        });
        self.call("mfa/challenge", "", body).await["oob_code"].clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_is_enrolled_and_answers_from_the_terminal() {
    let tenant = Running::start("push", &["--control"]);
    let application = Application::of(&tenant);
    assert!(tenant.control(&["push", "qr"]).failure(1).contains("nobody has begun to enrol a phone"));
    assert_eq!(tenant.control(&["push"]).stdout, "");
    assert!(tenant.control(&["push", "approve"]).failure(1).contains("no push request is pending"));

    let mfa_token = application.step_up().await;
    let wanted = json!({ "authenticator_types": ["oob"], "oob_channels": ["auth0"] });
    let begun = application.call("mfa/associate", &mfa_token, wanted).await;
    let shown = tenant.control(&["push", "qr"]).stdout;
    assert!(shown.contains('█') && shown.contains(begun["barcode_uri"].as_str().unwrap()), "{shown}");
    let enrolled: Value = serde_json::from_str(&tenant.control(&["push", "enroll"]).stdout).unwrap();
    assert_eq!(enrolled["kind"], "push");
    let phone = format!("push|{}", enrolled["enrollment_id"].as_str().unwrap());
    assert!(application.poll(&mfa_token, &begun["oob_code"]).await["access_token"].is_string());

    for (decision, done, answer) in
        [("approve", "approved", "access_token"), ("deny", "denied", "error_description")]
    {
        let mfa_token = application.step_up().await;
        let oob_code = application.challenge(&mfa_token, &phone).await;
        let listed: Value = serde_json::from_str(tenant.control(&["push", "list"]).stdout.trim()).unwrap();
        let id = listed["id"].as_str().unwrap();
        assert!(tenant.control(&["push", decision, "oob_x"]).failure(1).contains(id));
        let said = tenant.control(&["push", decision]);
        assert!(said.stdout.starts_with(&format!("{done} {id} of ")), "{said:?}");
        let polled = application.poll(&mfa_token, &oob_code).await;
        assert!(polled[answer].is_string(), "{polled}");
        assert!(tenant.control(&["push", decision]).failure(1).contains("no push request is pending"));
    }

    let messages = tenant.control(&["messages", "--channel", "push"]).stdout;
    assert_eq!(messages.lines().count(), 2);
    assert!(messages.lines().all(|line| line.contains("txtkn")), "what the phone got: {messages}");
}

#[test]
fn a_qr_code_at_hand_is_drawn_without_a_tenant() {
    let drawn = stepup(&["push", "qr", "otpauth://totp/x?secret=GEZDGNBV"], "");
    assert_eq!((drawn.code, drawn.stderr.as_str()), (0, ""));
    assert!(drawn.stdout.lines().count() > 10, "{}", drawn.stdout);
    let long = format!("otpauth://totp/{}", "x".repeat(5000));
    assert!(stepup(&["push", "qr", &long], "").failure(2).contains("too long for a QR code"));
    for other in ["zzz", "", "https://bank.example/"] {
        assert!(stepup(&["push", "qr", other], "").failure(2).contains("begins with `otpauth:`"), "{other}");
    }
    assert!(stepup(&["push", "approve"], "").failure(2).contains("--ready-file F"));
}
