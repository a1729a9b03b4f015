//! The log, read and searched.

use serde_json::json;

use super::Admin;
use crate::rig::ADA;

#[tokio::test]
async fn the_log_is_paged_and_searched() {
    let admin = Admin::start().await;
    for password in ["wrong", "wrong again"] {
        admin.log_in(ADA, password).await;
        admin.rig.advance(1);
    }
    admin.rig.password(&[]).await;
    const RAN: &str = "actions_execution_succeeded";
    assert_eq!(admin.get("logs?per_page=5").await.each("type"), ["sepft", RAN, "fp", "fp", "seccft"]);
    assert_eq!(admin.get("logs?sort=date:1&per_page=2").await.each("type"), ["seccft", "fp"]);
    let totals = admin.get("logs?q=type:fp&include_totals=true&per_page=1&fields=type").await.value();
    assert_eq!(
        totals,
        json!({ "start": 0, "limit": 1, "length": 1, "total": 2, "logs": [{ "type": "fp" }] })
    );
    assert_eq!(admin.get("logs?page=50").await.value(), json!([]));
    let ada = admin.ada().await;
    assert_eq!(admin.get(&format!("users/{ada}/logs")).await.each("type"), ["sepft", RAN, "fp", "fp"]);
    assert_eq!(admin.get("logs?search=client_name:m2m").await.each("type"), ["seccft"]);
    assert_eq!(
        admin
            .get("logs?q=date:[* TO 2026-01-01T00:00:00Z] AND type:fp")
            .await
            .value()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn the_log_is_read_on_from_an_event() {
    let admin = Admin::start().await;
    for _ in 0..3 {
        admin.log_in(ADA, "wrong").await;
    }
    let first = admin.get("logs?take=2").await.value();
    assert_eq!((&first[0]["type"], &first[1]["type"]), (&json!("seccft"), &json!("fp")));
    let from = first[1]["log_id"].as_str().unwrap();
    let next = admin.get(&format!("logs?take=5&from={from}")).await;
    assert_eq!(next.each("type"), ["fp", "fp"]);
    let last = next.at("/1/log_id");
    assert_eq!(admin.get(&format!("logs?from={last}")).await.value(), json!([]));
    assert_eq!(admin.get(&format!("logs/{last}")).await.value()["type"], "fp");
    assert_eq!(admin.get("logs/90020260101").await.refusal(), "404 log_not_found: The log does not exist.");
    assert!(admin.get("logs?take=1000").await.refusal().starts_with("400 invalid_query_string"));
}
