//! A client that signs, pushes its authorization requests and binds its tokens to a key, against the tenant: what each
//! request proves.

use std::collections::{BTreeMap, BTreeSet};

use http::{Method, header};
use serde_json::{Value, json};
use stepup::{
    AccessTokenRequest, Client, ClientAuthentication, ClientBuilder, UserInfoError,
    mfa::{Challenge, Enroll, Verify},
};
use stepup_protocol::jwk::JwkSet;
use stepup_seal::{
    base64url, digest,
    jws::{Algorithm, KeySet, SigningKey, verify_self_signed},
    thumbprint,
};
use stepup_tenant::{Fault, Tenant};
use url::Url;

use crate::{
    captured::Captured,
    house::{House, transfer},
    step_up::{ada, due_with, required, transfer as wanted},
    support::{Answer, Hands, ISSUER, Jar, NOW, SECRET, Script, builder, get, handle},
};

pub(crate) const CLIENT_KEY: &str = include_str!("../fixtures/client-key.pem");
const CLIENT_PUBLIC_KEY: &str = include_str!("../fixtures/client-public-key.pem");
pub(crate) const DPOP_KEY: &str = include_str!("../fixtures/dpop-key.pem");
const DPOP_PUBLIC_KEY: &str = include_str!("../fixtures/dpop-public-key.pem");
const OTHER_PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvu8+087F7Myer8Z8NQ9h6DAkDh4l
UL5+vwdKcI02LPNEN/8aig9/WlPYteAagopDsNzREpDxMkIb1OPQCprpSg==
-----END PUBLIC KEY-----";
const STEP_UP: &str = include_str!("../../../../examples/actions/step-up.js");

/// One client, which signs; its tokens for the API take a second factor.
pub(crate) async fn tenant() -> Tenant {
    let configuration = json!({
        "tenant": { "default_directory": "Username-Password-Authentication" },
        "clients": [{
            "name": "signed", "client_id": "signed", "app_type": "regular_web",
            "token_endpoint_auth_method": "private_key_jwt",
            "client_authentication_methods": { "private_key_jwt": { "credentials": [
                { "name": "key", "credential_type": "public_key", "alg": "RS256", "pem": CLIENT_PUBLIC_KEY } ] } },
            "callbacks": ["http://localhost:*"],
            "allowed_logout_urls": ["http://localhost:*"],
            "grant_types": ["authorization_code", "refresh_token", "http://auth0.com/oauth/grant-type/mfa-otp"],
            "refresh_token": { "rotation_type": "rotating", "expiration_type": "expiring", "policies": [
                { "audience": "https://api.example.com", "scope": ["transfer:funds"] } ] },
        }],
        "resourceServers": [{
            "name": "API", "identifier": "https://api.example.com", "scopes": [{ "value": "transfer:funds" }],
            "allow_offline_access": true, "skip_consent_for_verifiable_first_party_clients": true,
        }],
        "databases": [{ "name": "Username-Password-Authentication", "strategy": "auth0", "enabled_clients": ["signed"] }],
        "guardianFactors": [{ "name": "otp", "enabled": true }, { "name": "recovery-code", "enabled": true }],
        "actions": [{ "name": "step-up", "code": STEP_UP, "runtime": "node22",
                      "supported_triggers": [{ "id": "post-login", "version": "v3" }] }],
        "triggers": { "post-login": [{ "action_name": "step-up", "display_name": "step-up" }] },
    });
    Tenant::builder().config_yaml(&configuration.to_string()).start().await.unwrap()
}

async fn house() -> House {
    House::of(tenant().await, signed)
}

/// A client that signs, binds its tokens, and pushes its authorization requests.
pub(crate) fn signed(client: ClientBuilder) -> ClientBuilder {
    client
        .client_id("signed")
        .client_assertion_signing_key(CLIENT_KEY)
        .client_secret("wins over nothing")
        .dpop_key(DPOP_KEY)
        .dpop_public_key(DPOP_PUBLIC_KEY)
        .pushed_authorization_requests(true)
}

