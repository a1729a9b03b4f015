//! Starting and stopping.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use serde_json::{Value, json};
use stepup_tenant::{
    Tenant,
    model::{Call, LogEvent},
};

use crate::{rig::Rig, support::Scratch};

#[tokio::test]
async fn starts_on_a_free_port_and_stops() {
    let tenant = Tenant::builder().start().await.unwrap();
    assert_eq!(tenant.issuer(), format!("http://localhost:{}/", tenant.port()));
    assert_eq!(tenant.domain(), format!("localhost:{}", tenant.port()));
    let webapp = tenant.client("webapp").unwrap();
    assert_eq!(webapp.client_id, "stepup-webapp");
    assert_eq!(webapp.client_secret.as_deref(), Some("stepup-webapp-secret"));
    assert!(!format!("{webapp:?} {tenant:?}").contains("secret"));

    let answer = reqwest::get(format!("{}nothing-here", tenant.issuer())).await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(tenant.requests()[0].path, "/nothing-here");
    tenant.shutdown().await;
    assert!(reqwest::get(tenant.issuer()).await.is_err());
}

#[tokio::test]
async fn stops_within_ten_seconds_whoever_does_not_answer() {
    let rig = Rig::start().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let now = rig.tenant.clock().now();
    for number in 0..50 {
        let owed = Call {
            id: format!("call_{number}"),
            url: url.clone(),
            content_type: "application/json".to_owned(),
            body: "{}".into(),
            secret: None,
            is_message: false,
            deadline: now + Duration::from_secs(300),
            succeeded: None,
            failed: None,
        };
        rig.tenant.state().outbound.enqueue(&owed).await.unwrap();
    }
    silent.accept().await.unwrap();
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    rig.tenant.shutdown().await;
    let took = began.elapsed();
    assert!(took <= Duration::from_secs(11), "{took:?}");
}

#[tokio::test]
async fn stops_when_it_is_dropped() {
    let tenant = Tenant::builder().start().await.unwrap();
    let issuer = tenant.issuer().to_owned();
    let state = std::sync::Arc::downgrade(tenant.state());
    assert!(reqwest::get(&issuer).await.is_ok());
    drop(tenant);
    while state.upgrade().is_some() {
        tokio::task::yield_now().await;
    }
    assert!(reqwest::get(&issuer).await.is_err());
}

#[tokio::test]
async fn the_ready_file_says_what_a_script_needs() {
    let scratch = Scratch::new();
    let path = scratch.path("ready.json");
    let tenant = Tenant::builder().control(true).ready_file(&path).start().await.unwrap();
    let ready: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let (url, key) = tenant.control().unwrap();
    assert_eq!(
        ready,
        json!({
            "issuer": tenant.issuer(),
            "domain": tenant.domain(),
            "pid": std::process::id(),
            "ca_certificate": null,
            "control": { "url": url, "key": key },
            "clients": [
                { "client_id": "stepup-webapp", "client_secret": "stepup-webapp-secret", "name": "webapp" },
                { "client_id": "stepup-spa", "client_secret": null, "name": "spa" },
                { "client_id": "stepup-native", "client_secret": null, "name": "native" },
                { "client_id": "stepup-m2m", "client_secret": "stepup-m2m-secret", "name": "m2m" },
            ],
        })
    );
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "it holds secrets");
    assert_eq!(std::fs::read_dir(scratch.path("")).unwrap().count(), 1, "no draft is left");
    let error = Tenant::builder().ready_file("/no/such/folder/ready.json").start().await.unwrap_err();
    assert_eq!(error.to_string(), "the ready file /no/such/folder/ready.json cannot be written");
}

#[tokio::test]
async fn a_restart_on_a_file_keeps_keys_users_and_log() {
    let scratch = Scratch::new();
    let start = || Tenant::builder().database(&scratch.database()).start();
    let first = start().await.unwrap();
    let kid = first.state().keys.kid().to_owned();
    let token = first.state().keys.sign("JWT", &json!({ "sub": "ada" })).unwrap();
    let ada = first.state().store.user_by_identifier("Username-Password-Authentication", "ada@example.com");
    let ada = ada.await.unwrap().unwrap();
    first.state().store.record_login(&ada.user_id, first.clock().now()).await.unwrap();
    first.state().log.record(LogEvent::new("s", first.clock().now())).await;
    first.shutdown().await;

    let second = start().await.unwrap();
    assert_eq!(second.state().keys.kid(), kid);
    let keys = second.state().keys.published();
    assert!(keys.set.verify(&token, &[stepup_seal::jws::Algorithm::Rs256]).is_ok());
    assert_eq!(second.state().store.user(&ada.user_id).await.unwrap().unwrap().logins_count, 1);
    assert_eq!(second.log().await.unwrap()[0].kind, "s");
    for file in ["signing-key-1.json", "vault.key"] {
        let mode = std::fs::metadata(scratch.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn two_keys_are_published_with_their_certificates() {
    let scratch = Scratch::new();
    let tenant = Tenant::builder().data_dir(scratch.path("data")).start().await.unwrap();
    let keys = &tenant.state().keys;
    assert_eq!(keys.published().set.len(), 1);
    tokio::time::pause();
    while keys.published().set.len() < 2 {
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    let jwks: Value = serde_json::from_slice(&keys.published().jwks).unwrap();
    for key in jwks["keys"].as_array().unwrap() {
        assert_eq!(
            (&key["kty"], &key["use"], &key["alg"], &key["e"]),
            (&json!("RSA"), &json!("sig"), &json!("RS256"), &json!("AQAB"))
        );
        assert_eq!(key["kid"].as_str().unwrap().len(), 21);
        assert_eq!(key["x5t"].as_str().unwrap().len(), 27);
        assert_eq!(key["x5c"].as_array().unwrap().len(), 1);
        assert!(key.get("d").is_none());
    }
    assert_eq!(jwks["keys"][0]["kid"], keys.kid());
    assert_ne!(jwks["keys"][0]["kid"], jwks["keys"][1]["kid"]);
}

#[tokio::test]
async fn a_kept_key_that_cannot_be_read_is_named() {
    for (name, content) in [
        ("signing-key-1.json", "{\"kid\":\"of another version\"}"),
        ("signing-key-1.json", "{"),
        ("vault.key", "short"),
    ] {
        let scratch = Scratch::new();
        let path = scratch.write(&format!("data/{name}"), content);
        let error = Tenant::builder().data_dir(scratch.path("data")).start().await.unwrap_err();
        let told = crate::support::chain(&error);
        assert!(told.contains(&path.display().to_string()), "{told}");
        assert!(told.contains("remove the file to have a new one made"), "{told}");
    }
}
