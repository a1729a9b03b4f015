//! The phone's API, spoken as the Guardian libraries speak it: enrol, answer, manage.

use serde_json::{Value, json};
use stepup_protocol::jwk::Jwk;
use stepup_seal::jws::SigningKey;
use stepup_tenant::Tenant;

use crate::rig::{API, Answer, OOB_GRANT, Rig};

const IDENTIFIER: &str = "0f1e2d3c";

/// A phone of the test's own, and the push that a refused refresh let it enrol.
struct Phone {
    key: SigningKey,
    id: String,
    token: String,
    user_id: String,
    totp_secret: String,
    refresh_token: String,
}

/// The QR code and the `oob_code` of a push enrolment, and the `mfa_token` that it is for.
pub(crate) async fn begun(rig: &Rig) -> (String, String, String) {
    let refresh_token = rig.refresh_token().await;
    let mfa_token = rig.refresh(&refresh_token, &[("audience", API)]).await.mfa_token();
    let wanted = json!({ "authenticator_types": ["oob"], "oob_channels": ["auth0"] });
    let begun = rig.json("/mfa/associate", Some(&mfa_token), &wanted).await;
    (begun.text("barcode_uri"), begun.text("oob_code"), mfa_token)
}

pub(crate) fn ticket(barcode_uri: &str) -> String {
    let url: url::Url = barcode_uri.parse().unwrap();
    url.query_pairs().find(|(name, _)| name == "enrollment_tx_id").unwrap().1.into_owned()
}

pub(crate) fn presented(key: &SigningKey) -> Value {
    let Jwk { n, e, .. } = key.public_jwk().unwrap();
    json!({
        "identifier": IDENTIFIER,
        "name": "Ada's phone",
        "push_credentials": { "service": "GCM", "token": "fcm-token" },
        "public_key": { "kty": "RSA", "alg": "RS256", "use": "sig", "n": n, "e": e },
    })
}

pub(crate) async fn enroll(rig: &Rig, ticket: &str, body: &Value) -> Answer {
    let request = rig.http.post(rig.at("/appliance-mfa/api/enroll")).body(body.to_string());
    let request = request.header("content-type", "application/json");
    rig.send(request.header("authorization", format!("Ticket id=\"{ticket}\""))).await
}

async fn poll(rig: &Rig, mfa_token: &str, oob_code: &str) -> Answer {
    rig.token(&[("grant_type", OOB_GRANT), ("mfa_token", mfa_token), ("oob_code", oob_code)]).await
}