/// What the tenant was sent at `path`: the members of each body, and its proof.
fn sent(house: &House, path: &str) -> Vec<(BTreeMap<String, String>, Option<String>)> {
    let requests = house.tenant.requests();
    let at = requests.iter().filter(|exchange| exchange.path == path && exchange.method == "POST");
    at.map(|exchange| {
        let members = if exchange.body.starts_with('{') {
            serde_json::from_str(&exchange.body).unwrap()
        } else {
            form_urlencoded::parse(exchange.body.as_bytes()).into_owned().collect()
        };
        (members, exchange.headers.get("dpop").cloned())
    })
    .collect()
}

/// The claims of an assertion that the client made.
fn assertion(members: &BTreeMap<String, String>) -> Value {
    assert_eq!(members["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert!(!members.contains_key("client_secret"), "the key wins");
    assert_eq!(members["client_id"], "signed");
    let key = SigningKey::from_pkcs8_pem(CLIENT_KEY, Algorithm::Rs256).unwrap().public_jwk().unwrap();
    let keys = KeySet::new(&JwkSet { keys: vec![key] });
    let verified = keys.verify(&members["client_assertion"], &[Algorithm::Rs256]).unwrap();
    assert_eq!(verified.header.typ.as_deref(), Some("JWT"));
    verified.claims().unwrap()
}

/// The claims of a proof, and the thumbprint of its key.
pub(crate) fn proved(proof: &str) -> (Value, String) {
    let signed = verify_self_signed(proof, &[Algorithm::Es256]).unwrap();
    assert_eq!(signed.verified.header.typ.as_deref(), Some("dpop+jwt"));
    assert_eq!((&signed.jwk.alg, &signed.jwk.usage), (&None, &None), "the key, and nothing else");
    (signed.verified.claims().unwrap(), thumbprint::sha256(&signed.jwk).unwrap())
}

/// A client that logs what it sends tells nobody what the application or the user proves themselves with.
#[tokio::test]
async fn the_headers_of_no_request_print_a_secret() {
    let script = Script::new();
    script.discovery(|document| document["userinfo_endpoint"] = format!("{ISSUER}userinfo").into());
    let client = builder(&script, &Hands::at(NOW)).secret(SECRET);
    let client =
        client.client_authentication(ClientAuthentication::Basic).dpop_key(DPOP_KEY).build().unwrap();
    let mut state = ada(&client);
    script
        .answer(Answer::Json(200, json!({ "access_token": "at-2", "expires_in": 60, "token_type": "DPoP" })));
    script.answer(Answer::Json(200, json!({ "sub": "auth0|ada" })));
    client.user_info(state.session_mut().unwrap()).await.unwrap();
    script.answer(due_with("raw-1"));
    let token = required(&client, &mut state, &wanted()).await.mfa_token.unwrap();
    script.answer(Answer::Json(200, json!([])));
    client.mfa().of(state.session()).authenticators(&token).await.unwrap();

    let mut schemes = BTreeSet::new();
    for request in script.requests() {
        let printed = format!("{:?}", request.headers);
        for value in ["authorization", "dpop"].into_iter().filter_map(|name| request.headers.get(name)) {
            let value = value.to_str().unwrap();
            assert!(!printed.contains(value), "{printed}");
            schemes.extend(value.split_once(' ').map(|(scheme, _)| scheme.to_owned()));
        }
    }
    assert_eq!(schemes, ["Basic", "Bearer", "DPoP"].map(str::to_owned).into());
}

/// What is wrong is the token, and not an address.
#[tokio::test]
async fn an_access_token_that_no_header_takes_is_not_sent() {
    let script = Script::new();
    script.discovery(|document| document["userinfo_endpoint"] = format!("{ISSUER}userinfo").into());
    let client = builder(&script, &Hands::at(NOW)).secret(SECRET).build().unwrap();
    let mut state = ada(&client);
    let token = json!({ "access_token": "at\n2", "expires_in": 60, "token_type": "Bearer" });
    script.answer(Answer::Json(200, token));
    let error = client.user_info(state.session_mut().unwrap()).await.unwrap_err();
    let UserInfoError::Provider(error) = error else { panic!("{error:?}") };
    assert_eq!(error.to_string(), "the request to the userinfo endpoint could not be made");
    assert_eq!(script.requests().len(), 1, "the refresh");
}

#[tokio::test]
async fn every_request_of_a_login_and_a_step_up_is_proved() {
    let house = house().await;
    let mut state = house.log_in().await;
    let due = house.due(&mut state).await.mfa_token.unwrap();
    let mfa = house.client.mfa();
    let app = mfa.enroll(&due, &Enroll::otp()).await.unwrap();
    let code = house.tenant.totp(&app.secret.unwrap()).unwrap();
    mfa.challenge(&due, &Challenge::otp()).await.unwrap_err();
    mfa.verify(&mut state, &due, Verify::otp(code)).await.unwrap();
    let session = state.session().unwrap();
    assert!(session.token_sets().all(|set| set.token_type() == Some("DPoP")), "{session:?}");
    let mut jar = Jar::default();
    jar.take(
        &house
            .client
            .write_session(&state)
            .unwrap()
            .into_iter()
            .map(|cookie| (header::SET_COOKIE, cookie))
            .collect(),
    );
    assert_eq!(handle(&house.client, get("/auth/logout", &jar.line())).await.status(), 307);

    let now = house.tenant.clock().now().seconds();
    let mut ids = BTreeSet::new();
    for (path, times) in [("/oauth/par", 1), ("/oauth/token", 3), ("/mfa/challenge", 1), ("/oauth/revoke", 1)]
    {
        let requests = sent(&house, path);
        assert_eq!(requests.len(), times, "{path}");
        for (members, _) in &requests {
            let claims = assertion(members);
            assert_eq!((&claims["iss"], &claims["sub"]), (&json!("signed"), &json!("signed")));
            assert_eq!(claims["aud"], house.tenant.issuer());
            let at = |name: &str| claims[name].as_i64().unwrap();
            assert_eq!((at("nbf"), at("exp")), (at("iat"), at("iat") + 60));
            assert!((now - 60..=now).contains(&at("iat")));
            assert!(ids.insert(claims["jti"].to_string()), "a fresh one each time");
        }
        // Only tokens are bound to the key.
        for (_, proof) in requests {
            let Some(proof) = proof else {
                assert_ne!(path, "/oauth/token");
                continue;
            };
            assert_eq!(path, "/oauth/token");
            let (claims, jkt) = proved(&proof);
            assert_eq!(Some(jkt.as_str()), house.client.dpop_thumbprint());
            assert_eq!(
                (&claims["htm"], &claims["htu"]),
                (&json!("POST"), &json!(format!("{}oauth/token", house.tenant.issuer())))
            );
            assert_eq!(claims.get("ath"), None);
            assert!(ids.insert(claims["jti"].to_string()));
        }
    }
    let token = house.token(&mut state, &transfer()).await;
    let payload = base64url::decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(claims["cnf"]["jkt"].as_str(), house.client.dpop_thumbprint());
}

#[tokio::test]
async fn the_browser_carries_only_what_stands_for_the_request() {
    let house = house().await;
    let answer = handle(&house.client, get("/auth/login?returnTo=/a&ui_locales=de&dpop_jkt=x", "")).await;
    assert_eq!(answer.status(), 307);
    let location = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    let carried: BTreeMap<_, _> = location.query_pairs().into_owned().collect();
    assert_eq!(carried.keys().collect::<Vec<_>>(), ["client_id", "request_uri"]);
    assert!(carried["request_uri"].starts_with("urn:ietf:params:oauth:request_uri:"));

    let (pushed, proof) = sent(&house, "/oauth/par").remove(0);
    assert_eq!(proof, None);
    assert_eq!(pushed["dpop_jkt"], house.client.dpop_thumbprint().unwrap(), "and nobody else's");
    assert_eq!((&*pushed["response_type"], &*pushed["ui_locales"]), ("code", "de"));
    assert_eq!(pushed["scope"], "openid profile email offline_access");
    assert_eq!(pushed["redirect_uri"], "http://localhost:3000/auth/callback");
    for random in ["state", "nonce", "code_challenge"] {
        assert_eq!(pushed[random].len(), 43, "{random}");
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_pushed_begins_no_login() {
    let house = house().await;
    let refused = json!({ "error": "invalid_request", "error_description": "no" });
    for fault in [
        Fault { status: Some(400), body: Some(refused), ..Fault::on("POST", "/oauth/par") },
        Fault {
            status: Some(201),
            body: Some(json!({ "request_uri": "" })),
            ..Fault::on("POST", "/oauth/par")
        },
        Fault { status: Some(201), body: Some(json!({})), ..Fault::on("POST", "/oauth/par") },
        Fault { drop: true, ..Fault::on("POST", "/oauth/par") },
    ] {
        house.tenant.fail_next(fault.clone());
        let answer = handle(&house.client, get("/auth/login", "")).await;
        assert_eq!(answer.status(), 500, "{fault:?}");
        assert!(!answer.headers().contains_key("set-cookie") && !answer.headers().contains_key("location"));
    }
    assert_eq!(handle(&house.client, get("/auth/login", "")).await.status(), 307);
}

/// The tenant's own word, and not its endpoint's.
#[tokio::test]
async fn a_tenant_without_an_endpoint_to_push_to_is_told_so() {
    let (captured, _guards) = Captured::begin();
    let script = Script::new();
    let client = builder(&script, &Hands::at(NOW)).secret(SECRET).pushed_authorization_requests(true);
    let client = client.build().unwrap();
    let answer = handle(&client, get("/auth/login", "")).await;
    assert_eq!(answer.status(), 500);
    assert!(!answer.headers().contains_key("set-cookie") && !answer.headers().contains_key("location"));
    let failed = captured.at(tracing::Level::ERROR);
    let error = failed[0].field("error").unwrap();
    let words = "the tenant has no pushed_authorization_request_endpoint; let it offer one, or turn \
                 pushed_authorization_requests off";
    assert!(error.contains(words) && error.contains("NoPushedAuthorizationRequests"), "{error}");
    assert_eq!(script.requests().len(), 0, "nothing was sent in the clear instead");

    let page = handle(&client, get("/auth/login?challengeMode=popup", "")).await;
    let html = std::str::from_utf8(page.body()).unwrap();
    assert!(html.contains(r#""error":{"code":"discovery_error","#), "{html}");

    let par = format!("{ISSUER}oauth/par");
    let (script, offered) = (Script::new(), json!(par));
    script.discovery(|discovery| discovery["pushed_authorization_request_endpoint"] = offered);
    script.answer(Answer::Json(201, json!({ "request_uri": "urn:x", "expires_in": 30 })));
    let client = builder(&script, &Hands::at(NOW)).secret(SECRET).pushed_authorization_requests(true);
    let answer = handle(&client.build().unwrap(), get("/auth/login", "")).await;
    assert_eq!((answer.status().as_u16(), &*script.requests()[0].url), (307, &*par));
}

#[tokio::test]
async fn requests_are_pushed_where_the_tenant_takes_no_others_or_the_environment_says_so() {
    for (required, variable, pushes) in [
        (json!(true), "", true),
        (json!(true), "false", true),
        (json!(false), "true", true),
        (json!(false), "", false),
        (json!(null), "false", false),
    ] {
        let script = Script::new();
        script.discovery(|discovery| {
            discovery["pushed_authorization_request_endpoint"] = json!(format!("{ISSUER}oauth/par"));
            discovery["require_pushed_authorization_requests"] = required.clone();
        });
        script.answer(Answer::Json(201, json!({ "request_uri": "urn:x", "expires_in": 30 })));
        let client = builder(&script, &Hands::at(NOW)).secret(SECRET).environment_from(move |name| {
            (name == "STEPUP_PUSHED_AUTHORIZATION_REQUESTS").then(|| variable.to_owned())
        });
        let answer = handle(&client.build().unwrap(), get("/auth/login", "")).await;
        let location = answer.headers()["location"].to_str().unwrap();
        assert_eq!(
            location.ends_with("?client_id=client-1&request_uri=urn%3Ax"),
            pushes,
            "{required} {variable}"
        );
        assert_eq!(script.requests().len(), usize::from(pushes), "{required} {variable}");
    }
}

/// Both ways of a secret push too, and the tenant takes them.
#[tokio::test]
async fn a_secret_pushes_too() {
    for method in [ClientAuthentication::Basic, ClientAuthentication::Post] {
        let tenant = Tenant::builder().start().await.unwrap();
        let webapp = tenant.client("webapp").unwrap();
        let house = House::of(tenant, |client| {
            client
                .client_id(webapp.client_id.clone())
                .client_secret(webapp.client_secret.unwrap())
                .client_authentication(method)
                .pushed_authorization_requests(true)
        });
        house.log_in().await;
        let (pushed, _) = sent(&house, "/oauth/par").remove(0);
        assert_eq!(pushed["client_id"], webapp.client_id);
        assert_eq!(pushed.contains_key("client_secret"), method == ClientAuthentication::Post);
    }
}

/// The environment says how a secret travels where code does not.
#[tokio::test]
async fn the_environment_says_how_a_secret_travels() {
    for (in_code, basic) in [(None, true), (Some(ClientAuthentication::Post), false)] {
        let tenant = Tenant::builder().start().await.unwrap();
        let webapp = tenant.client("webapp").unwrap();
        let house = House::of(tenant, |client| {
            let client = client
                .client_id(webapp.client_id.clone())
                .client_secret(webapp.client_secret.unwrap())
                .environment_from(|name| {
                    (name == "STEPUP_CLIENT_AUTHENTICATION").then(|| "client_secret_basic".to_owned())
                });
            match in_code {
                Some(method) => client.client_authentication(method),
                None => client,
            }
        });
        house.log_in().await;
        let (exchanged, _) = sent(&house, "/oauth/token").remove(0);
        assert_eq!(exchanged.contains_key("client_secret"), !basic, "{in_code:?}");
    }
    for method in [ClientAuthentication::Basic, ClientAuthentication::Post] {
        assert_eq!(method.name().parse(), Ok(method));
    }
    let error = Client::builder()
        .environment_from(|name| (name == "STEPUP_CLIENT_AUTHENTICATION").then(|| "basic".to_owned()))
        .build()
        .unwrap_err();
    let problem = &error.problems()[0];
    assert_eq!(
        (problem.option, problem.variable),
        ("client_authentication", Some("STEPUP_CLIENT_AUTHENTICATION"))
    );
    assert_eq!(problem.problem, "is neither client_secret_post nor client_secret_basic");
}

/// `/userinfo` is a resource that takes bound tokens with their proof alone.
#[tokio::test]
async fn a_bound_token_is_good_with_its_proof() {
    let house = house().await;
    let mut state = house.log_in().await;
    let token = house.token(&mut state, &AccessTokenRequest::new()).await;
    let url = Url::parse(&format!("{}userinfo?pretty=1#top", house.tenant.issuer())).unwrap();
    let http = reqwest::Client::builder().build().unwrap();
    let ask = |proof: Option<http::HeaderValue>| {
        let mut request = http.get(url.clone()).header("authorization", format!("DPoP {token}"));
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        async { request.send().await.unwrap().status() }
    };
    let proof = || house.client.dpop_proof(&Method::GET, &url, &token).unwrap();
    let (claims, _) = proved(proof().to_str().unwrap());
    assert_eq!(claims["htu"], format!("{}userinfo", house.tenant.issuer()), "without query and fragment");
    assert_eq!(claims["ath"], base64url::encode(digest::sha256(token.as_bytes())));
    assert_eq!(ask(Some(proof())).await, 200);
    assert_eq!(ask(None).await, 401);
    let post = house.client.dpop_proof(&Method::POST, &url, &token).unwrap();
    assert_eq!(ask(Some(post)).await, 401, "made for another method");
    let other = house.client.dpop_proof(&Method::GET, &url, "another").unwrap();
    assert_eq!(ask(Some(other)).await, 401, "made for another token");
}

#[test]
fn keys_that_will_not_do_are_named_at_construction() {
    let with = |options: &[(&'static str, &str)]| {
        let options: Vec<_> = options.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Client::builder()
            .domain("tenant.example.auth0.com")
            .client_id("c")
            .secret(SECRET)
            .app_base_url("https://app.example.com")
            .environment_from(move |name| {
                options.iter().find(|(held, _)| *held == name).map(|(_, value)| value.clone())
            })
            .build()
    };
    let problems = |options: &[(&'static str, &str)]| -> Vec<(&'static str, Option<&'static str>, String)> {
        let error = with(options).unwrap_err();
        error.problems().iter().map(|it| (it.option, it.variable, it.problem.clone())).collect()
    };
    let (key, alg) = ("AUTH0_CLIENT_ASSERTION_SIGNING_KEY", "AUTH0_CLIENT_ASSERTION_SIGNING_ALG");
    let (dpop, public) = ("AUTH0_DPOP_PRIVATE_KEY", "AUTH0_DPOP_PUBLIC_KEY");
    assert!(with(&[(key, CLIENT_KEY)]).is_ok(), "needs no secret");
    assert!(with(&[(key, &CLIENT_KEY.replace('\n', "\\n"))]).is_ok(), "as one line of an .env file");
    assert!(with(&[(key, DPOP_KEY), (alg, "ES256"), (dpop, DPOP_KEY), (public, DPOP_PUBLIC_KEY)]).is_ok());

    let not_pem =
        "not a PEM text with a PKCS #8 private key, which begins with `-----BEGIN PRIVATE KEY-----`";
    assert_eq!(
        problems(&[(key, "secret")]),
        [("client_assertion_signing_key", Some(key), not_pem.to_owned())]
    );
    assert_eq!(
        problems(&[(key, CLIENT_KEY), (alg, "RS265")]),
        [(
            "client_assertion_signing_alg",
            Some(alg),
            "`RS265` is not a signature algorithm that is supported".to_owned()
        )]
    );
    for (pem, set, problem) in [
        (CLIENT_KEY, "HS256", "is HS256, which the key is not for: set RS256"),
        (DPOP_KEY, "RS256", "is RS256, which the key is not for: set ES256"),
    ] {
        let expected = ("client_assertion_signing_alg", Some(alg), problem.to_owned());
        assert_eq!(problems(&[(key, pem), (alg, set)]), [expected]);
    }
    assert_eq!(problems(&[(alg, "RS256")])[0].2, "is missing beside client_assertion_signing_alg");

    let secret = ("AUTH0_CLIENT_SECRET", "s");
    assert!(problems(&[secret, (dpop, CLIENT_KEY)])[0].2.starts_with("not a valid key for ES256: "));
    assert_eq!(problems(&[secret, (public, DPOP_PUBLIC_KEY)])[0].2, "is missing beside dpop_public_key");
    let not_pem = "not a PEM text with a public key on P-256, which begins with `-----BEGIN PUBLIC KEY-----`";
    let not_it = "is not the public key of dpop_key";
    for (key, problem) in
        [(CLIENT_PUBLIC_KEY, not_pem), (DPOP_KEY, not_pem), ("key", not_pem), (OTHER_PUBLIC_KEY, not_it)]
    {
        let problems = problems(&[secret, (dpop, DPOP_KEY), (public, key)]);
        assert_eq!(problems, [("dpop_public_key", Some(public), problem.to_owned())]);
    }
    let skew = problems(&[secret, (dpop, DPOP_KEY), ("AUTH0_DPOP_CLOCK_SKEW", "-301")]);
    assert_eq!(
        skew,
        [(
            "dpop_options.clock_skew",
            Some("AUTH0_DPOP_CLOCK_SKEW"),
            "is more than 300 seconds; set the clock".to_owned()
        )]
    );
    assert_eq!(problems(&[secret, ("AUTH0_RETRY_DELAY", "soon")])[0].2, "is no number of milliseconds");
    assert!(!format!("{:?}", with(&[(key, "secret")])).contains("PRIVATE KEY-----\nMI"));
}
