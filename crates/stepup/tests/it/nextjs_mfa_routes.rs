//! The MFA routes answer as nextjs-auth0's do: every recorded call, with its session and its scripted tenant, the
//! requests that went out and the answer that came back. Where ours differs on purpose, [`DEVIATIONS`] says how and why.

mod deviations;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, header};
use serde_json::{Map, Value, json};
use stepup::{Client, Format};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Purpose, Sealer, Secrets, base64url};

use self::deviations::{DEVIATIONS, Deviation};
use crate::support::{
    Answer, Counting, Hands, NOW, Recorded, SECRET, Script, builder, fixture, json_of, set_cookies, whole,
};

/// Cases of client authentication and proofs that this SDK is not configured with.
const NOT_HERE: [&str; 2] = ["clientAssertionSigningKey", "useDPoP"];

#[tokio::test]
async fn every_recorded_call_is_answered_as_recorded_or_as_listed() {
    let vectors = fixture(include_str!("../fixtures/nextjs-routes.json"));
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
        check(&name, case, deviation).await;
    }
    let unmet: Vec<_> =
        DEVIATIONS.iter().map(|deviation| deviation.case).filter(|case| !met.contains(case)).collect();
    assert!(unmet.is_empty(), "no such cases: {unmet:?}");
}

async fn check(name: &str, case: &Value, deviation: Option<&Deviation>) {
    let (client, script) = client_of(case, deviation);
    let request = request_of(case);
    let Some(route) = client.route(request.method(), request.uri().path()) else {
        assert!(name.contains("passes through"), "{name}: no route");
        return;
    };
    let response = whole(client.handle(route, request).await).await;
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

    let body = json_of(&response);
    match deviation.and_then(|deviation| deviation.body) {
        Some(expected) => {
            assert_eq!(body, serde_json::from_str::<Value>(expected).unwrap(), "{name} ({why})");
        }
        None => assert_eq!(opened(body), opened_as_recorded(&recorded["body"]), "{name} ({why})"),
    }
    if deviation.is_none_or(|deviation| deviation.same_requests) {
        let sent: Vec<_> = script.requests().iter().map(sent).collect();
        assert_eq!(sent, recorded_requests(case), "{name} ({why})");
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
    check_session(name, case, &response);
}

/// The session that the answer sets: the recorded one, with the token where a look-up finds it and with nothing lost.
fn check_session(name: &str, case: &Value, response: &Response<Bytes>) {
    let written = session_of(response);
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

fn client_of(case: &Value, deviation: Option<&Deviation>) -> (Client, Script) {
    let script = Script::new();
    if case["config"]["_discoveryFails"] == true {
        script.documents(0);
    }
    for upstream in case["upstream"].as_array().unwrap() {
        let status = u16::try_from(upstream["status"].as_u64().unwrap_or(200)).unwrap();
        script.answer(match (&upstream["body"], upstream["headers"]["retry-after"].as_str()) {
            (Value::String(text), _) => Answer::Text(status, text.clone()),
            (json, None) => Answer::Json(status, signed_anew(&script, json.clone())),
            (json, Some(wait)) => Answer::RetryAfter(status, json.clone(), wait.to_owned()),
        });
    }
    if deviation.is_some_and(|deviation| deviation.status == 200 && !deviation.same_requests) {
        // Ours asks the tenant where the other did not.
        script.answer(Answer::Json(200, json!({ "challenge_type": "oob" })));
    }
    let mut client = builder(&script, &Hands::at(NOW)).secret(SECRET).format(Format::NextjsAuth0);
    if let Some(ttl) = case["config"]["mfaTokenTtl"].as_u64() {
        client = client.mfa_context_ttl(Duration::from_secs(ttl));
    }
    (client.build().unwrap(), script)
}

fn request_of(case: &Value) -> Request<Bytes> {
    let recorded = &case["request"];
    let mut request = Request::builder()
        .method(recorded["method"].as_str().unwrap())
        .uri(recorded["path"].as_str().unwrap());
    for (name, value) in recorded["headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap().trim());
    }
    if let Some(payload) = recorded["session_cookie"].get("payload") {
        let end = UnixTime::from_seconds(NOW + 86_400);
        let sealed = sealer().seal(Purpose::Session, "", payload, end, &Counting::default());
        request = request.header(header::COOKIE, format!("__session={sealed}"));
    }
    let body = match &recorded["body"] {
        Value::Null => Bytes::new(),
        Value::String(text) => Bytes::from(text.clone()),
        json => Bytes::from(json.to_string()),
    };
    request.body(body).unwrap()
}

/// A body with its sealed token opened, as the recordings show it.
fn opened(mut body: Value) -> Value {
    let token = body["mfa_token"].as_str().map(str::to_owned);
    if let Some(token) = token {
        let at = UnixTime::from_seconds(NOW);
        let mut payload: Map<String, Value> =
            sealer().open(Purpose::MfaToken, "", &token, at).unwrap().payload;
        // Our own members, which the other SDK ignores.
        for member in ["iss", "sub", "pur", "proved"] {
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

fn session_of(response: &Response<Bytes>) -> Option<Value> {
    let cookie = set_cookies(response.headers()).into_iter().find(|cookie| cookie.name == "__session")?;
    Some(sealer().open(Purpose::Session, "", &cookie.value, UnixTime::from_seconds(NOW)).unwrap().payload)
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

fn sent(request: &Recorded) -> Value {
    let header = |name| request.headers.get(name).map(|value| value.to_str().unwrap());
    let form = header(header::CONTENT_TYPE).is_some_and(|kind| kind.contains("form"));
    let body =
        if form { json!(request.form()) } else { serde_json::from_str(&request.body).unwrap_or_default() };
    told(&json!(request.method), &json!(request.url), &json!(header(header::AUTHORIZATION)), &body)
}

/// The recorded ID tokens come without their key.
fn signed_anew(script: &Script, mut answer: Value) -> Value {
    if let Some(id_token) = answer["id_token"].as_str() {
        let claims = base64url::decode(id_token.split('.').nth(1).unwrap()).unwrap();
        answer["id_token"] = script.sign(&serde_json::from_slice(&claims).unwrap()).into();
    }
    answer
}

fn sealer() -> Sealer {
    Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::NextjsAuth0)
}