impl Phone {
    async fn enrolled(rig: &Rig) -> Self {
        let (barcode_uri, oob_code, mfa_token) = begun(rig).await;
        let key = SigningKey::generate_rsa2048().unwrap();
        let answer = enroll(rig, &ticket(&barcode_uri), &presented(&key)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let verified = poll(rig, &mfa_token, &oob_code).await;
        assert_eq!(verified.status, 200, "{}", verified.body);
        Self {
            key,
            id: answer.text("id"),
            token: answer.text("token"),
            user_id: answer.text("user_id"),
            totp_secret: answer.at("/totp/secret"),
            refresh_token: verified.text("refresh_token"),
        }
    }

    /// A new question: its `mfa_token`, its `oob_code`, and the notification.
    async fn asked(&self, rig: &Rig) -> (String, String, Value) {
        let mfa_token = rig.refresh(&self.refresh_token, &[("audience", API)]).await.mfa_token();
        let wanted = json!({ "challenge_type": "oob", "authenticator_id": format!("push|{}", self.id) });
        let challenge = rig.challenge(&mfa_token, &wanted).await;
        assert_eq!(challenge.status, 200, "{}", challenge.body);
        let newest = rig.tenant.messages().await.unwrap().swap_remove(0);
        (mfa_token, challenge.text("oob_code"), serde_json::from_str(&newest.body).unwrap())
    }

    fn response(&self, rig: &Rig, notification: &Value, accepted: bool) -> Value {
        let now = rig.tenant.clock().now().seconds();
        json!({
            "iat": now,
            "exp": now + 30,
            "aud": rig.at("/appliance-mfa/api/resolve-transaction"),
            "iss": IDENTIFIER,
            "sub": notification["c"],
            "auth0_guardian_method": "push",
            "auth0_guardian_accepted": accepted,
        })
    }

    async fn resolve(&self, rig: &Rig, notification: &Value, response: &Value) -> Answer {
        let signed = self.key.sign("JWT", None, response).unwrap();
        resolve(rig, notification["txtkn"].as_str().unwrap(), &json!({ "challenge_response": signed })).await
    }

    async fn account(&self, rig: &Rig, method: &str, bearer: &str, body: &Value) -> Answer {
        let path = format!("/appliance-mfa/api/device-accounts/{}", self.id);
        let request = rig.http.request(method.parse().unwrap(), rig.at(&path)).body(body.to_string());
        let request = request.header("content-type", "application/json");
        rig.send(request.header("authorization", format!("Bearer {bearer}"))).await
    }

    fn assertion(&self, rig: &Rig) -> Value {
        let now = rig.tenant.clock().now().seconds();
        json!({
            "iat": now,
            "exp": now + 7200,
            "aud": rig.at("/appliance-mfa/api/device-accounts"),
            "iss": self.id,
            "sub": self.user_id,
        })
    }
}

async fn resolve(rig: &Rig, token: &str, body: &Value) -> Answer {
    rig.json("/appliance-mfa/api/resolve-transaction", Some(token), body).await
}

fn refusal(answer: &Answer) -> String {
    assert_eq!(answer.value()["statusCode"], answer.status);
    format!("{} {}", answer.status, answer.text("errorCode"))
}

#[tokio::test]
async fn a_phone_enrols_once_while_the_qr_code_is_good() {
    let rig = Rig::start().await;
    let (barcode_uri, oob_code, mfa_token) = begun(&rig).await;
    let pending = poll(&rig, &mfa_token, &oob_code).await;
    assert!(pending.failure().starts_with("400 authorization_pending"), "{}", pending.body);
    let key = SigningKey::generate_rsa2048().unwrap();
    let enrolled = enroll(&rig, &ticket(&barcode_uri), &presented(&key)).await;
    let told = enrolled.value();
    assert_eq!(enrolled.status, 200);
    assert!(told["id"].as_str().unwrap().starts_with("dev_"));
    assert_eq!(
        (&told["url"], &told["issuer"], &told["totp"]["algorithm"], &told["totp"]["digits"]),
        (&json!(rig.tenant.issuer().trim_end_matches('/')), &json!("stepup"), &json!("SHA1"), &json!(6))
    );
    let again = enroll(&rig, &ticket(&barcode_uri), &presented(&key)).await;
    assert_eq!(refusal(&again), "404 enrollment_transaction_not_found");
    rig.advance(2);
    assert_eq!(poll(&rig, &mfa_token, &oob_code).await.status, 200);

    let rig = Rig::start().await;
    let (barcode_uri, ..) = begun(&rig).await;
    rig.advance(301);
    let late = enroll(&rig, &ticket(&barcode_uri), &presented(&key)).await;
    assert_eq!(refusal(&late), "404 enrollment_transaction_not_found");
}

#[tokio::test]
async fn a_phone_is_enrolled_for_a_user_once() {
    let rig = Rig::start().await;
    let phone = Phone::enrolled(&rig).await;
    let audience = format!("{}mfa/", rig.tenant.issuer());
    let pending =
        rig.password(&[("audience", &audience), ("scope", "enroll read:authenticators")]).await.mfa_token();
    let token = rig.verify_otp(&pending, &rig.code(&phone.totp_secret)).await.text("access_token");
    let wanted = json!({ "authenticator_types": ["oob"], "oob_channels": ["auth0"] });
    let ticket = ticket(&rig.json("/mfa/associate", Some(&token), &wanted).await.text("barcode_uri"));
    let mut body = presented(&SigningKey::generate_rsa2048().unwrap());
    assert_eq!(refusal(&enroll(&rig, &ticket, &body).await), "403 device_account_conflict");
    body["identifier"] = json!("another phone");
    assert_eq!(enroll(&rig, &ticket, &body).await.status, 200, "the QR code was not taken");
    let ids: Vec<_> = rig
        .authenticators(&token)
        .await
        .value()
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .filter(|id| id.starts_with("push|"))
        .collect();
    assert_eq!(ids.len(), 2);
}

#[tokio::test]
async fn a_phone_that_brings_nonsense_is_not_enrolled() {
    let rig = Rig::start().await;
    let (barcode_uri, ..) = begun(&rig).await;
    let ticket = ticket(&barcode_uri);
    let key = SigningKey::generate_rsa2048().unwrap();
    let good = presented(&key);
    for (member, value) in [
        ("identifier", json!("")),
        ("identifier", json!(7)),
        ("name", json!("x".repeat(257))),
        ("name", Value::Null),
        ("public_key", json!({})),
        ("public_key", json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" })),
        ("public_key", json!({ "kty": "oct", "k": "c2VjcmV0" })),
        ("push_credentials", json!({ "service": "PIGEON", "token": "x" })),
        ("push_credentials", json!({ "service": "GCM", "token": "" })),
    ] {
        let mut body = good.clone();
        body[member] = value;
        assert_eq!(refusal(&enroll(&rig, &ticket, &body).await), "400 validation_error", "{body}");
    }
    assert_eq!(refusal(&enroll(&rig, "unknown", &good).await), "404 enrollment_transaction_not_found");
    let without = rig.json("/appliance-mfa/api/enroll", None, &good).await;
    assert_eq!(refusal(&without), "401 invalid_token");
    assert_eq!(enroll(&rig, &ticket, &good).await.status, 200, "nothing of that took the ticket");
}

#[tokio::test]
async fn a_question_is_approved_denied_or_over() {
    let rig = Rig::start().await;
    let phone = Phone::enrolled(&rig).await;
    let (mfa_token, oob_code, notification) = phone.asked(&rig).await;
    assert_eq!(notification["dai"], phone.id);
    let approved = phone.resolve(&rig, &notification, &phone.response(&rig, &notification, true)).await;
    assert_eq!((approved.status, approved.body.as_str()), (204, ""));
    let twice = phone.resolve(&rig, &notification, &phone.response(&rig, &notification, false)).await;
    assert_eq!(refusal(&twice), "404 login_transaction_not_found");
    assert_eq!(poll(&rig, &mfa_token, &oob_code).await.status, 200);

    let (mfa_token, oob_code, notification) = phone.asked(&rig).await;
    phone.resolve(&rig, &notification, &phone.response(&rig, &notification, false)).await;
    let denied = poll(&rig, &mfa_token, &oob_code).await;
    assert_eq!(denied.failure(), "400 access_denied: MFA Authorization rejected.");

    let (_, _, notification) = phone.asked(&rig).await;
    rig.advance(301);
    let late = phone.resolve(&rig, &notification, &phone.response(&rig, &notification, true)).await;
    assert_eq!(refusal(&late), "404 login_transaction_not_found");
}

#[tokio::test]
async fn an_answer_that_is_not_the_phones_or_not_of_now_is_refused() {
    let rig = Rig::start().await;
    let phone = Phone::enrolled(&rig).await;
    let (mfa_token, oob_code, notification) = phone.asked(&rig).await;
    let good = phone.response(&rig, &notification, true);
    let now = rig.tenant.clock().now().seconds();
    for (member, value) in [
        ("aud", json!("https://elsewhere.example/appliance-mfa/api/resolve-transaction")),
        ("aud", json!(rig.at("/api/resolve-transaction"))),
        ("iss", json!("another device")),
        ("sub", json!("another challenge")),
        ("sub", Value::Null),
        ("exp", json!(now)),
        ("exp", json!(now + 3600)),
        ("iat", json!(now + 3600)),
        ("auth0_guardian_method", json!("pigeon")),
        ("auth0_guardian_accepted", json!("yes")),
    ] {
        let mut response = good.clone();
        response[member] = value;
        assert_eq!(
            refusal(&phone.resolve(&rig, &notification, &response).await),
            "401 invalid_token",
            "{member}"
        );
    }
    let token = notification["txtkn"].as_str().unwrap();
    let other = SigningKey::generate_rsa2048().unwrap().sign("JWT", None, &good).unwrap();
    for body in [json!({ "challenge_response": other }), json!({ "challenge_response": "not a token" })] {
        assert_eq!(refusal(&resolve(&rig, token, &body).await), "401 invalid_token");
    }
    for body in [json!({}), json!([]), json!({ "challenge_response": 7 })] {
        assert_eq!(refusal(&resolve(&rig, token, &body).await), "400 validation_error");
    }
    let guessed = phone.key.sign("JWT", None, &good).unwrap();
    let guessed = resolve(&rig, "guessed", &json!({ "challenge_response": guessed })).await;
    assert_eq!(refusal(&guessed), "404 login_transaction_not_found");
    assert!(poll(&rig, &mfa_token, &oob_code).await.failure().starts_with("400 authorization_pending"));
}

#[tokio::test]
async fn libraries_that_know_a_guardian_host_use_bare_paths() {
    let rig = Rig::start().await;
    let phone = Phone::enrolled(&rig).await;
    let (.., notification) = phone.asked(&rig).await;
    let mut response = phone.response(&rig, &notification, true);
    response["aud"] = json!(rig.at("/api/resolve-transaction"));
    let signed = phone.key.sign("JWT", None, &response).unwrap();
    let token = notification["txtkn"].as_str().unwrap();
    let answer =
        rig.json("/api/resolve-transaction", Some(token), &json!({ "challenge_response": signed })).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
}

#[tokio::test]
async fn a_phone_manages_its_enrolment_and_no_other() {
    let rig = Rig::start().await;
    let phone = Phone::enrolled(&rig).await;
    let signed = phone.key.sign("JWT", None, &phone.assertion(&rig)).unwrap();
    let renamed = phone.account(&rig, "PATCH", &signed, &json!({ "name": "Ada's new phone" })).await;
    assert_eq!((renamed.status, renamed.text("name").as_str()), (200, "Ada's new phone"));
    assert!(!renamed.body.contains("fcm-token"), "how it is reached stays here");
    let by_token = phone.account(&rig, "PATCH", &phone.token, &json!({ "identifier": "new" })).await;
    assert_eq!(by_token.text("identifier"), "new");
    for (member, value) in
        [("iss", json!("dev_other")), ("sub", json!("auth0|other")), ("aud", json!("x")), ("exp", json!(1))]
    {
        let mut assertion = phone.assertion(&rig);
        assertion[member] = value;
        let signed = phone.key.sign("JWT", None, &assertion).unwrap();
        let refused = phone.account(&rig, "DELETE", &signed, &Value::Null).await;
        assert_eq!(refusal(&refused), "401 invalid_token", "{member}");
    }
    let stranger = SigningKey::generate_rsa2048().unwrap();
    let forged = stranger.sign("JWT", None, &phone.assertion(&rig)).unwrap();
    assert_eq!(refusal(&phone.account(&rig, "DELETE", &forged, &Value::Null).await), "401 invalid_token");
    let signed = phone.key.sign("JWT", None, &phone.assertion(&rig)).unwrap();
    assert_eq!(phone.account(&rig, "DELETE", &signed, &Value::Null).await.status, 204);
    let gone = phone.account(&rig, "DELETE", &signed, &Value::Null).await;
    assert_eq!(refusal(&gone), "404 device_account_not_found");
    assert!(rig.log().await.contains(&"gd_unenroll".to_owned()));
}

#[tokio::test]
async fn the_app_of_the_phone_shows_codes_too() {
    let rig = Rig::start().await;
    let phone = Phone::enrolled(&rig).await;
    let mfa_token = rig.refresh(&phone.refresh_token, &[("audience", API)]).await.mfa_token();
    assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&phone.totp_secret)).await.status, 200);
}

