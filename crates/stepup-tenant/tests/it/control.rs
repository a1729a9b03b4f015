//! The remote control.

use std::pin::pin;

use serde_json::{Value, json};
use stepup_protocol::time::UnixTime;
use stepup_tenant::{
    Tenant,
    clock::VirtualClock,
    model::{Channel, LogEvent, Message},
};

use crate::{
    rig::{Config, Rig},
    support::{Remote, Scratch},
};

async fn controlled() -> (Tenant, Remote) {
    let clock = VirtualClock::frozen(UnixTime::from_seconds(1_767_225_600));
    let tenant = Tenant::builder().control(true).clock(clock).start().await.unwrap();
    let remote = Remote::of(&tenant);
    (tenant, remote)
}

#[tokio::test]
async fn is_off_unless_asked_for_and_locked() {
    let off = Tenant::builder().start().await.unwrap();
    assert!(off.control().is_none());
    assert_eq!(reqwest::get(format!("{}_control/clock", off.issuer())).await.unwrap().status(), 404);

    let (tenant, remote) = controlled().await;
    let url = format!("{}_control/clock", tenant.issuer());
    let http = reqwest::Client::builder().build().unwrap();
    let bare = http.get(&url).send().await.unwrap();
    assert_eq!(bare.status(), 401);
    assert!(bare.text().await.unwrap().contains("Authorization: Bearer KEY"));
    assert_eq!(http.get(&url).bearer_auth("wrong").send().await.unwrap().status(), 401);
    assert_eq!(remote.get("clock").await.0, 200);
    assert_eq!(remote.get("nothing").await.0, 404);
    assert_eq!(tenant.requests(), [], "control calls are not recorded");
}

#[tokio::test]
async fn moves_the_clock() {
    let (tenant, remote) = controlled().await;
    let start = json!({ "now": "2026-01-01T00:00:00.000Z", "unix": 1_767_225_600 });
    assert_eq!(remote.get("clock").await, (200, start.clone()));
    assert_eq!(
        remote.post("clock", json!({ "advance_seconds": 90 })).await.1["now"],
        "2026-01-01T00:01:30.000Z"
    );
    assert_eq!(
        remote.post("clock", json!({ "set": "2027-02-03T04:05:06Z" })).await.1["now"],
        "2027-02-03T04:05:06.000Z"
    );
    assert_eq!(tenant.clock().now().seconds(), 1_801_627_506);
    assert_eq!(remote.post("clock", json!({ "reset": true })).await, (200, start));
    for wrong in [
        json!({}),
        json!({ "advance_seconds": 1, "reset": true }),
        json!({ "advance_seconds": u64::MAX }),
        json!({ "advance_seconds": 300_000_000_000_u64 }),
        json!({ "set": "yesterday" }),
        json!({ "set": "-000044-03-15T12:00:00Z" }),
        json!({ "back": 1 }),
        json!([]),
    ] {
        let (status, body) = remote.post("clock", wrong.clone()).await;
        assert_eq!((status, &body["error"]), (400, &json!("invalid_request")), "{wrong}");
    }
    assert_eq!(tenant.clock().now().seconds(), 1_767_225_600, "nothing of that moved it");
}

#[tokio::test]
async fn an_app_goes_on_when_the_clock_has_come_back() {
    let scratch = Scratch::new();
    let yaml = Config::policy("all-applications").yaml();
    let start =
        || Rig::built(Tenant::builder().config_yaml(&yaml).database(&scratch.database()).control(true));
    let log_in = async |rig: &Rig| rig.password(&[]).await.mfa_token();
    let rig = start().await;
    let mfa_token = log_in(&rig).await;
    let secret = rig.associate(&mfa_token).await.text("secret");
    rig.advance(86_400);
    let mfa_token = log_in(&rig).await;
    assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&secret)).await.status, 200);

    Remote::of(&rig.tenant).post("clock", json!({ "reset": true })).await;
    let mfa_token = log_in(&rig).await;
    let code = rig.code(&secret);
    let verified = rig.verify_otp(&mfa_token, &code).await;
    assert_eq!(verified.status, 200, "after a reset of the clock: {}", verified.body);
    let mfa_token = log_in(&rig).await;
    assert_eq!(rig.verify_otp(&mfa_token, &code).await.status, 403, "a code is good once");
    rig.advance(86_400);
    assert_eq!(rig.verify_otp(&log_in(&rig).await, &rig.code(&secret)).await.status, 200);
    rig.tenant.shutdown().await;

    let rig = start().await;
    let verified = rig.verify_otp(&log_in(&rig).await, &rig.code(&secret)).await;
    assert_eq!(verified.status, 200, "after a restart: {}", verified.body);
}

