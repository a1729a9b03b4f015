//! A tenant on a file that is killed under load, at points that a seed draws: what it had acknowledged is there when it
//! starts again.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use stepup_tenant::{
    SystemRandom,
    passwords::{Cost, Passwords},
};
use tokio::sync::mpsc;

use crate::support::command;

const API: &str = "https://api.example.com";
const PASSWORD: &str = "a password of the test";
const USERS: usize = 48;
const WORKERS: usize = 6;
/// After how many acknowledgements of a round the tenant is killed; drawn from `SEED`.
const SEED: u64 = 20_260_101;
const ROUNDS: usize = 4;

/// What the tenant has acknowledged.
#[derive(Clone, Debug, Default)]
struct Acknowledged {
    /// Types of log events, one an acknowledged request.
    logged: BTreeSet<&'static str>,
    /// Refresh tokens that were exchanged for others.
    rotated: Vec<String>,
    /// The refresh token that is left, where no request that might have spent it went unanswered.
    refresh_token: Option<String>,
    /// The code that confirmed the app.
    enrolled_with: Option<String>,
    /// A message went out.
    messaged: bool,
    /// The recovery code that was used, and the one that came in its place.
    recovery_codes: Option<(String, String)>,
    /// The user's path in the Management API, which changed their metadata.
    managed: Option<String>,
    /// The path of an authentication method that was removed.
    removed: Option<String>,
    /// The `mfa_token` and the `oob_code` of a question that the phone said yes to.
    approved: Option<(String, String)>,
}

/// A tenant of its own process, and a way to talk to it.
struct Running {
    child: Mutex<Child>,
    http: reqwest::Client,
    issuer: String,
    control: String,
    key: String,
}

impl Running {
    async fn start(folder: &Path) -> Self {
        let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let (ready_file, users) = (file("ready.json"), file("users.json"));
        let database = format!("sqlite://{}", file("tenant.db"));
        let arguments = [
            "tenant",
            "--port",
            "0",
            "--control",
            "--database",
            &database,
            "--users",
            &users,
            "--data-dir",
            folder.to_str().unwrap(),
            "--ready-file",
            &ready_file,
        ];
        let mut child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        // the first line comes once it is ready
        let out = child.stdout.take().unwrap();
        let first = move || BufReader::new(out).lines().next();
        tokio::task::spawn_blocking(first).await.unwrap();
        let ready: Value = serde_json::from_str(&std::fs::read_to_string(&ready_file).unwrap()).unwrap();
        let text = |pointer: &str| ready.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        Self {
            child: Mutex::new(child),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            issuer: text("/issuer"),
            control: text("/control/url"),
            key: text("/control/key"),
        }
    }

    /// As with `kill -9`.
    fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    async fn token(&self, fields: &[(&str, &str)]) -> Option<(u16, Value)> {
        let credentials = [("client_id", "stepup-webapp"), ("client_secret", "stepup-webapp-secret")];
        let body: Value = credentials.iter().chain(fields).copied().collect();
        self.post(&format!("{}oauth/token", self.issuer), None, &body).await
    }

    async fn refresh(&self, token: &str, audience: Option<&str>) -> Option<(u16, Value)> {
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        fields.extend(audience.map(|audience| ("audience", audience)));
        self.token(&fields).await
    }

    async fn verify(&self, mfa_token: &str, code: &str) -> Option<(u16, Value)> {
        let grant = "http://auth0.com/oauth/grant-type/mfa-otp";
        self.token(&[("grant_type", grant), ("mfa_token", mfa_token), ("otp", code)]).await
    }

    async fn use_recovery_code(&self, mfa_token: &str, code: &str) -> Option<(u16, Value)> {
        let grant = "http://auth0.com/oauth/grant-type/mfa-recovery-code";
        self.token(&[("grant_type", grant), ("mfa_token", mfa_token), ("recovery_code", code)]).await
    }

