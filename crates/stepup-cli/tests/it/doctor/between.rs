//! What stands between an application and its tenant: proxies, firewalls, slow lines.

use stepup_tenant::{Fault, Tenant};

use super::{environment, look, look_at};

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_the_environment_is_passed_by_as_the_sdk_does() {
    let tenant = Tenant::builder().start().await.unwrap();
    let dead = ("HTTP_PROXY", "http://127.0.0.1:1");
    let looked = look_at(&tenant, Some(dead), &[]).await;
    assert_eq!(looked.code, 0, "{:#?}", looked.lines);
    assert!(looked.detail("proxy").starts_with("HTTP_PROXY is set"), "{:#?}", looked.lines);

    let elsewhere = [dead, ("AUTH0_DOMAIN", "http://localhost:1")];
    let looked = look(&environment(&tenant, &elsewhere), &[]).await;
    let change = looked.change("discovery");
    assert!(change.contains("`ReqwestClient::with_environment_proxy()`"), "{change}");

    let looked = look_at(&tenant, Some(dead), &["--environment-proxy"]).await;
    assert!(looked.change("discovery").starts_with("check HTTP_PROXY"), "{:#?}", looked.lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_the_sdk_would_not_wait_for() {
    let slow = |delay_ms| Fault { delay_ms, ..Fault::on("GET", "/.well-known/openid-configuration") };
    let (slower, late) = (Tenant::builder().start().await.unwrap(), Tenant::builder().start().await.unwrap());
    slower.fail_next(slow(2600));
    late.fail_next(slow(6000));
    let (slower, late) = tokio::join!(look_at(&slower, None, &[]), look_at(&late, None, &[]));
    assert_eq!((slower.code, slower.verdicts("speed")), (0, vec!["warn"]), "{:#?}", slower.lines);
    late.change("discovery");
    assert!(
        late.detail("discovery").ends_with("none within 5 s, which is as long as the SDK waits"),
        "{:#?}",
        late.lines
    );
}
