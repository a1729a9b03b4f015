//! What stands between an application and its tenant: proxies, firewalls, slow lines.

use serde_json::json;
use stepup_tenant::{Fault, Tenant};

use super::{ADDRESSES, GRANTS, LOGIN, environment, look, look_at, tenant_with};

const PAGE: &str = "<html><title>403 Forbidden</title></html>";

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_the_tenants_is_no_setting_that_is_wrong() {
    let fault = |method, path, status, body: Option<&str>, retry_after| Fault {
        status: Some(status),
        body: body.map(Into::into),
        retry_after,
        ..Fault::on(method, path)
    };
    let (discovery, keys) = ("/.well-known/openid-configuration", "/.well-known/jwks.json");
    for (method, path, check) in [
        ("GET", discovery, "discovery"),
        ("GET", keys, "keys"),
        ("POST", "/oauth/token", "client authentication"),
    ] {
        for (status, body, retry_after, advice) in [
            (200, Some(PAGE), None, "answers with a page"),
            (403, Some(PAGE), None, "answers with a page"),
            (407, None, None, "a proxy answers"),
            (301, Some(""), None, "follows no redirect"),
            (429, None, Some(17), "try again in 17 s"),
            (503, Some(PAGE), Some(30), "try again in 30 s"),
            (500, None, None, "try again later"),
        ] {
            let tenant = Tenant::builder().start().await.unwrap();
            tenant.fail_next(fault(method, path, status, body, retry_after));
            let looked = look_at(&tenant, None, &[]).await;
            assert!(looked.change(check).contains(advice), "{status} at {path}: {:#?}", looked.lines);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_on_only_where_the_tenant_says_so() {
    for (status, body, advice) in [
        (403, PAGE, "answers with a page"),
        (200, PAGE, "answers with a page"),
        (404, "", "try again, and look into the tenant's log"),
        (429, "", "try again later"),
    ] {
        let tenant = Tenant::builder().start().await.unwrap();
        tenant.fail_next(Fault::on("POST", "/oauth/token"));
        let odd = Fault {
            status: Some(status),
            body: Some(body.into()),
            times: 4,
            ..Fault::on("POST", "/oauth/token")
        };
        tenant.fail_next(odd);
        let looked = look_at(&tenant, None, &[]).await;
        for check in ["MFA grant otp", "MFA grant oob_code", "MFA grant recovery_code", "refresh grant"] {
            assert_eq!(looked.verdicts(check), ["warn"], "{status}: {:#?}", looked.lines);
            assert!(
                looked.lines_of(check)[0]["change"].as_str().unwrap().contains(advice),
                "{:#?}",
                looked.lines
            );
        }
    }
}

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

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_that_is_signed_by_somebody_else() {
    let (tenant, other) = (
        tenant_with(&format!("{ADDRESSES}{GRANTS}"), "").await,
        tenant_with(&format!("{ADDRESSES}{GRANTS}"), "").await,
    );
    let form = format!(
        "grant_type=password&client_id=stepup-webapp&client_secret=stepup-webapp-secret&username=ada%40example.com&password={}&scope=openid",
        super::PASSWORD.replace(' ', "+")
    );
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("{}oauth/token", other.issuer())).body(form);
    let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    let tokens: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    let body = json!({ "access_token": "a", "token_type": "Bearer", "id_token": tokens["id_token"], "refresh_token": "r" });
    tenant.fail_next(Fault { times: 5, ..Fault::on("POST", "/oauth/token") });
    tenant.fail_next(Fault { body: Some(body), ..Fault::on("POST", "/oauth/token") });
    let looked = look_at(&tenant, None, &LOGIN).await;
    assert!(looked.failed().contains(&"ID token"), "{:#?}", looked.lines);
    assert!(looked.detail("ID token").contains("no key of the set fits the token"), "{:#?}", looked.lines);
}