fn message(id: &str, channel: Channel, to: &str) -> Message {
    Message {
        id: id.to_owned(),
        channel,
        to: to.to_owned(),
        code: Some("123456".to_owned()),
        body: "Your code is 123456.".to_owned(),
        user_id: None,
        created_at: UnixTime::from_seconds(1_767_225_600),
        undelivered: None,
    }
}

#[tokio::test]
async fn reads_messages_and_waits_for_them() {
    let (tenant, remote) = controlled().await;
    let inbox = tenant.state().delivery.inbox().clone();
    inbox.deliver(&message("1", Channel::Sms, "+1")).await.unwrap();
    inbox.deliver(&message("2", Channel::Email, "ada@example.com")).await.unwrap();
    let (_, all) = remote.get("messages").await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    let expected = json!({
        "id": "2", "channel": "email", "to": "ada@example.com", "code": "123456", "body": "Your code is 123456.",
        "user_id": null, "created_at": "2026-01-01T00:00:00.000Z"
    });
    assert_eq!(all[0], expected);
    assert_eq!(remote.get("messages?to=%2B1&channel=sms").await.1[0]["id"], "1");
    assert_eq!(remote.get("messages?channel=pigeon").await.0, 400);
    assert_eq!(remote.get("messages?wait=soon").await.0, 400);
    assert_eq!(remote.get("messages?wait=0").await, (200, json!([])), "those there before do not count");

    // The control request may come first or last: deliver until one of them is seen.
    let mut waited = pin!(remote.get("messages?wait=60&channel=sms"));
    let mut ids = 3..;
    let waited = loop {
        tokio::select! {
            biased;
            waited = &mut waited => break waited,
            () = tokio::task::yield_now() => {}
        }
        let id = ids.next().unwrap().to_string();
        inbox.deliver(&message(&id, Channel::Sms, "+1")).await.unwrap();
    };
    assert_eq!(waited.1[0]["channel"], "sms");
}