#[tokio::test]
async fn the_phone_is_told_what_exactly_it_agrees_to() {
    let rig = Rig::start().await;
    let phone = Phone::enrolled(&rig).await;
    let (.., notification) = phone.asked(&rig).await;
    let id = notification["txlnkid"].as_str().unwrap();
    let token = notification["txtkn"].as_str().unwrap();
    let path = format!("/rich-consents/{id}");
    let claims = json!({
        "htu": rig.at(&path),
        "htm": "GET",
        "ath": stepup_seal::base64url::encode(stepup_seal::digest::sha256(token.as_bytes())),
        "jti": "1",
        "iat": rig.tenant.clock().now().seconds(),
    });
    let ask = async |proof: &str| {
        let request = rig.http.get(rig.at(&path)).header("authorization", format!("MFA-DPoP {token}"));
        rig.send(request.header("mfa-dpop", proof)).await
    };
    let sign = |key: &SigningKey, claims: &Value| {
        key.sign_with_jwk("dpop+jwt", &key.public_jwk().unwrap(), claims).unwrap()
    };
    let proof = sign(&phone.key, &claims);
    let told = ask(&proof).await;
    assert_eq!(told.status, 200, "{}", told.body);
    let scope = ["openid", "profile", "email", "offline_access", "read:sensitive", "transfer:funds"];
    let details = json!({ "audience": API, "scope": scope, "binding_message": "" });
    assert_eq!((&told.value()["id"], &told.value()["requested_details"]), (&json!(id), &details));
    assert_eq!(refusal(&ask(&proof).await), "401 invalid_token", "a proof is good once");
    let stranger = SigningKey::generate_rsa2048().unwrap();
    assert_eq!(refusal(&ask(&sign(&stranger, &claims)).await), "401 invalid_token");
    for (member, value) in
        [("htu", json!("x")), ("htm", json!("POST")), ("ath", json!("x")), ("iat", json!(1))]
    {
        let mut claims = claims.clone();
        claims["jti"] = json!(member);
        claims[member] = value;
        assert_eq!(refusal(&ask(&sign(&phone.key, &claims)).await), "401 invalid_token", "{member}");
    }
}

