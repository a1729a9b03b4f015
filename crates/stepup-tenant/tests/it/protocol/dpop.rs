//! Proofs of possession.

use serde_json::{Value, json};
use stepup_seal::{base64url, digest};

use super::{Prover, with_clients};
use crate::rig::{
    ADA, API, Answer, Browser, CALLBACK, Config, OTP_GRANT, PASSWORD, Rig, VERIFIER, WEBAPP, WEBAPP_SECRET,
};

const NATIVE: &str = "stepup-native";
const NONCE_NEEDED: &str = "400 use_dpop_nonce: Authorization server requires nonce in DPoP proof";

/// A token request with these proofs.
async fn token(rig: &Rig, proofs: &[String], fields: &[(&str, &str)]) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut request = rig.http.post(rig.at("/oauth/token")).body(body);
    for proof in proofs {
        request = request.header("dpop", proof);
    }
    rig.send(request.header("content-type", "application/x-www-form-urlencoded")).await
}

fn password<'a>(client: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields =
        vec![("client_id", client), ("grant_type", "password"), ("username", ADA), ("password", PASSWORD)];
    if client == WEBAPP {
        fields.push(("client_secret", WEBAPP_SECRET));
    }
    fields.extend_from_slice(more);
    fields
}

async fn with_proof(rig: &Rig, key: &Prover, fields: &[(&str, &str)]) -> Answer {
    token(rig, &[key.proof(rig, "/oauth/token", &json!({}))], fields).await
}

async fn with_nonce(rig: &Rig, key: &Prover, fields: &[(&str, &str)]) -> Answer {
    let refused = with_proof(rig, key, fields).await;
    assert_eq!(refused.failure(), NONCE_NEEDED);
    let nonce = refused.header("dpop-nonce").to_owned();
    token(rig, &[key.proof(rig, "/oauth/token", &json!({ "nonce": nonce }))], fields).await
}

#[tokio::test]
async fn a_token_is_bound_to_the_key_that_was_shown() {
    let rig = Rig::with(&Config::default()).await;
    let key = Prover::new();
    let fields = password(WEBAPP, &[("audience", API), ("scope", "openid read:sensitive")]);
    let tokens = with_proof(&rig, &key, &fields).await;
    assert_eq!((tokens.status, tokens.text("token_type")), (200, "DPoP".to_owned()), "{}", tokens.body);
    assert_eq!(tokens.claims("access_token")["cnf"], json!({ "jkt": key.jkt() }));
    let plain = rig.password(&[("audience", API)]).await;
    assert_eq!(plain.text("token_type"), "Bearer");
    assert!(plain.claims("access_token").get("cnf").is_none());
}

#[tokio::test]
async fn machines_prove_keys_too() {
    let rig = Rig::start().await;
    let key = Prover::new();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", "stepup-m2m"),
        ("client_secret", "stepup-m2m-secret"),
        ("audience", API),
    ];
    let tokens = with_proof(&rig, &key, &fields).await;
    assert_eq!(tokens.text("token_type"), "DPoP");
    assert_eq!(tokens.claims("access_token")["cnf"]["jkt"], key.jkt());
}

#[tokio::test]
async fn a_public_client_needs_a_nonce() {
    let rig = Rig::start().await;
    let key = Prover::new();
    let fields = password(NATIVE, &[("scope", "openid offline_access")]);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    let request = rig.http.post(rig.at("/oauth/token")).body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.header("origin", "http://localhost:3000");
    let refused = rig.send(request.header("dpop", key.proof(&rig, "/oauth/token", &json!({})))).await;
    assert_eq!(refused.failure(), NONCE_NEEDED);
    assert!(refused.header("access-control-expose-headers").contains("dpop-nonce"));
    assert_eq!(refused.header("access-control-allow-origin"), "http://localhost:3000");

    let nonce = refused.header("dpop-nonce").to_owned();
    let proof = |nonce: &str| key.proof(&rig, "/oauth/token", &json!({ "nonce": nonce }));
    let tokens = token(&rig, &[proof(&nonce)], &fields).await;
    assert_eq!(tokens.text("token_type"), "DPoP", "{}", tokens.body);
    let next = tokens.header("dpop-nonce").to_owned();
    assert_eq!(token(&rig, &[proof(&next)], &fields).await.status, 200, "the answer brought the next");
    rig.advance(300);
    assert_eq!(token(&rig, &[proof(&next)], &fields).await.failure(), NONCE_NEEDED, "too old");
    assert_eq!(token(&rig, &[proof("invented")], &fields).await.failure(), NONCE_NEEDED);
}