#[tokio::test]
async fn a_virtual_device_scans_and_shows_codes() {
    let (tenant, remote) = controlled().await;
    let uri = "otpauth://totp/stepup:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=stepup&algorithm=SHA1&digits=6&period=30";
    let (status, scanned) = remote.post("devices", json!({ "barcode_uri": uri })).await;
    assert_eq!((status, &scanned["kind"]), (200, &json!("otpauth")));
    // RFC 6238 appendix B, cut to six digits.
    remote.post("clock", json!({ "set": "2005-03-18T01:58:29Z" })).await;
    let code = remote.get(&format!("devices/{}/code", scanned["device_id"].as_str().unwrap())).await;
    assert_eq!(code, (200, json!({ "code": "081804" })));
    assert_eq!(tenant.totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").as_deref(), Some("081804"));
    assert_eq!(tenant.totp("not base32!"), None);
    assert_eq!(remote.get("devices/none/code").await.0, 404);
    let short = json!({ "barcode_uri": "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ" });
    let (status, scanned) = remote.post("devices", short).await;
    assert_eq!(status, 200, "as short as an imported one may be: {scanned}");
    let code = remote.get(&format!("devices/{}/code", scanned["device_id"].as_str().unwrap())).await.1;
    assert_eq!(code["code"].as_str(), tenant.totp("GEZDGNBVGY3TQOJQ").as_deref());
    for wrong in [
        "https://example.com/",
        "otpauth://totp/x",
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=0",
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=12",
    ] {
        assert_eq!(remote.post("devices", json!({ "barcode_uri": wrong })).await.0, 400, "{wrong}");
    }
    assert_eq!(remote.get("push").await, (200, json!([])));
    assert_eq!(remote.post("push/x", json!({ "decision": "approve" })).await.0, 404);
}

#[tokio::test]
async fn reads_the_log_in_auth0s_shape() {
    let (tenant, remote) = controlled().await;
    let log = &tenant.state().log;
    let now = tenant.clock().now();
    log.record(LogEvent { client_id: Some("stepup-webapp".to_owned()), ..LogEvent::new("s", now) }).await;
    log.record(LogEvent { user_name: Some("eve".to_owned()), ..LogEvent::new("fp", now) }).await;
    let (_, events) = remote.get("log").await;
    assert_eq!(events.as_array().unwrap().len(), 2);
    assert_eq!((&events[0]["type"], &events[0]["user_name"]), (&json!("fp"), &json!("eve")));
    assert_eq!((&events[1]["type"], &events[1]["date"]), (&json!("s"), &json!("2026-01-01T00:00:00.000Z")));
    assert!(events[0]["log_id"].as_str() > events[1]["log_id"].as_str());
    assert_eq!(remote.get("log?type=s").await.1.as_array().unwrap().len(), 1);
    assert_eq!(remote.get("log?type=s&wait=0").await.1, json!([]));
    assert_eq!(tenant.log().await.unwrap().len(), 2);
}

#[tokio::test]
async fn ten_thousand_events_are_kept_whole() {
    let (tenant, _) = controlled().await;
    let log = tenant.state().log.clone();
    for number in 0..10_000 {
        log.record(LogEvent {
            user_id: Some(number.to_string()),
            ..LogEvent::new("s", tenant.clock().now())
        })
        .await;
    }
    let kept = tenant.state().store.log(None, 20_000).await.unwrap();
    assert_eq!(kept.len(), 10_000);
    assert_eq!((kept[0].user_id.as_deref(), kept[9_999].user_id.as_deref()), (Some("9999"), Some("0")));
}

#[tokio::test]
async fn records_exchanges_and_forgets_them() {
    let (tenant, remote) = controlled().await;
    let http = reqwest::Client::builder().build().unwrap();
    let url = format!("{}no/such?secret=kept", tenant.issuer());
    http.post(&url).header("authorization", "Bearer kept").body("body=kept").send().await.unwrap();
    let (_, exchanges) = remote.get("requests").await;
    let exchange = &exchanges[0];
    assert_eq!((&exchange["method"], &exchange["path"]), (&json!("POST"), &json!("/no/such?secret=kept")));
    assert_eq!(
        (&exchange["headers"]["authorization"], &exchange["body"]),
        (&json!("Bearer kept"), &json!("body=kept"))
    );
    assert_eq!(exchange["status"], 404);
    assert!(exchange["response"]["headers"].is_object());
    assert!(!format!("{:?}", tenant.requests()).contains("kept"));
    assert_eq!(remote.delete("requests").await, (204, Value::Null));
    assert_eq!(remote.get("requests?wait=0").await.1, json!([]));
}

#[tokio::test]
async fn resets_to_the_state_at_start() {
    let (tenant, remote) = controlled().await;
    let store = &tenant.state().store;
    let ada = store
        .user_by_identifier("Username-Password-Authentication", "ada@example.com")
        .await
        .unwrap()
        .unwrap();
    store.record_login(&ada.user_id, tenant.clock().now()).await.unwrap();
    tenant.state().delivery.inbox().deliver(&message("1", Channel::Sms, "+1")).await.unwrap();
    tenant.state().log.record(LogEvent::new("s", tenant.clock().now())).await;
    remote.post("clock", json!({ "advance_seconds": 500 })).await;
    remote.post("faults", json!({ "path": "*", "status": 503 })).await;

    assert_eq!(remote.post("reset", json!({})).await, (204, Value::Null));
    assert_eq!(store.user(&ada.user_id).await.unwrap().unwrap().logins_count, 0);
    assert_eq!(remote.get("messages").await.1, json!([]));
    assert_eq!(remote.get("log").await.1, json!([]));
    assert_eq!(tenant.clock().now().seconds(), 1_767_225_600);
    assert_eq!(reqwest::get(format!("{}x", tenant.issuer())).await.unwrap().status(), 404, "faults are gone");
}

#[tokio::test]
async fn stops_the_tenant() {
    let (tenant, remote) = controlled().await;
    assert_eq!(remote.post("shutdown", json!({})).await.0, 204);
    tenant.stopped().await;
    assert!(reqwest::get(tenant.issuer()).await.is_err());
}
