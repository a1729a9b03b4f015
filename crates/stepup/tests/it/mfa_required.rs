//! `mfa_required` means the same on every grant, under whichever status it comes, with and without an `mfa_token`.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stepup::{
    AccessTokenError, AccessTokenRequest, CallbackError, Client, SessionState,
    mfa::{FactorType, MfaRequired, Verify, VerifyError},
};
use url::Url;

use crate::{
    step_up::{Setting, access_token, ada, granted, id_token, pending, transfer},
    support::{Answer, Hands, Jar, NOW, SECRET, Script, builder, get, handle},
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Grant {
    Code,
    Otp,
    Oob,
    RecoveryCode,
    Refresh,
    RefreshOtherAudience,
}

const GRANTS: [Grant; 6] =
    [Grant::Code, Grant::Otp, Grant::Oob, Grant::RecoveryCode, Grant::Refresh, Grant::RefreshOtherAudience];

/// What the hook of the callback was told.
type Told = Arc<Mutex<Option<MfaRequired>>>;

fn setting() -> (Setting, Told) {
    let (script, clock, told) = (Script::new(), Hands::at(NOW), Told::default());
    let hear = Arc::clone(&told);
    let client = builder(&script, &clock).secret(SECRET).on_callback(move |outcome| {
        if let Err(CallbackError::MfaRequired(due)) = outcome.result {
            *hear.lock().unwrap() = Some((**due).clone());
        }
        Box::pin(std::future::ready(None))
    });
    let client = client.build().unwrap();
    (Setting { script, clock, client }, told)
}

/// The answer of a tenant whose Action wants a factor.
fn answer(status: u16, with_token: bool) -> Answer {
    let mut body = json!({
        "error": "mfa_required", "error_description": "due",
        "mfa_requirements": { "challenge": [{ "type": "otp" }, { "type": "phone" }] },
    });
    if with_token {
        body["mfa_token"] = json!("raw-9");
    }
    Answer::Json(status, body)
}

/// What `grant` is told when the tenant answers `answer`, and the session that it was for.
async fn told(grant: Grant, setting: &Setting, heard: &Told, answer: Answer) -> (MfaRequired, SessionState) {
    let Setting { script, client, .. } = setting;
    let mut state = ada(client);
    let proof = match grant {
        Grant::Code => {
            log_in(client, script, answer).await;
            return (heard.lock().unwrap().take().unwrap(), SessionState::default());
        }
        Grant::Refresh | Grant::RefreshOtherAudience => {
            script.answer(answer);
            let default = AccessTokenRequest::new();
            let wanted = if grant == Grant::Refresh { default } else { transfer() };
            match client.access_token(state.session_mut().unwrap(), &wanted).await {
                Err(AccessTokenError::MfaRequired(due)) => return (due, state),
                other => panic!("{grant:?}: {other:?}"),
            }
        }
        Grant::Otp => Verify::otp("1"),
        Grant::Oob => Verify::oob("1").binding_code("2"),
        Grant::RecoveryCode => Verify::recovery_code("1"),
    };
    let (mut state, first) = pending(setting).await;
    script.answer(answer);
    match client.mfa().verify(&mut state, &first, proof).await {
        Err(VerifyError::MfaRequired(due)) => (due, state),
        other => panic!("{grant:?}: {other:?}"),
    }
}

/// A login whose code the tenant answers with `answer`.
async fn log_in(client: &Client, script: &Script, answer: Answer) {
    let mut jar = Jar::default();
    let begun = handle(client, get("/auth/login", "")).await;
    jar.take(begun.headers());
    let authorize = Url::parse(begun.headers()["location"].to_str().unwrap()).unwrap();
    let state = authorize.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    script.answer(answer);
    let ended = handle(client, get(&format!("/auth/callback?code=c&state={state}"), &jar.line())).await;
    assert_eq!(ended.status(), 403);
}

#[tokio::test]
async fn it_means_the_same_on_every_grant_and_under_any_status() {
    for grant in GRANTS {
        for status in [400, 401, 403, 429, 500, 503] {
            for with_token in [true, false] {
                let (setting, heard) = setting();
                let (due, _) = told(grant, &setting, &heard, answer(status, with_token)).await;
                let row = format!("{grant:?} {status} {with_token}");
                assert_eq!(due.mfa_token.is_some(), with_token, "{row}");
                assert_eq!(due.needs_login(), !with_token, "{row}");
                assert_eq!(due.challenge_factors(), [FactorType::Otp, FactorType::Phone], "{row}");
                assert_eq!(due.description, "due", "{row}");
                assert!(!format!("{due:?} {}", due.to_json()).contains("raw-9"), "{row}");
            }
        }
    }
}

#[tokio::test]
async fn the_step_up_goes_on_from_every_grant() {
    for grant in GRANTS {
        let (setting, heard) = setting();
        let (due, mut state) = told(grant, &setting, &heard, answer(403, true)).await;
        let token = due.mfa_token.unwrap();
        let own = id_token(&setting.script, "auth0|ada");
        setting.script.answer(granted(&json!({ "id_token": own, "refresh_token": "rt-9" })));
        setting.client.mfa().verify(&mut state, &token, Verify::otp("2")).await.unwrap();

        let sent = setting.script.requests().last().unwrap().form();
        assert_eq!(sent["mfa_token"], "raw-9", "{grant:?}");
        let asks_api = !matches!(grant, Grant::Code | Grant::Refresh);
        assert_eq!(sent.contains_key("audience"), asks_api, "{grant:?}");
        // The token is where the next look-up finds it; after a first login the session has begun with it.
        let wanted = if asks_api { transfer() } else { AccessTokenRequest::new() };
        let requests = setting.script.requests().len();
        assert_eq!(access_token(&setting.client, &mut state, &wanted).await, "at-mfa", "{grant:?}");
        assert_eq!(setting.script.requests().len(), requests, "{grant:?}: no loop");
        let session = state.session().unwrap();
        assert_eq!((session.subject(), session.has_refresh_token()), ("auth0|ada", true), "{grant:?}");
        assert_eq!(session.amr().collect::<Vec<_>>(), ["mfa"], "{grant:?}");
        assert_eq!(setting.client.write_session(&state).unwrap().len(), 1, "{grant:?}");
    }
}

#[tokio::test]
async fn a_recovery_code_on_the_way_to_a_further_factor_is_handed_on() {
    let (setting, heard) = setting();
    let mut body: Value = json!({
        "error": "mfa_required", "error_description": "due", "mfa_token": "raw-9", "recovery_code": "NEW",
    });
    let (due, _) = told(Grant::RecoveryCode, &setting, &heard, Answer::Json(403, body.clone())).await;
    assert_eq!(due.recovery_code.as_deref(), Some("NEW"));
    assert!(!format!("{due:?}").contains("NEW"));
    body["mfa_token"] = json!(due.mfa_token.as_ref().unwrap());
    assert_eq!(due.to_json(), body);
}