#[tokio::test]
async fn another_process_of_the_tenant_knows_the_nonce_and_the_used_proofs() {
    use stepup_tenant::Tenant;
    let scratch = crate::support::Scratch::new();
    let start = || Tenant::builder().database(&scratch.database());
    let (one, two) = (Rig::built(start()).await, Rig::built(start()).await);
    let key = Prover::new();
    let fields = password(NATIVE, &[]);
    let refused = with_proof(&one, &key, &fields).await;
    let more = json!({ "nonce": refused.header("dpop-nonce") });
    let tokens = token(&two, &[key.proof(&two, "/oauth/token", &more)], &fields).await;
    assert_eq!(tokens.text("token_type"), "DPoP", "{}", tokens.body);
}

#[tokio::test]
async fn a_proof_is_good_once_and_for_one_request() {
    let rig = Rig::with(&Config::default()).await;
    let key = Prover::new();
    let fields = password(WEBAPP, &[]);
    let proof = key.proof(&rig, "/oauth/token", &json!({}));
    assert_eq!(token(&rig, std::slice::from_ref(&proof), &fields).await.status, 200);
    let refused = |said: &str| format!("400 invalid_dpop_proof: {said}");
    assert_eq!(
        token(&rig, std::slice::from_ref(&proof), &fields).await.failure(),
        refused("the DPoP proof was used before")
    );
    let at = super::now(&rig).seconds();
    for (change, said) in [
        (json!({ "htm": "GET" }), "the htm of the DPoP proof is not the method of the request"),
        (
            json!({ "htu": rig.at("/userinfo") }),
            "the htu of the DPoP proof is not the address of the endpoint",
        ),
        (json!({ "iat": at - 301 }), "the iat of the DPoP proof is too old or in the future"),
        (json!({ "iat": at + 31 }), "the iat of the DPoP proof is too old or in the future"),
        (
            json!({ "jti": Value::Null }),
            "the DPoP proof is not a JWT of type dpop+jwt with jti, htm, htu and iat",
        ),
    ] {
        let proof = key.proof(&rig, "/oauth/token", &change);
        assert_eq!(token(&rig, &[proof], &fields).await.failure(), refused(said), "{change}");
    }
    for proof in ["garbage", "a.b.c", ""] {
        assert_eq!(
            token(&rig, &[proof.to_owned()], &fields).await.failure(),
            refused("the DPoP proof is not signed with ES256 by the public key in its header")
        );
    }
    let two = [key.proof(&rig, "/oauth/token", &json!({})), key.proof(&rig, "/oauth/token", &json!({}))];
    assert_eq!(token(&rig, &two, &fields).await.failure(), refused("there is more than one DPoP proof"));
}

#[tokio::test]
async fn userinfo_wants_the_key_of_a_bound_token() {
    let rig = Rig::with(&Config::default()).await;
    let key = Prover::new();
    let ask = async |token: &str, scheme: &str, proof: Option<String>| {
        let mut request =
            rig.http.get(rig.at("/userinfo")).header("authorization", format!("{scheme} {token}"));
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        rig.send(request).await
    };
    let opaque = with_proof(&rig, &key, &password(WEBAPP, &[("scope", "openid")])).await.text("access_token");
    let for_api = password(WEBAPP, &[("scope", "openid"), ("audience", API)]);
    let jwt = with_proof(&rig, &key, &for_api).await.text("access_token");
    for token in [opaque, jwt] {
        let ath = base64url::encode(digest::sha256(token.as_bytes()));
        let proof = |key: &Prover, more: Value| {
            let mut claims = json!({ "htm": "GET", "ath": ath });
            claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Some(key.proof(&rig, "/userinfo", &claims))
        };
        let good = ask(&token, "dpop", proof(&key, json!({}))).await;
        assert_eq!((good.status, good.value()["sub"].is_string()), (200, true), "{}", good.body);
        for (scheme, proof, error) in [
            ("Bearer", None, "Bearer realm=\"Users\", error=\"invalid_token\""),
            ("Bearer", proof(&key, json!({})), "Bearer realm=\"Users\", error=\"invalid_token\""),
            ("DPoP", None, "DPoP realm=\"Users\", algs=\"ES256\", error=\"invalid_dpop_proof\""),
            (
                "DPoP",
                proof(&Prover::new(), json!({})),
                "DPoP realm=\"Users\", algs=\"ES256\", error=\"invalid_token\"",
            ),
            (
                "DPoP",
                proof(&key, json!({ "ath": "x" })),
                "DPoP realm=\"Users\", algs=\"ES256\", error=\"invalid_dpop_proof\"",
            ),
            (
                "DPoP",
                proof(&key, json!({ "htm": "POST" })),
                "DPoP realm=\"Users\", algs=\"ES256\", error=\"invalid_dpop_proof\"",
            ),
        ] {
            let refused = ask(&token, scheme, proof).await;
            assert_eq!((refused.status, refused.body.as_str()), (401, "Unauthorized"));
            assert!(
                refused.header("www-authenticate").starts_with(error),
                "{}",
                refused.header("www-authenticate")
            );
        }
    }
    let plain = rig.password(&[("scope", "openid")]).await.text("access_token");
    let ath = base64url::encode(digest::sha256(plain.as_bytes()));
    let proof = key.proof(&rig, "/userinfo", &json!({ "htm": "GET", "ath": ath }));
    assert_eq!(ask(&plain, "DPoP", Some(proof)).await.status, 401, "a plain token is none of a key's");
}

