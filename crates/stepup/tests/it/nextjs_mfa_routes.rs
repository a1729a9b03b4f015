//! The MFA routes answer as nextjs-auth0's do: every recorded call, with its session and its scripted tenant, the
//! requests that went out and the answer that came back. Where ours differs on purpose, [`DEVIATIONS`] says how and why.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _};
use http::{HeaderMap, Request, Response, header};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use stepup::{Client, Clock, Format, HttpClient, HttpError};
use stepup_protocol::{
    jwk::{Jwk, JwkSet},
    time::UnixTime,
};
use stepup_seal::{Purpose, Sealer, Secrets, base64url, jws::SigningKey};

/// What ours answers in a recorded case, and why.
struct Deviation {
    /// Group and name of the case.
    case: &'static str,
    status: u16,
    /// The body, where it differs too.
    body: Option<&'static str>,
    /// Whether the same requests go out.
    same_requests: bool,
    why: &'static str,
}

const fn status(case: &'static str, status: u16, why: &'static str) -> Deviation {
    Deviation { case, status, body: None, same_requests: true, why }
}

const CALLER_CAN_ACT: &str = "a status that the caller can act on is passed on";
const TENANT_FAILED: &str = "a failure of the tenant is a bad gateway";
const NOT_SPENT: &str = "nothing is spent that could not be kept";

