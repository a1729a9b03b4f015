//! Authorization requests that are pushed, and tokens that are bound to a key, where the environment or the tenant says so.

use std::collections::BTreeMap;

use serde_json::json;
use stepup_seal::jws::{Algorithm, verify_self_signed};
use stepup_tenant::{Fault, Tenant};
use url::form_urlencoded;

use super::{
    ADDRESSES, GRANTS, LOGIN, environment, look, look_at,
    person::{Person, Waiting},
    tenant_with, yaml,
};

pub(super) const DPOP_KEY: &str = include_str!("../../../../stepup/tests/fixtures/dpop-key.pem");
const PUSH: (&str, &str) = ("STEPUP_PUSHED_AUTHORIZATION_REQUESTS", "true");
/// A free port, where the local tenant allows any.
const ANYWHERE: [&str; 2] = ["--callback", "http://localhost:0/auth/callback"];

/// A tenant that says this of itself.
async fn tenant_that(says: &str) -> Tenant {
    let rotating = "    refresh_token: { rotation_type: rotating, expiration_type: expiring }\n";
    let yaml = yaml(&format!("{ADDRESSES}{GRANTS}"), rotating);
    let yaml = yaml.replace("tenant:\n", &format!("tenant:\n  {says}\n"));
    Tenant::builder().config_yaml(&yaml).start().await.unwrap()
}