#[tokio::test]
async fn refresh_tokens_of_public_clients_stay_with_their_key() {
    let rig = Rig::start().await;
    let (key, thief) = (Prover::new(), Prover::new());
    let tokens = with_nonce(&rig, &key, &password(NATIVE, &[("scope", "openid offline_access")])).await;
    let stolen = tokens.text("refresh_token");
    let fields = [("client_id", NATIVE), ("grant_type", "refresh_token"), ("refresh_token", stolen.as_str())];
    assert_eq!(
        rig.form("/oauth/token", &fields).await.failure(),
        "400 invalid_dpop_proof: a DPoP proof is needed"
    );
    assert_eq!(
        with_nonce(&rig, &thief, &fields).await.failure(),
        "400 invalid_dpop_proof: the DPoP proof is by another key"
    );
    let rotated = with_nonce(&rig, &key, &fields).await;
    assert_eq!(rotated.text("token_type"), "DPoP", "{}", rotated.body);
    let child = rotated.text("refresh_token");
    let fields = [("client_id", NATIVE), ("grant_type", "refresh_token"), ("refresh_token", child.as_str())];
    assert_eq!(with_nonce(&rig, &thief, &fields).await.status, 400, "the child too");

    let rig = Rig::with(&Config::default()).await;
    let fields = password(WEBAPP, &[("scope", "openid offline_access")]);
    let token = with_proof(&rig, &key, &fields).await.text("refresh_token");
    let plain = rig.refresh(&token, &[]).await;
    assert_eq!(plain.text("token_type"), "Bearer", "a confidential client shows its secret instead");
}

#[tokio::test]
async fn a_code_goes_to_the_key_that_the_request_named() {
    let rig = Rig::with(&Config::default()).await;
    let (key, thief) = (Prover::new(), Prover::new());
    let jkt = key.jkt();
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("dpop_jkt", &jkt)]).await;
    let mut end = browser.log_in(&page).await;
    for (prover, expected) in
        [(Some(&thief), Some("400 invalid_dpop_proof: the DPoP proof is by another key")), (Some(&key), None)]
    {
        let code = end.parameter("code");
        let fields = [
            ("client_id", WEBAPP),
            ("client_secret", WEBAPP_SECRET),
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let proofs: Vec<_> =
            prover.iter().map(|prover| prover.proof(&rig, "/oauth/token", &json!({}))).collect();
        let answer = token(&rig, &proofs, &fields).await;
        match expected {
            Some(expected) => assert_eq!(answer.failure(), expected),
            None => assert_eq!(answer.text("token_type"), "DPoP", "{}", answer.body),
        }
        end = browser.authorize(&[("dpop_jkt", &jkt)]).await;
    }
    let wrong = browser.authorize(&[("dpop_jkt", "short")]).await;
    assert_eq!(wrong.failure(), "invalid_request: dpop_jkt is not the SHA-256 thumbprint of a key");
}

#[tokio::test]
async fn a_forgotten_proof_spends_no_code() {
    let rig = Rig::with(&Config::default()).await;
    let key = Prover::new();
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("dpop_jkt", &key.jkt())]).await;
    let end = browser.log_in(&page).await;
    let refused = browser.exchange_code(&end).await;
    assert_eq!(refused.failure(), "400 invalid_dpop_proof: a DPoP proof is needed");
    let code = end.parameter("code");
    let fields = [
        ("client_id", WEBAPP),
        ("client_secret", WEBAPP_SECRET),
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(with_proof(&rig, &key, &fields).await.text("token_type"), "DPoP");
    let replayed = browser.exchange_code(&end).await;
    assert_eq!(replayed.failure(), "403 invalid_grant: Invalid authorization code");
}

