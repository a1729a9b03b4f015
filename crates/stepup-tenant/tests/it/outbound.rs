//! Calls that the tenant makes.

use bytes::Bytes;
use http::Request;
use stepup_tenant::{
    Builder, Tenant,
    model::{Call, LogEvent},
    outbound::{CallError, signature},
};

use crate::{
    rig::{Receiver, Rig},
    support::Scratch,
};

fn call(tenant: &Tenant, id: &str, url: &str) -> Call {
    let now = tenant.clock().now();
    Call {
        id: id.to_owned(),
        url: url.to_owned(),
        content_type: "application/json".to_owned(),
        body: r#"{"code":"123456"}"#.into(),
        secret: Some("whsec".into()),
        is_message: false,
        deadline: now + std::time::Duration::from_secs(300),
        succeeded: Some(LogEvent::new("taken", now)),
        failed: Some(LogEvent::new("given_up", now)),
    }
}

async fn public() -> Rig {
    Rig::built(
        Tenant::builder()
            .issuer("https://tenant.example.com/".parse().unwrap())
            .config_yaml("tenant: {}")
            .users_json("[]"),
    )
    .await
}

#[tokio::test]
async fn a_call_is_signed_and_made_until_it_is_taken() {
    let rig = Rig::start().await;
    let mut receiver = Receiver::start().await;
    receiver.answer(&[500, 429, 204]);
    rig.tenant.state().outbound.enqueue(&call(&rig.tenant, "call_1", &receiver.url)).await.unwrap();
    for (attempt, pause) in [1, 3, 0].into_iter().enumerate() {
        let received = receiver.next().await;
        assert_eq!(received.body, r#"{"code":"123456"}"#, "attempt {attempt}");
        assert_eq!(received.header("idempotency-key"), "call_1");
        assert_eq!(received.header("content-type"), "application/json");
        let signed = signature::sign("whsec", received.body.as_bytes(), rig.tenant.clock().now());
        assert_eq!(received.header("stepup-signature"), signed);
        // The answer is on its way: the next turn is kept once the store says when it is.
        while pause > 0 && !due_in(&rig, pause).await {
            tokio::task::yield_now().await;
        }
        rig.advance(pause);
    }
    rig.logged("taken").await;
    assert_eq!(rig.tenant.state().store.next_call().await.unwrap(), None);
    assert!(receiver.is_empty());
}

async fn due_in(rig: &Rig, seconds: u64) -> bool {
    let due = rig.tenant.state().store.next_call().await.unwrap();
    due == Some(rig.tenant.clock().now() + std::time::Duration::from_secs(seconds))
}

#[tokio::test]
async fn a_call_that_is_refused_is_not_made_again() {
    let rig = Rig::start().await;
    let mut receiver = Receiver::start().await;
    receiver.answer(&[400]);
    rig.tenant.state().outbound.enqueue(&call(&rig.tenant, "call_1", &receiver.url)).await.unwrap();
    receiver.next().await;
    let event = rig.logged("given_up").await;
    assert_eq!(event.description.as_deref(), Some("the answer was 400 Bad Request"));
    rig.advance(3600);
    assert_eq!(rig.tenant.state().store.next_call().await.unwrap(), None);
    assert!(receiver.is_empty());
}

#[tokio::test]
async fn a_call_is_given_up_when_it_is_of_no_use_any_more() {
    let rig = Rig::start().await;
    let mut receiver = Receiver::start().await;
    receiver.answer(&[503, 503]);
    let mut late = call(&rig.tenant, "call_1", &receiver.url);
    late.deadline = rig.tenant.clock().now() + std::time::Duration::from_secs(2);
    rig.tenant.state().outbound.enqueue(&late).await.unwrap();
    receiver.next().await;
    while !due_in(&rig, 1).await {
        tokio::task::yield_now().await;
    }
    rig.advance(1);
    receiver.next().await;
    let event = rig.logged("given_up").await;
    let reason = "the answer was 503 Service Unavailable; given up after 2 attempts";
    assert_eq!(event.description.as_deref(), Some(reason));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let rig = Rig::start().await;
    let mut receiver = Receiver::start().await;
    receiver.answer(&[302]);
    let request = Request::get(&receiver.url).body(Bytes::new()).unwrap();
    let answer = rig.tenant.state().outbound.send(request).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (302, &"/elsewhere".parse().unwrap())
    );
    receiver.next().await;
    assert!(receiver.is_empty());
}

