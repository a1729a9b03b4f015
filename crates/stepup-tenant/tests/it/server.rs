//! The listener: TLS, faults, limits, CORS.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use stepup_tenant::{Fault, StartError, Tenant, Tls};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::{Remote, Scratch, chain};

fn http() -> reqwest::Client {
    reqwest::Client::builder().build().unwrap()
}

#[tokio::test]
async fn https_with_the_local_ca_for_every_name_of_this_machine() {
    let scratch = Scratch::new();
    let tenant = Tenant::builder().tls(Tls::LocalCa).data_dir(scratch.path("data")).start().await.unwrap();
    assert_eq!(tenant.issuer(), format!("https://localhost:{}/", tenant.port()));
    let pem = std::fs::read(tenant.ca_certificate_path().unwrap()).unwrap();
    assert_eq!(tenant.ca_certificate().unwrap().as_bytes(), pem);
    let authority = reqwest::Certificate::from_pem(&pem).unwrap();
    let trusting = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let answer = trusting.get(format!("https://{host}:{}/x", tenant.port())).send().await;
        assert_eq!(answer.unwrap().status(), 404, "{host}");
    }
    assert!(http().get(tenant.issuer()).send().await.is_err(), "nobody trusts it without being told");
    tenant.shutdown().await;

    let again = Tenant::builder().tls(Tls::LocalCa).data_dir(scratch.path("data")).start().await.unwrap();
    assert_eq!(again.ca_certificate().unwrap().as_bytes(), pem, "the authority is kept");
    assert_eq!(trusting.get(again.issuer()).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn certificates_that_cannot_be_read_are_named() {
    let scratch = Scratch::new();
    let cert = scratch.write("cert.pem", "not a certificate");
    let tls = Tls::Files { cert: cert.clone(), key: scratch.path("none.pem") };
    let error = Tenant::builder().tls(tls).start().await.unwrap_err();
    assert!(matches!(error, StartError::Tls(_)));
    assert!(chain(&error).contains(".pem"), "{}", chain(&error));
}

#[tokio::test]
async fn an_occupied_port_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let error = Tenant::builder().port(port).start().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("port {port} is in use by another program: choose another with --port, or 0 for a free one")
    );
    let other = Tenant::builder().start().await.unwrap();
    assert!(Tenant::builder().port(other.port()).start().await.is_err(), "two tenants do not share a port");
}