#[tokio::test]
async fn a_second_factor_goes_to_the_key_of_the_first_request() {
    let rig = Rig::with(&Config::policy("all-applications")).await;
    let (key, thief) = (Prover::new(), Prover::new());
    let mfa_token = with_proof(&rig, &key, &password(WEBAPP, &[("audience", API)])).await.mfa_token();
    let secret = rig.associate(&mfa_token).await.text("secret");
    let otp = rig.code(&secret);
    let fields = [
        ("client_id", WEBAPP),
        ("client_secret", WEBAPP_SECRET),
        ("grant_type", OTP_GRANT),
        ("mfa_token", mfa_token.as_str()),
        ("otp", otp.as_str()),
    ];
    assert_eq!(token(&rig, &[], &fields).await.failure(), "400 invalid_dpop_proof: a DPoP proof is needed");
    assert_eq!(
        with_proof(&rig, &thief, &fields).await.failure(),
        "400 invalid_dpop_proof: the DPoP proof is by another key"
    );
    let tokens = with_proof(&rig, &key, &fields).await;
    assert_eq!(tokens.text("token_type"), "DPoP", "{}", tokens.body);
    assert_eq!(tokens.claims("access_token")["cnf"]["jkt"], key.jkt());
}

#[tokio::test]
async fn the_mfa_api_takes_a_bound_token_with_its_keys_proof_alone() {
    let rig = Rig::with(&Config::default()).await;
    let key = Prover::new();
    let audience = rig.at("/mfa/");
    let scope = "enroll read:authenticators remove:authenticators";
    let fields = password(WEBAPP, &[("audience", &audience), ("scope", scope)]);
    let token = with_proof(&rig, &key, &fields).await.text("access_token");
    let ath = base64url::encode(digest::sha256(token.as_bytes()));
    let call = async |method: &str, path: &str, scheme: &str, token: &str, proof: Option<String>| {
        let mut request = rig.http.request(method.parse().unwrap(), rig.at(path));
        request = request.header("authorization", format!("{scheme} {token}"));
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        let body = json!({ "authenticator_types": ["otp"] }).to_string();
        rig.send(request.header("content-type", "application/json").body(body)).await
    };
    let proof = |key: &Prover, method: &str, path: &str| {
        Some(key.proof(&rig, path, &json!({ "htm": method, "ath": ath })))
    };
    let refused = "401 invalid_grant: The mfa_token provided is invalid. Try getting a new token.";
    for (method, path) in [
        ("POST", "/mfa/associate"),
        ("GET", "/mfa/authenticators"),
        ("DELETE", "/mfa/authenticators/totp%7Cdev_unknown"),
    ] {
        for proof in [None, proof(&key, method, path)] {
            assert_eq!(call(method, path, "Bearer", &token, proof).await.failure(), refused, "{path}");
        }
        let good = proof(&key, method, path);
        let answer = call(method, path, "DPoP", &token, good.clone()).await;
        assert_eq!(answer.status, if method == "DELETE" { 404 } else { 200 }, "{path}: {}", answer.body);
        for (proof, why) in [
            (None, "a DPoP proof is needed"),
            (good, "the DPoP proof was used before"),
            (proof(&Prover::new(), method, path), "the DPoP proof is by another key"),
            (
                proof(&key, method, "/mfa/challenge"),
                "the htu of the DPoP proof is not the address of the endpoint",
            ),
        ] {
            let answer = call(method, path, "DPoP", &token, proof).await;
            assert_eq!(answer.failure(), format!("400 invalid_dpop_proof: {why}"), "{path}");
        }
    }
    let plain = rig.password(&[("audience", &audience), ("scope", scope)]).await.text("access_token");
    assert_eq!(rig.authenticators(&plain).await.status, 200);
    let proof = key.proof(&rig, "/mfa/authenticators", &json!({ "htm": "GET" }));
    assert_eq!(call("GET", "/mfa/authenticators", "DPoP", &plain, Some(proof)).await.failure(), refused);
}