/// The forms that were posted to `path`, and the claims of the proof that came with each.
fn posted(tenant: &Tenant, path: &str) -> Vec<(BTreeMap<String, String>, Option<serde_json::Value>)> {
    let requests = tenant.requests();
    let posts = requests.iter().filter(|exchange| exchange.method == "POST" && exchange.path == path);
    posts
        .map(|exchange| {
            let proof = exchange.headers.get("dpop").map(|proof| {
                verify_self_signed(proof, &[Algorithm::Es256]).unwrap().verified.claims().unwrap()
            });
            (form_urlencoded::parse(exchange.body.as_bytes()).into_owned().collect(), proof)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn token_requests_carry_proofs_of_the_key() {
    let tenant = tenant_that("friendly_name: bound").await;
    let one_line = DPOP_KEY.trim().replace('\n', "\\n");
    let looked = look_at(&tenant, Some(("AUTH0_DPOP_PRIVATE_KEY", &one_line)), &LOGIN).await;
    assert_eq!(looked.code, 0, "{:#?}", looked.lines);
    assert_eq!(looked.detail("DPoP"), "the access token is bound to AUTH0_DPOP_PRIVATE_KEY");
    let sent = posted(&tenant, "/oauth/token");
    assert_eq!(sent.len(), 7, "authentication, four grants, a login, a refresh");
    for (_, proof) in &sent {
        let proof = proof.as_ref().expect("each with a proof of its own");
        assert_eq!(
            (&proof["htm"], &proof["htu"]),
            (&"POST".into(), &format!("{}oauth/token", tenant.issuer()).into())
        );
    }
    assert!(posted(&tenant, "/oauth/revoke").iter().all(|(_, proof)| proof.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_is_refused_says_what_to_look_at() {
    let tenant = tenant_that("friendly_name: bound").await;
    let refusal = serde_json::json!({ "error": "invalid_dpop_proof", "error_description": "it is too old" });
    tenant.fail_next(Fault { status: Some(400), body: Some(refusal), ..Fault::on("POST", "/oauth/token") });
    let looked = look_at(&tenant, Some(("AUTH0_DPOP_PRIVATE_KEY", DPOP_KEY)), &[]).await;
    assert!(looked.change("DPoP").starts_with("have the machine's clock set by NTP"), "{:#?}", looked.lines);
    assert!(looked.detail("DPoP").ends_with("400 invalid_dpop_proof (it is too old)"), "{:#?}", looked.lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_must_bind_its_tokens_is_told_so() {
    let demand = "    require_proof_of_possession: true\n";
    let tenant = tenant_with(&format!("{ADDRESSES}{GRANTS}"), demand).await;
    let looked = look_at(&tenant, None, &[]).await;
    let change = looked.change("DPoP");
    assert!(change.starts_with("set AUTH0_DPOP_PRIVATE_KEY to a key from `openssl genpkey "), "{change}");
    let looked = look_at(&tenant, Some(("AUTH0_DPOP_PRIVATE_KEY", DPOP_KEY)), &LOGIN).await;
    assert_eq!((looked.code, looked.verdicts("DPoP")), (0, vec!["ok"]), "{:#?}", looked.lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_pushed_where_the_tenant_takes_no_others() {
    for (says, variables) in [
        ("require_pushed_authorization_requests: true", vec![]),
        ("friendly_name: either", vec![PUSH, ("STEPUP_CLIENT_AUTHENTICATION", "client_secret_basic")]),
    ] {
        let tenant = tenant_that(says).await;
        let one_line = DPOP_KEY.trim().replace('\n', "\\n");
        let variables = [&variables[..], &[("AUTH0_DPOP_PRIVATE_KEY", one_line.as_str())]].concat();
        let doctor = Waiting::for_login(&tenant, &variables, &ANYWHERE).await;
        let mut person = Person::new();
        person.open(&doctor.address).await;
        person.log_in().await;
        let looked = doctor.end().await;
        assert_eq!(looked.code, 0, "{says}: {:#?}", looked.lines);
        assert_eq!(looked.verdicts("pushed requests"), ["ok"]);
        assert_eq!(looked.verdicts("callback URL"), ["ok", "ok"], "the application's, and the doctor's");
        assert_eq!((looked.verdicts("DPoP"), looked.verdicts("MFA API")), (vec!["ok"], vec!["ok"]), "{says}");
        let pushed = posted(&tenant, "/oauth/par");
        assert_eq!(pushed.len(), 5, "one to see, two callbacks, two logins");
        assert_eq!((pushed[3].0["dpop_jkt"].len(), &*pushed[3].0["client_id"]), (43, "stepup-webapp"));
        let requests = tenant.requests();
        let mut authorized = requests.iter().filter_map(|exchange| exchange.path.strip_prefix("/authorize?"));
        assert!(authorized.all(|query| query.contains("request_uri=") && !query.contains("redirect_uri=")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_pushed_requests_is_told() {
    let of_this_client = "    require_pushed_authorization_requests: true\n";
    let tenant = tenant_with(&format!("{ADDRESSES}{GRANTS}"), of_this_client).await;
    let looked = look_at(&tenant, None, &[]).await;
    let change = looked.change("pushed requests");
    assert!(change.starts_with("set STEPUP_PUSHED_AUTHORIZATION_REQUESTS=true, or "), "{change}");
    let looked = look_at(&tenant, Some(PUSH), &[]).await;
    assert_eq!((looked.code, looked.verdicts("callback URL")), (0, vec!["ok"]), "{:#?}", looked.lines);

    let elsewhere = [PUSH, ("APP_BASE_URL", "https://bank.example.com")];
    let looked = look(&environment(&tenant, &elsewhere), &[]).await;
    assert_eq!(looked.failed(), ["callback URL", "logout URL"], "{:#?}", looked.lines);
    assert!(looked.detail("callback URL").contains("Callback URL mismatch"), "{:#?}", looked.lines);

    let tenant = tenant_that("pushed_authorization_requests_supported: false").await;
    let looked = look_at(&tenant, Some(PUSH), &[]).await;
    assert!(
        looked.change("pushed requests").contains("Allow Pushed Authorization Requests"),
        "{:#?}",
        looked.lines
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_busy_or_down_has_no_setting_that_is_wrong() {
    let busy = json!({ "error": "too_many_requests", "error_description": "Global limit has been reached" });
    let par = Fault::on("POST", "/oauth/par");
    for (fault, advice) in [
        (
            Fault { status: Some(429), body: Some(busy), retry_after: Some(17), ..par.clone() },
            "try again in 17 s",
        ),
        (Fault { status: Some(503), ..par.clone() }, "try again later"),
        (Fault { drop: true, ..par }, "try again later; if it stays so, check firewall and proxies"),
    ] {
        let tenant = tenant_that("friendly_name: either").await;
        tenant.fail_next(fault);
        let looked = look_at(&tenant, Some(PUSH), &[]).await;
        assert_eq!(looked.change("pushed requests"), advice);
        assert_eq!(looked.detail("callback URL"), "not checked: http://localhost:3000/auth/callback");
        assert_eq!(looked.verdicts("callback URL"), ["warn"]);
        assert_eq!(looked.verdicts("logout URL"), ["ok"], "the look goes on");
    }

    let tenant = tenant_that("friendly_name: either").await;
    tenant.fail_next(Fault { status: Some(503), ..Fault::on("GET", "/authorize") });
    let looked = look_at(&tenant, None, &[]).await;
    assert_eq!(looked.change("callback URL"), "try again later");
    assert_eq!(
        looked.detail("callback URL"),
        "not checked: http://localhost:3000/auth/callback: the tenant answers 503"
    );
}