#[tokio::test]
async fn faults_take_exchanges_over_in_order() {
    let tenant = Tenant::builder().control(true).start().await.unwrap();
    let remote = Remote::of(&tenant);
    let url = format!("{}oauth/x", tenant.issuer());
    tenant.fail_next(Fault { status: Some(503), times: 2, ..Fault::on("POST", "/oauth/x") });
    let (status, _) = remote.post("faults", json!({ "path": "/oauth/x", "body": { "strange": true } })).await;
    assert_eq!(status, 204);
    remote.post("faults", json!({ "path": "/oauth/x", "drop": true, "method": "GET" })).await;

    assert_eq!(
        http().get(&url).send().await.unwrap().text().await.unwrap(),
        r#"{"strange":true}"#,
        "POST ones wait"
    );
    for _ in 0..2 {
        assert_eq!(http().post(&url).send().await.unwrap().status(), 503);
    }
    assert_eq!(http().post(&url).send().await.unwrap().status(), 404);
    assert!(http().get(&url).send().await.is_err(), "dropped");
    assert_eq!(http().get(&url).send().await.unwrap().status(), 404);
    assert_eq!(
        tenant.requests().iter().map(|exchange| exchange.status).collect::<Vec<_>>(),
        [200, 503, 503, 404, 0, 404]
    );

    let busy = json!({ "path": "/oauth/x", "status": 429, "retry_after": 7 });
    assert_eq!(remote.post("faults", busy).await.0, 204);
    let busy = http().get(&url).send().await.unwrap();
    assert_eq!((busy.status().as_u16(), busy.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    assert!(!http().get(&url).send().await.unwrap().headers().contains_key("retry-after"));

    for wrong in [
        json!({ "path": "/" }),
        json!({ "path": "/", "delay_ms": 1, "retry_after": 7 }),
        json!({ "path": "/", "status": 429, "retry_after": -1 }),
        json!({ "path": "/", "status": 99 }),
        json!({ "path": "/", "times": 0, "drop": true }),
        json!({ "drop": true }),
    ] {
        assert_eq!(remote.post("faults", wrong.clone()).await.0, 400, "{wrong}");
    }
    tenant.fail_next(Fault { delay_ms: 600_000, ..Fault::on("GET", "/oauth/x") });
    let slow = reqwest::Client::builder().timeout(Duration::from_millis(50)).build().unwrap();
    assert!(slow.get(&url).send().await.unwrap_err().is_timeout());
    tenant.fail_next(Fault { delay_ms: 1, ..Fault::on("GET", "/oauth/x") });
    assert_eq!(http().get(&url).send().await.unwrap().status(), 404, "a delay alone goes on as always");
    remote.post("faults", json!({ "path": "*", "status": 500 })).await;
    assert_eq!(remote.delete("faults").await.0, 204);
    assert_eq!(http().get(&url).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn large_requests_are_refused() {
    let tenant = Tenant::builder().start().await.unwrap();
    let url = format!("{}x", tenant.issuer());
    let body = |bytes: usize| http().post(&url).body("x".repeat(bytes)).send();
    assert_eq!(body(64 << 10).await.unwrap().status(), 404);
    let refused = body((64 << 10) + 1).await.unwrap();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(refused.text().await.unwrap().contains("larger than 64 KiB"));
    for _ in 0..10 {
        let refused = body(1_000_000).await.expect("whoever is still sending hears it too");
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    let head = http().get(&url).header("x-long", "y".repeat(128 << 10)).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(http().get(&url).send().await.unwrap().status(), 404, "and the tenant goes on");
}

#[tokio::test]
async fn nonsense_on_the_wire_is_a_bad_request() {
    let tenant = Tenant::builder().start().await.unwrap();
    for nonsense in [
        "\0\u{1}\u{2}\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "POST /x HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", tenant.port())).await.unwrap();
        stream.write_all(nonsense.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400") || answer.is_empty(), "{nonsense:?}: {answer}");
    }
    assert_eq!(http().get(tenant.issuer()).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn pages_of_applications_may_read_the_api_and_nobody_else() {
    let tenant = Tenant::builder()
        .config_yaml("clients: [{ name: a, app_type: spa, callbacks: ['https://app.example.com/callback'] }]")
        .start()
        .await
        .unwrap();
    let ask = async |method: Method, path: &str, origin: &str| {
        let request = http()
            .request(method, format!("{}{path}", tenant.issuer()))
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        (
            answer.status().as_u16(),
            header("access-control-allow-origin"),
            header("access-control-allow-headers"),
        )
    };
    let allowed = Some("authorization, content-type, auth0-client, dpop".to_owned());
    for origin in ["https://app.example.com", "http://localhost:3000", "http://127.0.0.1:1"] {
        let preflight = ask(Method::OPTIONS, "mfa/challenge", origin).await;
        assert_eq!(preflight, (204, Some(origin.to_owned()), allowed.clone()));
        assert_eq!(ask(Method::GET, "mfa/nothing", origin).await.1, Some(origin.to_owned()));
    }
    for origin in ["https://evil.example", "https://localhost.evil.example", "null"] {
        assert_eq!(
            ask(Method::OPTIONS, "oauth/token", origin).await,
            (204, None, allowed.clone()),
            "{origin}"
        );
    }
    assert_eq!(ask(Method::GET, ".well-known/nothing", "https://evil.example").await.1.as_deref(), Some("*"));
    assert_eq!(
        ask(Method::GET, "u/login", "http://localhost:3000").await.1,
        None,
        "pages are not for scripts"
    );
}