const DEVIATIONS: [Deviation; 26] = [
    status("authenticators: upstream 401", 401, CALLER_CAN_ACT),
    status("authenticators: upstream 429", 429, CALLER_CAN_ACT),
    Deviation {
        body: Some(r#"{"error":"server_error","error_description":"Failed to retrieve authenticators"}"#),
        ..status("authenticators: upstream 500 html", 502, TENANT_FAILED)
    },
    Deviation {
        body: Some(
            r#"{"error":"server_error","error_description":"Unexpected error during authenticator retrieval"}"#,
        ),
        ..status("authenticators: upstream 200 with a body that is not JSON", 502, TENANT_FAILED)
    },
    Deviation {
        body: Some(
            r#"[{"id":"totp|dev_1","authenticator_type":"otp","type":"otp","active":true},
                {"id":"recovery-code|dev_3","authenticator_type":"recovery-code","active":true}]"#,
        ),
        ..status(
            "authenticators: recovery-code without a type member",
            200,
            "authenticators are matched by meaning",
        )
    },
    Deviation {
        body: Some(r#"{"error":"invalid_request","error_description":"Missing or invalid id"}"#),
        ..status(
            "authenticators: DELETE on the route: not an SDK route (passes through)",
            400,
            "authenticators can be deleted",
        )
    },
    Deviation {
        body: Some(r#"{"error":"invalid_request","error_description":"Missing or invalid mfa_token"}"#),
        ..status("challenge: JSON null as the body", 400, "a body that is no object has no members")
    },
    Deviation {
        body: Some(r#"{"challenge_type":"oob"}"#),
        same_requests: false,
        ..status("challenge: oob where phone is required", 200, "challenges are matched by meaning")
    },
    status("challenge: upstream 403", 403, CALLER_CAN_ACT),
    status("challenge: upstream 429", 429, CALLER_CAN_ACT),
    Deviation {
        body: Some(r#"{"error":"server_error","error_description":"Failed to initiate MFA challenge"}"#),
        ..status("challenge: upstream 502 html", 502, TENANT_FAILED)
    },
    status("associate: sms without a phone number is sent on", 400, "an enrolment error is not ours"),
    status("associate: upstream 403", 403, CALLER_CAN_ACT),
    Deviation {
        body: Some(r#"{"error":"server_error","error_description":"Failed to enroll authenticator"}"#),
        ..status("associate: upstream 500 html", 502, TENANT_FAILED)
    },
    Deviation {
        body: Some(MISSING_SESSION),
        ..status(
            "verify: oob_code alone, as push needs",
            400,
            "a push needs no binding code; this one has no session",
        )
    },
    status("verify: discovery fails", 502, TENANT_FAILED),
    status("verify: wrong code", 403, CALLER_CAN_ACT),
    status("verify: mfa token expired at the provider", 401, CALLER_CAN_ACT),
    status("verify: rate limited", 429, CALLER_CAN_ACT),
    status("verify: upstream 500 JSON error", 502, TENANT_FAILED),
    Deviation {
        body: Some(r#"{"error":"server_error","error_description":"Failed to verify MFA"}"#),
        ..status("verify: upstream 502 html", 502, TENANT_FAILED)
    },
    Deviation {
        body: Some(
            r#"{"error":"user_mismatch","error_description":"The verification was for another user than the one who is logged in."}"#,
        ),
        ..status("verify: the session belongs to another user", 403, "two users are never mixed")
    },
    Deviation {
        body: Some(MISSING_SESSION),
        same_requests: false,
        ..status("verify: no session, no id token", 400, NOT_SPENT)
    },
    Deviation {
        body: Some(MISSING_SESSION),
        same_requests: false,
        ..status("verify: no session, id token: a session is created", 400, NOT_SPENT)
    },
    Deviation {
        body: Some(MISSING_SESSION),
        same_requests: false,
        ..status("verify: no session, id token for another client", 400, NOT_SPENT)
    },
    Deviation {
        body: Some(MISSING_SESSION),
        same_requests: false,
        ..status("verify: no session, id token of another issuer", 400, NOT_SPENT)
    },
];

const MISSING_SESSION: &str = r#"{"error":"missing_session","error_description":"There is no session to keep the result in. Log in first, or ask for the 'openid' scope."}"#;

/// Cases of client authentication and proofs that this SDK is not configured with.
const NOT_HERE: [&str; 2] = ["clientAssertionSigningKey", "useDPoP"];

#[tokio::test]
async fn every_recorded_call_is_answered_as_recorded_or_as_listed() {
    let vectors: Value = serde_json::from_str(include_str!("../fixtures/nextjs-routes.json")).unwrap();
    let mut met = Vec::new();
    for case in vectors["cases"].as_array().unwrap() {
        let group = case["group"].as_str().unwrap();
        let name = format!("{group}: {}", case["name"].as_str().unwrap());
        let option = |option: &&str| case["config"].get(*option).is_some();
        if !["authenticators", "challenge", "associate", "verify"].contains(&group)
            || NOT_HERE.iter().any(option)
        {
            continue;
        }
        let deviation = DEVIATIONS.iter().find(|deviation| deviation.case == name);
        met.extend(deviation.map(|deviation| deviation.case));
        check(&name, &vectors, case, deviation).await;
    }
    let unmet: Vec<_> =
        DEVIATIONS.iter().map(|deviation| deviation.case).filter(|case| !met.contains(case)).collect();
    assert!(unmet.is_empty(), "no such cases: {unmet:?}");
}

async fn check(name: &str, vectors: &Value, case: &Value, deviation: Option<&Deviation>) {
    let (client, tenant) = client_of(vectors, case, deviation);
    let request = request_of(vectors, case);
    let Some(route) = client.route(request.method(), request.uri().path()) else {
        assert!(name.contains("passes through"), "{name}: no route");
        return;
    };
    let response = client.handle(route, request).await;
    let why = deviation.map_or("as recorded", |deviation| deviation.why);

    let recorded = &case["response"];
    let expected_status =
        deviation.map_or_else(|| recorded["status"].as_u64().unwrap(), |deviation| deviation.status.into());
    assert_eq!(
        u64::from(response.status().as_u16()),
        expected_status,
        "{name} ({why}): {:?}",
        response.body()
    );

    let body: Value = serde_json::from_slice(response.body()).unwrap();
    match deviation.and_then(|deviation| deviation.body) {
        Some(expected) => {
            assert_eq!(body, serde_json::from_str::<Value>(expected).unwrap(), "{name} ({why})");
        }
        None => assert_eq!(opened(vectors, body), opened_as_recorded(&recorded["body"]), "{name} ({why})"),
    }
    if deviation.is_none_or(|deviation| deviation.same_requests) {
        assert_eq!(tenant.requests(), recorded_requests(case), "{name} ({why})");
    }
    if name.contains("429") || name.contains("rate limited") {
        let wait = case["upstream"][0]["headers"]["retry-after"].as_str();
        assert_eq!(
            response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap()),
            wait,
            "{name}"
        );
    }
    assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"), "{name}");
    check_session(name, vectors, case, &response);
}

/// The session that the answer sets: the recorded one, with the token where a look-up finds it and with nothing lost.
fn check_session(name: &str, vectors: &Value, case: &Value, response: &Response<Bytes>) {
    let written = session_of(vectors, response);
    let recorded = case["response"]["set_cookies"].as_array().unwrap();
    if recorded.is_empty() || !response.status().is_success() {
        assert_eq!(written, None, "{name}: nothing to write");
        return;
    }
    let written = written.unwrap_or_else(|| panic!("{name}: the session was not written"));
    let recorded = &recorded[0]["payload"];
    let granted = &case["upstream"][0]["body"];
    if name.contains("no audience in the context") {
        // The default audience: where the next look-up for it looks.
        assert_eq!(written["tokenSet"]["accessToken"], "at-mfa", "{name}");
    } else {
        assert_eq!(token_sets(&written), token_sets(recorded), "{name}");
    }
    for (member, from) in [("refreshToken", "refresh_token"), ("idToken", "id_token")] {
        let kept = granted.get(from).unwrap_or(&recorded["tokenSet"][member]);
        if from == "refresh_token" || granted.get(from).is_none() {
            assert_eq!(&written["tokenSet"][member], kept, "{name}");
        }
    }
    assert_eq!(written["user"]["sub"], recorded["user"]["sub"], "{name}");
}

fn token_sets(session: &Value) -> Vec<Value> {
    let scopes = |set: &Value, member: &str| {
        let mut words: Vec<_> = set[member].as_str()?.split_whitespace().map(str::to_owned).collect();
        words.sort_unstable();
        Some(words)
    };
    let sets = session["accessTokens"].as_array().cloned().unwrap_or_default();
    sets.iter()
        .map(|set| {
            json!({ "token": set["accessToken"], "audience": set["audience"], "expires_at": set["expiresAt"],
                    "scope": scopes(set, "scope"), "requested": scopes(set, "requestedScope") })
        })
        .collect()
}

fn client_of(vectors: &Value, case: &Value, deviation: Option<&Deviation>) -> (Client, Tenant) {
    let issuer = vectors["issuer"].as_str().unwrap();
    let mut answers: VecDeque<Value> = case["upstream"].as_array().unwrap().iter().cloned().collect();
    // Where ours asks the tenant and the other did not, it says what the deviation hands on.
    if answers.is_empty() && deviation.is_some_and(|deviation| deviation.status == 200) {
        let group = case["group"].as_str().unwrap();
        answers.push_back(if group == "verify" {
            json!({"body": {"access_token": "at-mfa", "token_type": "Bearer", "expires_in": 3600}})
        } else {
            json!({"body": {"challenge_type": "oob"}})
        });
    }
    let tenant = Tenant(Arc::new(Script {
        issuer: issuer.to_owned(),
        down: case["config"]["_discoveryFails"] == true,
        answers: Mutex::new(answers),
        requests: Mutex::default(),
    }));
    let mut builder = Client::builder()
        .domain(issuer)
        .client_id(vectors["client_id"].as_str().unwrap())
        .client_secret("client-secret-1")
        .secret(vectors["secret"].as_str().unwrap())
        .app_base_url(vectors["app_base_url"].as_str().unwrap())
        .format(Format::NextjsAuth0)
        .clock(Fixed(now(case)))
        .http_client(tenant.clone());
    if let Some(ttl) = case["config"]["mfaTokenTtl"].as_u64() {
        builder = builder.mfa_context_ttl(Duration::from_secs(ttl));
    }
    (builder.build().unwrap(), tenant)
}

fn request_of(vectors: &Value, case: &Value) -> Request<Bytes> {
    let recorded = &case["request"];
    let mut request = Request::builder()
        .method(recorded["method"].as_str().unwrap())
        .uri(recorded["path"].as_str().unwrap());
    for (name, value) in recorded["headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap().trim());
    }
    if let Some(cookie) = recorded["session_cookie"].as_object() {
        let sealed = sealer(vectors).seal(
            Purpose::Session,
            cookie["name"].as_str().unwrap(),
            &cookie["payload"],
            now(case) + Duration::from_secs(86_400),
            &stepup::SystemRandom,
        );
        request = request.header(header::COOKIE, format!("{}={sealed}", cookie["name"].as_str().unwrap()));
    }
    let body = match &recorded["body"] {
        Value::Null => Bytes::new(),
        Value::String(text) => Bytes::from(text.clone()),
        json => Bytes::from(json.to_string()),
    };
    request.body(body).unwrap()
}

/// A body with its sealed token opened, as the recordings show it.
fn opened(vectors: &Value, mut body: Value) -> Value {
    let token = body["mfa_token"].as_str().map(str::to_owned);
    if let Some(token) = token {
        let at = UnixTime::from_seconds(1_767_225_600);
        let mut payload: Map<String, Value> =
            sealer(vectors).open(Purpose::MfaToken, "", &token, at).unwrap().payload;
        // Our own members, which the other SDK ignores.
        for member in ["iss", "sub", "pur"] {
            payload.remove(member);
        }
        payload.remove("exp");
        body["mfa_token"] = Value::Object(payload);
    }
    body
}

fn opened_as_recorded(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(payload) = body["mfa_token"]["opens_to"].as_object().cloned() {
        let mut payload = payload;
        payload.remove("exp");
        body["mfa_token"] = Value::Object(payload);
    }
    body
}

fn session_of(vectors: &Value, response: &Response<Bytes>) -> Option<Value> {
    let cookie = response
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|cookie| cookie.to_str().unwrap().strip_prefix("__session="))
        .find(|cookie| !cookie.starts_with(';'))?;
    let value = cookie.split(';').next().unwrap();
    let at = UnixTime::from_seconds(1_767_225_600);
    Some(sealer(vectors).open(Purpose::Session, "__session", value, at).unwrap().payload)
}

fn recorded_requests(case: &Value) -> Vec<Value> {
    let recorded = case["upstream_requests"].as_array().unwrap().iter();
    recorded
        .map(|request| {
            told(&request["method"], &request["url"], &request["headers"]["authorization"], &request["body"])
        })
        .collect()
}

/// A request as far as it matters; scopes in one order.
fn told(method: &Value, url: &Value, authorization: &Value, body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(scope) = body["scope"].as_str() {
        let mut words: Vec<_> = scope.split_whitespace().collect();
        words.sort_unstable();
        body["scope"] = words.join(" ").into();
    }
    json!({ "method": method, "url": url, "authorization": authorization, "body": body })
}

fn sealer(vectors: &Value) -> Sealer {
    let secret = SecretString::from(vectors["secret"].as_str().unwrap());
    Sealer::new(&Secrets::new([secret]).unwrap(), Format::NextjsAuth0)
}

fn now(case: &Value) -> UnixTime {
    UnixTime::from_seconds(case["now"].as_i64().unwrap())
}

#[derive(Debug)]
struct Fixed(UnixTime);

impl Clock for Fixed {
    fn now(&self) -> UnixTime {
        self.0
    }
}

/// A tenant that answers by script and remembers what it was asked. Its documents are its own; ID tokens are signed anew,
/// for the recorded ones come without their key.
#[derive(Clone, Debug)]
struct Tenant(Arc<Script>);

#[derive(Debug)]
struct Script {
    issuer: String,
    down: bool,
    answers: Mutex<VecDeque<Value>>,
    requests: Mutex<Vec<Value>>,
}

impl Tenant {
    fn requests(&self) -> Vec<Value> {
        self.0.requests.lock().unwrap().clone()
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let issuer = &self.0.issuer;
        let path = request.uri().path();
        if path.ends_with("/.well-known/openid-configuration") {
            return if self.0.down {
                response(500, "<h1>down</h1>")
            } else {
                response(200, &metadata(issuer).to_string())
            };
        }
        if path.ends_with("/jwks.json") {
            let public = Jwk { kid: Some("k1".to_owned()), ..key().public_jwk().unwrap() };
            let keys = JwkSet { keys: vec![public] };
            return response(200, &serde_json::to_string(&keys).unwrap());
        }
        self.0.requests.lock().unwrap().push(remembered(request));
        let answer = self.0.answers.lock().unwrap().pop_front().expect("the script has another answer");
        let body = match &answer["body"] {
            Value::String(text) => text.clone(),
            json => signed_anew(json.clone()).to_string(),
        };
        let mut response = response(u16::try_from(answer["status"].as_u64().unwrap_or(200)).unwrap(), &body);
        for (name, value) in answer["headers"].as_object().into_iter().flatten() {
            let name: http::HeaderName = name.parse().unwrap();
            response.headers_mut().insert(name, value.as_str().unwrap().parse().unwrap());
        }
        response
    }
}

impl HttpClient for Tenant {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        std::future::ready(Ok(self.answer(&request))).boxed()
    }
}

fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}authorize"),
        "token_endpoint": format!("{issuer}oauth/token"),
        "jwks_uri": format!("{issuer}.well-known/jwks.json"),
        "id_token_signing_alg_values_supported": ["ES256"],
    })
}

fn remembered(request: &Request<Bytes>) -> Value {
    let header =
        |headers: &HeaderMap, name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let form = header(request.headers(), header::CONTENT_TYPE).is_some_and(|kind| kind.contains("form"));
    let body = if form {
        let fields = form_urlencoded::parse(request.body());
        fields
            .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
            .collect::<Map<_, _>>()
            .into()
    } else {
        serde_json::from_slice(request.body()).unwrap_or_default()
    };
    let authorization = header(request.headers(), header::AUTHORIZATION).map_or(Value::Null, Value::from);
    told(&request.method().as_str().into(), &request.uri().to_string().into(), &authorization, &body)
}

fn signed_anew(mut answer: Value) -> Value {
    if let Some(id_token) = answer["id_token"].as_str() {
        let claims = base64url::decode(id_token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        answer["id_token"] = key().sign("JWT", Some("k1"), &claims).unwrap().into();
    }
    answer
}

fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate_p256().unwrap())
}

fn response(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap()
}