#[tokio::test]
async fn a_notification_has_the_form_of_its_service() {
    let rig = Rig::start().await;
    let phone = Phone::enrolled(&rig).await;
    let (.., android) = phone.asked(&rig).await;
    assert!(android.as_object().unwrap().values().all(Value::is_string), "{android}");
    let source: Value = serde_json::from_str(android["s"].as_str().unwrap()).unwrap();
    assert_eq!((&source["b"]["n"], &android["l"]), (&json!("Unknown"), &json!("{}")));

    let apns = json!({ "push_credentials": { "service": "APNS", "token": "apns-token" } });
    assert_eq!(phone.account(&rig, "PATCH", &phone.token, &apns).await.status, 200);
    let (mfa_token, oob_code, ios) = phone.asked(&rig).await;
    assert_eq!(ios["aps"]["category"], "com.auth0.notification.authentication");
    let payload = &ios["mfa"];
    for name in ["sh", "dai", "txtkn", "c", "d", "txlnkid"] {
        assert!(payload[name].is_string(), "{name}: {ios}");
    }
    assert_eq!((&payload["s"]["b"]["n"], &payload["l"]), (&json!("Unknown"), &json!({})));
    let approved = phone.resolve(&rig, payload, &phone.response(&rig, payload, true)).await;
    assert_eq!(approved.status, 204, "{}", approved.body);
    assert_eq!(poll(&rig, &mfa_token, &oob_code).await.status, 200);
}

