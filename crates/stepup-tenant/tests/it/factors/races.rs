//! Two at once: one wins.

use futures_util::future::join_all;
use serde_json::json;

use super::{CODES, always, associate, enrol, enrol_app, log_in, verify_oob};
use crate::rig::{RECOVERY_GRANT, Rig};

fn wins(answers: &[crate::rig::Answer]) -> usize {
    answers.iter().filter(|it| it.status == 200).count()
}

#[tokio::test]
async fn one_of_many_verifies_with_one_oob_code_wins() {
    for factor in CODES {
        let rig = always("").await;
        let id = enrol(&rig, factor).await;
        let mfa_token = log_in(&rig).await;
        let challenged = rig.challenge(&mfa_token, &json!({ "authenticator_id": id })).await;
        let (oob_code, code) = (challenged.text("oob_code"), factor.code(&rig).await);
        let all = join_all((0..6).map(|_| verify_oob(&rig, &mfa_token, &oob_code, &code))).await;
        assert_eq!(wins(&all), 1);
        for lost in all.iter().filter(|it| it.status != 200) {
            assert_eq!(lost.text("error"), "invalid_grant", "{}", lost.body);
        }
    }
}

#[tokio::test]
async fn one_of_two_proofs_for_one_token_wins_and_the_other_is_left() {
    let [sms, ..] = CODES;
    let rig = always("").await;
    let secret = enrol_app(&rig).await;
    let mfa_token = log_in(&rig).await;
    let code = rig.code(&secret);
    let all = join_all((0..6).map(|_| rig.verify_otp(&mfa_token, &code))).await;
    assert_eq!(wins(&all), 1);

    // Two pending enrolments, confirmed at once with the same token.
    let rig = always("").await;
    let mfa_token = log_in(&rig).await;
    let app = rig.associate(&mfa_token).await.text("secret");
    let phone = associate(&rig, &mfa_token, &sms.associate()).await.text("oob_code");
    let (by_app, by_phone) = (rig.code(&app), sms.code(&rig).await);
    let (app, phone) =
        tokio::join!(rig.verify_otp(&mfa_token, &by_app), verify_oob(&rig, &mfa_token, &phone, &by_phone));
    assert_eq!(wins(&[app, phone]), 1);
    let listed = rig.authenticators(&log_in(&rig).await).await.value();
    let codes: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["type"] == "recovery-code" && it["active"] == true)
        .collect();
    assert_eq!(codes.len(), 1, "{listed}");
}

#[tokio::test]
async fn guesses_at_once_are_counted_one_by_one() {
    let rig = always("").await;
    enrol_app(&rig).await;
    let mfa_token = log_in(&rig).await;
    let all = join_all((0..25).map(|_| rig.verify_otp(&mfa_token, "000000"))).await;
    assert!(all.iter().filter(|it| it.status == 403).count() <= 10);
    assert!(all.iter().any(|it| it.status == 429));
}

#[tokio::test]
async fn one_of_many_uses_of_a_recovery_code_wins() {
    let rig = Rig::start().await;
    let enrolled = rig.enrol().await;
    let tokens = join_all((0..4).map(|_| rig.step_up(&enrolled))).await;
    let all = join_all(tokens.iter().map(|mfa_token| async {
        let fields = [
            ("grant_type", RECOVERY_GRANT),
            ("mfa_token", mfa_token.as_str()),
            ("recovery_code", enrolled.recovery_code.as_str()),
        ];
        rig.token(&fields).await
    }))
    .await;
    assert_eq!(wins(&all), 1);
}