#[tokio::test]
async fn the_management_api_takes_a_bound_token_with_its_keys_proof_alone() {
    let rig = Rig::start().await;
    let key = Prover::new();
    let audience = rig.at("/api/v2/");
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", "stepup-m2m"),
        ("client_secret", "stepup-m2m-secret"),
        ("audience", &audience),
    ];
    let bound = with_proof(&rig, &key, &fields).await.text("access_token");
    let plain = token(&rig, &[], &fields).await.text("access_token");
    let proof = |key: &Prover, method: &str, path: &str| {
        let ath = base64url::encode(digest::sha256(bound.as_bytes()));
        Some(key.proof(&rig, path, &json!({ "htm": method, "ath": ath })))
    };
    let call = async |method: &str, scheme: &str, token: &str, proof: Option<String>| {
        let mut request = rig.http.request(method.parse().unwrap(), rig.at("/api/v2/users?per_page=1"));
        request = request.header("authorization", format!("{scheme} {token}"));
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        rig.send(request.header("content-type", "application/json").body("{}")).await
    };
    let users = "/api/v2/users";
    let good = proof(&key, "GET", users);
    let answer = call("GET", "DPoP", &bound, good.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = call("POST", "dpop", &bound, proof(&key, "POST", users)).await;
    assert!(answer.text("message").starts_with("Payload validation error"), "{}", answer.body);
    for (proof, why) in [
        (None, "a DPoP proof is needed"),
        (good, "the DPoP proof was used before"),
        (proof(&Prover::new(), "GET", users), "the DPoP proof is by another key"),
        (
            proof(&key, "GET", "/api/v2/clients"),
            "the htu of the DPoP proof is not the address of the endpoint",
        ),
        (proof(&key, "POST", users), "the htm of the DPoP proof is not the method of the request"),
    ] {
        let refused = call("GET", "DPoP", &bound, proof).await;
        assert_eq!(refused.refusal(), format!("400 invalid_dpop_proof: {why}"));
    }
    for (scheme, token, proof, why) in [
        ("Bearer", &bound, None, "is bound to a key: present it as DPoP, with a proof"),
        ("Bearer", &bound, proof(&key, "GET", users), "is bound to a key: present it as DPoP, with a proof"),
        ("DPoP", &plain, proof(&key, "GET", users), "is not bound to a key: present it as Bearer"),
    ] {
        let refused = call("GET", scheme, token, proof).await;
        assert_eq!(refused.refusal(), format!("401 -: The access token {why}"));
    }
    assert_eq!(call("GET", "Bearer", &plain, None).await.status, 200);
}

#[tokio::test]
async fn clients_and_apis_may_demand_it() {
    let rig = with_clients(
        r#"  - name: bound
    client_id: bound
    client_secret: bound-secret
    app_type: regular_web
    grant_types: [ password ]
    require_proof_of_possession: true
  - name: open
    client_id: open
    app_type: native
    grant_types: [ password ]"#,
    )
    .await;
    let needed = "400 invalid_dpop_proof: a DPoP proof is needed";
    let key = Prover::new();
    let mut fields = password("bound", &[("client_secret", "bound-secret")]);
    assert_eq!(token(&rig, &[], &fields).await.failure(), needed);
    assert_eq!(with_proof(&rig, &key, &fields).await.text("token_type"), "DPoP");

    for (setting, confidential, public) in [
        ("{ mechanism: dpop, required: true }", true, true),
        ("{ mechanism: dpop, required: true, required_for: public_clients }", false, true),
        ("{ mechanism: dpop, required: false }", false, false),
    ] {
        let yaml = Config::default()
            .yaml()
            .replacen("clients:\n", "clients:\n  - { name: open, client_id: open, app_type: native, grant_types: [ password ] }\n", 1)
            .replacen("    allow_offline_access", &format!("    proof_of_possession: {setting}\n    allow_offline_access"), 1);
        let rig = Rig::built(stepup_tenant::Tenant::builder().config_yaml(&yaml)).await;
        fields = password(WEBAPP, &[("audience", API)]);
        let answer = token(&rig, &[], &fields).await;
        assert_eq!(answer.status, if confidential { 400 } else { 200 }, "{setting}: {}", answer.body);
        fields = password("open", &[("audience", API)]);
        let answer = token(&rig, &[], &fields).await;
        assert_eq!(answer.status, if public { 400 } else { 200 }, "{setting}: {}", answer.body);
        assert_eq!(
            token(&rig, &[], &password(WEBAPP, &[])).await.status,
            200,
            "for userinfo alone it is not"
        );
    }
}