#[tokio::test]
async fn virtual_phones_scan_and_answer_by_remote_control() {
    let rig = Rig::built(Tenant::builder().control(true)).await;
    let (url, key) = rig.tenant.control().unwrap();
    let control = async |method: &str, path: &str, body: Value| {
        let request = rig.http.request(method.parse().unwrap(), format!("{url}/{path}"));
        let request = request.header("authorization", format!("Bearer {key}"));
        rig.send(if body.is_null() { request } else { request.body(body.to_string()) }).await
    };
    let (barcode_uri, oob_code, mfa_token) = begun(&rig).await;
    let device = control("POST", "devices", json!({ "barcode_uri": barcode_uri })).await;
    assert_eq!(device.text("kind"), "push");
    let code = control("GET", &format!("devices/{}/code", device.text("device_id")), Value::Null).await;
    assert_eq!(code.text("code").len(), 6);
    let again = control("POST", "devices", json!({ "barcode_uri": barcode_uri })).await;
    assert_eq!(again.status, 400, "{}", again.body);
    let verified = poll(&rig, &mfa_token, &oob_code).await;
    for (decision, expected) in [("approve", 200), ("deny", 400)] {
        rig.advance(2);
        let refresh_token = rig.refresh_token().await;
        let mfa_token = rig.refresh(&refresh_token, &[("audience", API)]).await.mfa_token();
        let challenge = rig.challenge(&mfa_token, &json!({ "challenge_type": "oob" })).await;
        let pending = control("GET", "push", Value::Null).await.value();
        let id = pending[0]["id"].as_str().unwrap();
        assert_eq!(pending[0]["authenticator_id"], format!("push|{}", device.text("enrollment_id")));
        assert_eq!(pending[0]["payload"]["txtkn"], Value::Null, "only the phone is told its token");
        let answered = control("POST", &format!("push/{id}"), json!({ "decision": decision })).await;
        assert_eq!(answered.status, 200, "{}", answered.body);
        let again = control("POST", &format!("push/{id}"), json!({ "decision": decision })).await;
        assert_eq!(again.status, 404);
        assert_eq!(poll(&rig, &mfa_token, &challenge.text("oob_code")).await.status, expected, "{decision}");
    }
    assert_eq!(verified.status, 200);
    for body in [json!({ "decision": "maybe" }), json!({}), json!([])] {
        assert_eq!(control("POST", "push/x", body).await.status, 400);
    }
    assert_eq!(control("POST", "devices", json!({ "barcode_uri": "http://x/" })).await.status, 400);
}
