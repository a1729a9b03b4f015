//! Requests that are too large, too deep, too slow or no requests at all.
#![expect(clippy::disallowed_methods, reason = "how long a refusal takes is what is tested")]

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::assert_told;
use crate::rig::Rig;

async fn connect(rig: &Rig) -> TcpStream {
    TcpStream::connect(("127.0.0.1", rig.tenant.port())).await.unwrap()
}

/// Sends a head and then `megabytes` of body as long as somebody takes them; the first line of the answer.
async fn pour(rig: &Rig, head: &str, megabytes: usize) -> String {
    let (mut reader, mut writer) = connect(rig).await.into_split();
    let head = head.to_owned();
    let pouring = tokio::spawn(async move {
        let chunk = vec![b'x'; 1 << 20];
        if writer.write_all(head.as_bytes()).await.is_ok() {
            for _ in 0..megabytes {
                if writer.write_all(&chunk).await.is_err() {
                    break;
                }
            }
        }
        writer
    });
    let mut answer = vec![0; 4096];
    let read = reader.read(&mut answer).await.unwrap_or(0);
    pouring.abort();
    String::from_utf8_lossy(&answer[..read]).lines().next().unwrap_or_default().to_owned()
}

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[tokio::test]
async fn a_large_body_is_refused_before_it_is_there() {
    let rig = Rig::start().await;
    let before = resident();
    let begun = Instant::now();
    for path in [
        "/oauth/token",
        "/oauth/par",
        "/mfa/associate",
        "/u/login",
        "/api/v2/users",
        "/authorize",
        "/nowhere",
    ] {
        for megabytes in [1, 100] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                megabytes << 20
            );
            assert_eq!(pour(&rig, &head, megabytes).await, "HTTP/1.1 413 Payload Too Large", "{path}");
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(resident().saturating_sub(before) < 64 << 20, "{} bytes more", resident().saturating_sub(before));
    assert_eq!(rig.get("/.well-known/jwks.json").await.status, 200);
}

#[tokio::test]
async fn a_large_head_is_refused() {
    let rig = Rig::start().await;
    let long = "x".repeat(100 << 10);
    for head in [
        format!("GET /authorize?state={long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        format!("GET /userinfo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {long}\r\n\r\n"),
        format!("GET /userinfo HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "A: b\r\n".repeat(20_000)),
    ] {
        let mut stream = connect(&rig).await;
        // The server may close before it has read everything.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(rig.get("/.well-known/jwks.json").await.status, 200);
}

#[tokio::test]
async fn what_is_no_http_is_dropped() {
    let rig = Rig::start().await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        b"\x00\x00\x00\x00\r\n\r\n",
    ] {
        let mut stream = connect(&rig).await;
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(rig.get("/.well-known/jwks.json").await.status, 200);
}

#[tokio::test]
async fn what_almost_fits_is_answered_quickly() {
    let rig = Rig::start().await;
    let inside = 60 << 10;
    let form = |body: String| {
        let request = rig.http.post(rig.at("/oauth/token"));
        request.header("content-type", "application/x-www-form-urlencoded").body(body)
    };
    let json = |body: String| {
        rig.http.post(rig.at("/oauth/token")).header("content-type", "application/json").body(body)
    };
    for (what, request) in [
        ("many parameters", form((0..inside / 10).map(|index| format!("p{index}=1&")).collect())),
        ("one long parameter", form(format!("grant_type={}", "x".repeat(inside)))),
        ("percent signs", form(format!("grant_type={}", "%2".repeat(inside / 2)))),
        (
            "many members",
            json(format!(
                "{{{}\"z\":1}}",
                (0..inside / 10).map(|index| format!("\"{index}\":1,")).collect::<String>()
            )),
        ),
        ("a deep array", json(format!("{{\"a\":{}", "[".repeat(inside)))),
        ("a deep object", json("{\"a\":".repeat(inside / 5))),
        ("a long number", json(format!("{{\"a\":{}}}", "9".repeat(inside)))),
    ] {
        let begun = Instant::now();
        assert_told(&rig.send(request).await, what);
        assert!(begun.elapsed() < Duration::from_secs(3), "{what}: {:?}", begun.elapsed());
    }
}
