//! Every endpoint, without credentials and with wrong ones.

use super::{HOSTILE, assert_told, routes};
use crate::{
    endpoints::WITHOUT_CREDENTIALS,
    rig::{Answer, Rig},
};

/// Bodies with the content type that they are said to be of.
pub(super) fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json";
    let deep =
        |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000)).into_bytes();
    let mut bodies: Vec<(&'static str, Vec<u8>)> = vec![
        (FORM, b"client_id=a&client_id=b".to_vec()),
        (FORM, b"state=%FF%FE&client_id=%00&username=%80".to_vec()),
        (FORM, b"=&=&&&%=%&state".to_vec()),
        (FORM, vec![0xff; 300]),
        (FORM, b"a[b][c]=1&a[]=2&__proto__=3&constructor=4".to_vec()),
        (FORM, "x=1&".repeat(5_000).into_bytes()),
        (JSON, b"{".to_vec()),
        (JSON, b"nul".to_vec()),
        (JSON, b"[]".to_vec()),
        (JSON, b"\"text\"".to_vec()),
        (JSON, b"1e999".to_vec()),
        (JSON, b"{\"client_id\":1e999}".to_vec()),
        (JSON, b"{\"client_id\":\"a\",\"client_id\":\"b\"}".to_vec()),
        (
            JSON,
            b"{\"client_id\":{\"$ne\":null},\"mfa_token\":[1,2],\"email\":true,\"grant_type\":3}".to_vec(),
        ),
        (JSON, b"{\"client_id\":\"\\ud800\"}".to_vec()),
        (JSON, b"{\"a\":\"\xff\"}".to_vec()),
        (JSON, deep("[", "]")),
        (JSON, deep("{\"a\":", "}")),
        (
            "text/xml",
            b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>"
                .to_vec(),
        ),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--".to_vec(),
        ),
        ("application/json; charset=utf-16", vec![0xfe, 0xff, 0, b'{', 0, b'}']),
        ("", b"{}".to_vec()),
    ];
    for text in HOSTILE {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(
                ["client_id", "grant_type", "state", "username", "email", "token", "request_uri"]
                    .map(|name| (name, text)),
            )
            .finish();
        bodies.push((FORM, form.into_bytes()));
    }
    bodies
}

/// Queries as they stand in the address.
pub(super) fn queries() -> Vec<String> {
    let mut queries: Vec<String> = vec![
        "client_id=a&client_id=b".to_owned(),
        "%".to_owned(),
        "&&&=&=&".to_owned(),
        "state=%FF%FE%00".to_owned(),
        "page=-1&per_page=99999999999999999999&q=%22&sort=a:b:c&wait=-1".to_owned(),
        "x=1&".repeat(2_000),
    ];
    for text in HOSTILE {
        let names = ["client_id", "redirect_uri", "state", "returnTo", "ticket", "q", "id_token_hint"];
        queries.push(
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(names.map(|name| (name, text)))
                .finish(),
        );
    }
    queries
}

/// Headers that are wrong in themselves.
const HEADERS: [(&str, &[u8]); 14] = [
    ("authorization", b""),
    ("authorization", b"Bearer"),
    ("authorization", b"Bearer \xff\xfe"),
    ("authorization", b"Basic ====="),
    ("authorization", b"Basic Og=="),
    ("authorization", b"DPoP a.b.c"),
    ("authorization", b"MFA-DPoP x"),
    ("authorization", b"Ticket id=\"'\""),
    ("dpop", b"\xff"),
    ("cookie", b"auth0=\xff; auth0_compat==;;; did=\"; auth0-mf=%00"),
    ("origin", b"null"),
    ("content-type", b"\xff"),
    ("accept-language", b"\xff;q=9"),
    ("x-forwarded-for", b"not, an, address"),
];

/// Those that answer when something has happened.
pub(super) const WAITING: [&str; 2] = ["/dashboard/changes", "/dashboard/logs/new"];

/// Every endpoint, with texts in place of the names in its path.
fn endpoints(rig: &Rig) -> Vec<(reqwest::Method, String)> {
    let listed = WITHOUT_CREDENTIALS.iter().map(|&(method, path, _)| (method, path.to_owned()));
    let in_both_ways = |path: String| [("GET", path.clone()), ("POST", path)];
    let others = ["dashboard", "guardian"].into_iter().flat_map(routes::of).flat_map(in_both_ways);
    let others = others.filter(|(_, path)| !WAITING.contains(&path.as_str()));
    let calls = routes::of("management").into_iter().map(|path| ("POST", format!("/api/v2{path}")));
    let mut endpoints = Vec::new();
    for (method, path) in listed.chain(others).chain(calls) {
        let named = path.contains('{') && !path.starts_with("/api/v2");
        let inside: &[&str] = if named { &["x", "%00", "%FF%2e%2e%2f", "%3Cscript%3E"] } else { &["x"] };
        for inside in inside {
            endpoints.push((method.parse().unwrap(), rig.at(&routes::filled(&path, inside))));
        }
    }
    endpoints
}

async fn told(rig: &Rig, request: reqwest::RequestBuilder, what: &str) -> Answer {
    let answer = rig.send(request.timeout(std::time::Duration::from_secs(5))).await;
    assert_told(&answer, what);
    answer
}

#[tokio::test]
async fn in_bodies() {
    let rig = Rig::start().await;
    for (method, url) in endpoints(&rig) {
        if method == reqwest::Method::GET {
            continue;
        }
        for (content_type, body) in bodies() {
            let what = format!(
                "{method} {url} {content_type} {}",
                String::from_utf8_lossy(&body[..body.len().min(80)])
            );
            let mut request = rig.http.request(method.clone(), &url).body(body);
            if !content_type.is_empty() {
                request = request.header("content-type", content_type);
            }
            told(&rig, request, &what).await;
        }
    }
}

#[tokio::test]
async fn in_queries_and_paths() {
    let rig = Rig::start().await;
    for (method, url) in endpoints(&rig) {
        for query in queries() {
            let what = format!("{method} {url}?{}", &query[..query.len().min(80)]);
            told(&rig, rig.http.request(method.clone(), format!("{url}?{query}")), &what).await;
        }
    }
}

#[tokio::test]
async fn in_headers() {
    let rig = Rig::start().await;
    for (method, url) in endpoints(&rig) {
        for (name, value) in HEADERS {
            let what = format!("{method} {url} {name}: {}", String::from_utf8_lossy(value));
            told(&rig, rig.http.request(method.clone(), &url).header(name, value), &what).await;
        }
    }
}

#[tokio::test]
async fn by_method() {
    let rig = Rig::start().await;
    for (_, url) in endpoints(&rig) {
        for method in ["HEAD", "PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND"] {
            told(&rig, rig.http.request(method.parse().unwrap(), &url), &format!("{method} {url}")).await;
        }
    }
}