    async fn challenge(&self, mfa_token: &str, more: Value) -> Option<(u16, Value)> {
        let mut body = json!({
            "client_id": "stepup-webapp", "client_secret": "stepup-webapp-secret",
            "mfa_token": mfa_token, "challenge_type": "oob",
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post(&format!("{}mfa/challenge", self.issuer), None, &body).await
    }

    /// A call of the Management API.
    async fn manage(&self, method: &str, path: &str, body: Value) -> Option<(u16, Value)> {
        let api = format!("{}api/v2/", self.issuer);
        let credentials = [
            ("client_id", "stepup-m2m"),
            ("client_secret", "stepup-m2m-secret"),
            ("grant_type", "client_credentials"),
            ("audience", api.as_str()),
        ];
        let token = self.token(&credentials).await?.1["access_token"].as_str()?.to_owned();
        let request = self.http.request(method.parse().unwrap(), format!("{api}{path}"));
        let request = request.header("content-type", "application/json").body(body.to_string());
        Self::answer(request.header("authorization", format!("Bearer {token}"))).await
    }

    /// Status and body; none where the tenant went away.
    async fn post(&self, url: &str, bearer: Option<&str>, body: &Value) -> Option<(u16, Value)> {
        let mut request =
            self.http.post(url).header("content-type", "application/json").body(body.to_string());
        if let Some(bearer) = bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        Self::answer(request).await
    }

    async fn answer(request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let body = response.text().await.ok()?;
        Some((status, serde_json::from_str(&body).unwrap_or(Value::Null)))
    }

    async fn control(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}/{path}", self.control));
        Self::answer(request.header("authorization", format!("Bearer {}", self.key))).await.unwrap().1
    }

    /// What an app shows now that scanned `barcode_uri`.
    async fn code(&self, barcode_uri: &Value) -> Option<String> {
        let devices = format!("{}/devices", self.control);
        let scanned = self.post(&devices, Some(&self.key), &json!({ "barcode_uri": barcode_uri })).await?.1;
        let device = scanned["device_id"].as_str()?;
        let request = self.http.get(format!("{devices}/{device}/code"));
        let shown = Self::answer(request.header("authorization", format!("Bearer {}", self.key))).await?.1;
        shown["code"].as_str().map(str::to_owned)
    }

    /// A user's way from the password to a second step-up; each answer is noted, and told, before the next request.
    async fn journey(&self, email: &str, noted: &mut Acknowledged, told: &mpsc::Sender<()>) -> Option<()> {
        let text = |(_, body): &(u16, Value), member: &str| body[member].as_str().map(str::to_owned);
        let password = [
            ("grant_type", "password"),
            ("username", email),
            ("password", PASSWORD),
            ("scope", "openid offline_access"),
        ];
        let first = text(&self.token(&password).await?, "refresh_token")?;
        noted.logged.insert("sepft");
        noted.refresh_token = Some(first.clone());
        told.send(()).await.ok()?;

        noted.refresh_token = None;
        let second = text(&self.refresh(&first, None).await?, "refresh_token")?;
        noted.logged.insert("sertft");
        noted.rotated.push(first);
        noted.refresh_token = Some(second.clone());
        told.send(()).await.ok()?;

        let mfa_token = text(&self.refresh(&second, Some(API)).await?, "mfa_token")?;
        noted.logged.insert("mfar");
        told.send(()).await.ok()?;

        let associate = format!("{}mfa/associate", self.issuer);
        let begun =
            self.post(&associate, Some(&mfa_token), &json!({ "authenticator_types": ["otp"] })).await?.1;
        noted.logged.insert("gd_start_enroll");
        told.send(()).await.ok()?;

        let code = self.code(&begun["barcode_uri"]).await?;
        // the tokens of a second factor leave the token before them good until they are used
        let third = text(&self.verify(&mfa_token, &code).await?, "refresh_token")?;
        noted.logged.extend(["seotpft", "gd_enrollment_complete"]);
        noted.enrolled_with = Some(code);
        noted.refresh_token = Some(third.clone());
        told.send(()).await.ok()?;

        let mfa_token = text(&self.refresh(&third, Some(API)).await?, "mfa_token")?;
        let (status, _) = self.challenge(&mfa_token, json!({})).await?;
        assert_eq!(status, 200, "a code by e-mail for {email}");
        noted.messaged = true;
        told.send(()).await.ok()?;

        let api = format!("{}mfa/", self.issuer);
        let password = [
            ("grant_type", "password"),
            ("username", email),
            ("password", PASSWORD),
            ("audience", api.as_str()),
            ("scope", "enroll"),
        ];
        let mfa_token = text(&self.token(&password).await?, "mfa_token")?;
        let used = begun["recovery_codes"][0].as_str()?.to_owned();
        let verified = self.use_recovery_code(&mfa_token, &used).await?;
        noted.recovery_codes = Some((used, text(&verified, "recovery_code")?));
        told.send(()).await.ok()?;

        self.administer(email, noted, told).await?;
        let mfa_api = text(&verified, "access_token")?;
        self.approve(email, &mfa_api, &third, noted, told).await
    }

    /// An administrator changes the user's metadata, and removes an authentication method.
    async fn administer(&self, email: &str, noted: &mut Acknowledged, told: &mpsc::Sender<()>) -> Option<()> {
        let found = self.manage("GET", &format!("users-by-email?email={email}"), Value::Null).await?.1;
        let user = format!("users/{}", found[0]["user_id"].as_str()?.replace('|', "%7C"));
        let (status, body) =
            self.manage("PATCH", &user, json!({ "user_metadata": { "plan": "gold" } })).await?;
        assert_eq!(status, 200, "{email}: {body}");
        noted.managed = Some(user.clone());
        told.send(()).await.ok()?;

        let methods = format!("{user}/authentication-methods");
        let phone = json!({ "type": "phone", "phone_number": "+12025550123" });
        let (status, made) = self.manage("POST", &methods, phone).await?;
        assert_eq!(status, 201, "{email}: {made}");
        let method = format!("{methods}/{}", made["id"].as_str()?.replace('|', "%7C"));
        let (status, body) = self.manage("DELETE", &method, Value::Null).await?;
        assert_eq!(status, 204, "{email}: {body}");
        noted.removed = Some(method);
        told.send(()).await.ok()
    }

    /// The user enrols a phone, which says yes to the next step-up; the answer is left for later.
    async fn approve(
        &self,
        email: &str,
        mfa_api: &str,
        refresh_token: &str,
        noted: &mut Acknowledged,
        told: &mpsc::Sender<()>,
    ) -> Option<()> {
        let push = json!({ "authenticator_types": ["oob"], "oob_channels": ["auth0"] });
        let begun = self.post(&format!("{}mfa/associate", self.issuer), Some(mfa_api), &push).await?.1;
        let scanned = json!({ "barcode_uri": begun["barcode_uri"] });
        let phone = self.post(&format!("{}/devices", self.control), Some(&self.key), &scanned).await?.1;
        let phone = format!("push|{}", phone["enrollment_id"].as_str()?);

        let mfa_token = self.refresh(refresh_token, Some(API)).await?.1["mfa_token"].as_str()?.to_owned();
        let asked = self.challenge(&mfa_token, json!({ "authenticator_id": phone })).await?.1;
        let oob_code = asked["oob_code"].as_str()?.to_owned();
        let request = self.http.get(format!("{}/push", self.control)).bearer_auth(&self.key);
        let pending = Self::answer(request).await?.1;
        let question = pending.as_array()?.iter().find(|it| it["authenticator_id"] == phone.as_str())?;
        let answer = format!("{}/push/{}", self.control, question["id"].as_str()?);
        let yes = json!({ "decision": "approve" });
        let (status, body) = self.post(&answer, Some(&self.key), &yes).await?;
        assert_eq!(status, 200, "{email}: {body}");
        noted.approved = Some((mfa_token, oob_code));
        told.send(()).await.ok()
    }

    /// Holds the tenant to what it had acknowledged of a user.
    async fn keeps(&self, email: &str, noted: &Acknowledged, log: &BTreeSet<(String, String)>) {
        for kind in &noted.logged {
            assert!(
                log.contains(&(email.to_owned(), (*kind).to_owned())),
                "{email}: {kind} is not in the log"
            );
        }
        if noted.messaged {
            let messages = self.control(&format!("messages?channel=email&to={email}")).await;
            assert!(!messages.as_array().unwrap().is_empty(), "{email}: the message is gone");
        }
        if let Some((mfa_token, oob_code)) = &noted.approved {
            let grant = "http://auth0.com/oauth/grant-type/mfa-oob";
            let fields = [("grant_type", grant), ("mfa_token", mfa_token), ("oob_code", oob_code)];
            let (status, body) = self.token(&fields).await.unwrap();
            assert_eq!(status, 200, "{email}: the phone's answer is gone: {body}");
        }
        if let Some(user) = &noted.managed {
            let (_, body) = self.manage("GET", user, Value::Null).await.unwrap();
            assert_eq!(body["user_metadata"]["plan"], "gold", "{email}: {body}");
        }
        if let Some(method) = &noted.removed {
            let (status, body) = self.manage("GET", method, Value::Null).await.unwrap();
            assert_eq!(status, 404, "{email}: what was removed is there again: {body}");
        }
        if let Some(token) = &noted.refresh_token {
            let (status, body) = self.refresh(token, Some(API)).await.unwrap();
            assert_eq!((status, body["error"].as_str()), (403, Some("mfa_required")), "{email}: {body}");
            if let Some(code) = &noted.enrolled_with {
                let challenge = body["mfa_requirements"]["challenge"].as_array().cloned().unwrap_or_default();
                assert!(challenge.contains(&json!({ "type": "otp" })), "{email}: the app is gone: {body}");
                let mfa_token = body["mfa_token"].as_str().unwrap();
                let (status, body) = self.verify(mfa_token, code).await.unwrap();
                assert_eq!(status, 403, "{email}: a code was used twice: {body}");
                assert_eq!(body["error_description"], "Invalid otp_code.");
            }
            if let Some((used, next)) = &noted.recovery_codes {
                let mfa_token = body["mfa_token"].as_str().unwrap();
                for (code, expected) in [(used, 403), (next, 200)] {
                    let (status, body) = self.use_recovery_code(mfa_token, code).await.unwrap();
                    assert_eq!(status, expected, "{email}: a recovery code: {body}");
                }
            }
        }
        for token in &noted.rotated {
            let (status, body) = self.refresh(token, None).await.unwrap();
            assert_eq!((status, body["error"].as_str()), (403, Some("invalid_grant")), "{email}: {body}");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Numbers that a seed determines (the constants are Knuth's).
fn draw(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

fn email(user: usize) -> String {
    format!("user-{user}@example.com")
}

async fn users() -> Value {
    let hash =
        Passwords::new(Cost::Fast, Arc::new(SystemRandom::default())).hash(PASSWORD.into()).await.unwrap();
    let hash = secrecy::ExposeSecret::expose_secret(&hash).to_owned();
    let user = |n| json!({ "email": email(n), "email_verified": true, "password_hash": hash });
    (0..USERS).map(user).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_tenant_keeps_what_it_acknowledged() {
    let folder = std::env::temp_dir().join(format!("stepup-killed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("users.json"), users().await.to_string()).unwrap();

    let mut seed = SEED;
    let mut known: Vec<(String, Acknowledged)> = Vec::new();
    for round in 0..ROUNDS {
        let tenant = Arc::new(Running::start(&folder).await);
        let (told, mut acknowledgements) = mpsc::channel(1);
        let per_round = USERS / ROUNDS;
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let (tenant, told) = (Arc::clone(&tenant), told.clone());
                let mine = (round * per_round + worker..(round + 1) * per_round).step_by(WORKERS);
                tokio::spawn(async move {
                    let mut noted = Vec::new();
                    for user in mine {
                        let mut acknowledged = Acknowledged::default();
                        let went_on = tenant.journey(&email(user), &mut acknowledged, &told).await;
                        noted.push((email(user), acknowledged));
                        if went_on.is_none() {
                            break;
                        }
                    }
                    noted
                })
            })
            .collect();
        drop(told);
        for _ in 0..8 + draw(&mut seed, 140) {
            if acknowledgements.recv().await.is_none() {
                break;
            }
        }
        tenant.kill();
        drop(acknowledgements);
        for worker in workers {
            known.extend(worker.await.unwrap());
        }
    }

    let tenant = Running::start(&folder).await;
    let kinds: BTreeSet<_> = known.iter().flat_map(|(_, noted)| &noted.logged).collect();
    let mut log = BTreeSet::new();
    // one kind at a time: the newest thousand events are told
    for kind in kinds {
        let events = tenant.control(&format!("log?type={kind}")).await;
        let users = events.as_array().unwrap().iter().filter_map(|event| event["user_name"].as_str());
        log.extend(users.map(|user| (user.to_owned(), (*kind).to_owned())));
    }
    assert!(known.iter().any(|(_, noted)| noted.enrolled_with.is_some()), "{known:?}");
    assert!(known.iter().any(|(_, noted)| noted.messaged), "{known:?}");
    assert!(known.iter().any(|(_, noted)| noted.approved.is_some()), "{known:?}");
    for (email, noted) in &known {
        tenant.keeps(email, noted, &log).await;
    }
    tenant.kill();
    std::fs::remove_dir_all(&folder).unwrap();
}
