//! One login as a sequence: its requests and log events share a transaction, from the first to the last.

use serde_json::json;
use stepup_tenant::model::Trace;

use crate::rig::{API, Browser, Rig};

/// The transactions that are known, newest first, whole.
async fn traces(rig: &Rig) -> Vec<Trace> {
    let store = &rig.tenant.state().store;
    let mut traces = Vec::new();
    for summary in store.traces(None, 100).await.unwrap() {
        traces.push(store.trace(&summary.transaction_id).await.unwrap());
    }
    traces
}

/// Its requests, as `POST /path status error`.
fn steps(trace: &Trace) -> Vec<String> {
    let told = |step: &stepup_tenant::model::Step| {
        let error = step.error.as_deref().unwrap_or_default();
        format!("{} {} {} {error}", step.method, step.path, step.status).trim_end().to_owned()
    };
    trace.steps.iter().map(told).collect()
}

fn kinds(trace: &Trace) -> Vec<&str> {
    trace.events.iter().map(|event| event.kind.as_str()).collect()
}

#[tokio::test]
async fn a_login_in_the_browser_is_one_transaction() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("audience", API)]).await;
    let end = browser.log_in(&page).await;
    assert_eq!(browser.exchange_code(&end).await.status, 200);
    let traces = traces(&rig).await;
    let [login] = traces.as_slice() else { panic!("{traces:#?}") };
    assert_eq!(
        steps(login),
        [
            "GET /authorize 302",
            "GET /u/login 200",
            "POST /u/login 302",
            "GET /authorize/resume 302",
            "POST /oauth/token 200",
        ]
    );
    assert_eq!(kinds(login)[kinds(login).len() - 2..], ["s", "seacft"]);
    let first = &login.steps[0];
    assert_eq!(first.parameters["audience"], API);
    assert_eq!(first.parameters["client_id"], "stepup-webapp");
    assert_eq!(first.location.as_deref(), Some("/u/login"));
    assert_eq!(login.steps[3].location.as_deref(), Some("http://localhost:3000/callback"));
    let written = format!("{login:?}");
    for secret in ["correct horse", "stepup-webapp-secret", &end.parameter("code"), &page.state()] {
        assert!(!written.contains(secret), "{secret} in {written}");
    }
}

#[tokio::test]
async fn a_step_up_is_one_transaction() {
    let rig = Rig::start().await;
    let refresh_token = rig.refresh_token().await;
    let mfa_token = rig.refresh(&refresh_token, &[("audience", API)]).await.mfa_token();
    rig.authenticators(&mfa_token).await;
    let secret = rig.associate(&mfa_token).await.text("secret");
    assert_eq!(rig.verify_otp(&mfa_token, "000000").await.status, 403);
    assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&secret)).await.status, 200);
    let traces = traces(&rig).await;
    assert_eq!(traces.len(), 2, "the login, and the step-up: {traces:#?}");
    assert_eq!(
        steps(&traces[0]),
        [
            "POST /oauth/token 403 mfa_required",
            "GET /mfa/authenticators 200",
            "POST /mfa/associate 200",
            "POST /oauth/token 403 invalid_grant",
            "POST /oauth/token 200",
        ]
    );
    assert_eq!(traces[0].steps[0].parameters["grant_type"], "refresh_token");
    assert!(kinds(&traces[0]).ends_with(&["gd_enrollment_complete", "seotpft"]), "{:?}", kinds(&traces[0]));
    let written = format!("{:?}", traces[0]);
    for secret in [&refresh_token, &mfa_token, &secret] {
        assert!(!written.contains(secret.as_str()), "{written}");
    }
}

#[tokio::test]
async fn a_challenge_belongs_to_the_refusal_that_it_answers() {
    let rig = Rig::start().await;
    let enrolled = rig.enrol().await;
    let mfa_token = rig.step_up(&enrolled).await;
    rig.challenge(&mfa_token, &json!({})).await;
    rig.verify_otp(&mfa_token, &rig.code(&enrolled.secret)).await;
    let traces = traces(&rig).await;
    assert_eq!(
        steps(&traces[0]),
        ["POST /oauth/token 403 mfa_required", "POST /mfa/challenge 200", "POST /oauth/token 200"]
    );
    assert!(kinds(&traces[0]).contains(&"gd_start_auth"), "{:?}", kinds(&traces[0]));
}

#[tokio::test]
async fn what_belongs_to_no_transaction_leaves_no_trace() {
    let rig = Rig::start().await;
    rig.authenticators("nonsense").await;
    rig.send(rig.http.get(rig.at("/.well-known/jwks.json"))).await;
    assert_eq!(traces(&rig).await, []);
}