#[tokio::test]
async fn a_public_tenant_does_not_call_its_own_network() {
    let rig = public().await;
    let mut receiver = Receiver::start().await;
    let outbound = &rig.tenant.state().outbound;
    let send = async |url: &str| outbound.send(Request::get(url).body(Bytes::new()).unwrap()).await;
    let by_name = receiver.url.replace("127.0.0.1", "localhost");
    assert!(matches!(send(&receiver.url).await, Err(CallError::Forbidden(_))));
    // A name is refused where it is resolved, with the same reason beneath.
    let mut error: &dyn std::error::Error = &send(&by_name).await.unwrap_err();
    while let Some(source) = error.source() {
        error = source;
    }
    assert_eq!(
        error.to_string(),
        "localhost is an address of this machine, which this tenant does not call: if it should, name the host under \
         `stepup.outbound_hosts` in the configuration"
    );
    outbound.enqueue(&call(&rig.tenant, "call_1", &by_name)).await.unwrap();
    let given_up = rig.logged("given_up").await;
    assert!(given_up.description.unwrap().starts_with("localhost is an address of this machine"));
    assert!(receiver.is_empty());

    outbound.name_hosts(["LOCALHOST".to_owned()]);
    assert_eq!(send(&by_name).await.unwrap().status(), 204);
    receiver.next().await;
}

#[tokio::test]
async fn nobody_calls_metadata_services() {
    let rig = Rig::start().await;
    for url in ["http://169.254.169.254/latest/", "http://[fe80::1]/", "http://[::ffff:a9fe:a9fe]/"] {
        let answered = rig.tenant.state().outbound.send(Request::get(url).body(Bytes::new()).unwrap()).await;
        assert!(matches!(answered, Err(CallError::Forbidden(_))), "{url}");
    }
    let answered =
        rig.tenant.state().outbound.send(Request::get("ftp://localhost/").body(Bytes::new()).unwrap()).await;
    assert!(matches!(answered, Err(CallError::Address(_))));
}

#[tokio::test]
async fn what_was_owed_is_made_after_a_restart() {
    let scratch = Scratch::new();
    let mut receiver = Receiver::start().await;
    let start = async || Rig::built(Builder::default().database(&scratch.database())).await;
    let rig = start().await;
    // The server is told to fail, so that the call outlives the first process.
    receiver.answer(&[500, 204]);
    rig.tenant.state().outbound.enqueue(&call(&rig.tenant, "call_1", &receiver.url)).await.unwrap();
    receiver.next().await;
    rig.tenant.shutdown().await;

    let rig = start().await;
    rig.advance(31);
    assert_eq!(receiver.next().await.header("idempotency-key"), "call_1");
    rig.logged("taken").await;
}

#[tokio::test]
async fn a_clean_stop_makes_what_is_due() {
    let scratch = Scratch::new();
    let mut receiver = Receiver::start().await;
    let rig = Rig::built(Builder::default().database(&scratch.database())).await;
    for id in 0..20 {
        let call = call(&rig.tenant, &format!("call_{id}"), &receiver.url);
        rig.tenant.state().outbound.enqueue(&call).await.unwrap();
    }
    rig.tenant.shutdown().await;
    for _ in 0..20 {
        receiver.next().await;
    }
    let database = std::fs::read(scratch.path("tenant.sqlite")).unwrap();
    assert!(!String::from_utf8_lossy(&database).contains("123456"), "codes are sealed at rest");
}
