//! The bodies of the step-up as they go over the wire, member by member; what differs each time is left out.

use serde_json::{Value, json};

use crate::rig::{API, Rig};

#[tokio::test]
async fn the_bodies_of_a_step_up() {
    let rig = Rig::start().await;
    let login = rig.password(&[("scope", "openid offline_access")]).await;
    let refused = rig.refresh(&login.text("refresh_token"), &[("audience", API)]).await;
    let mfa_token = refused.mfa_token();
    let associated = rig.associate(&mfa_token).await;
    let pending = rig.authenticators(&mfa_token).await;
    let secret = associated.text("secret");
    let verified = rig.verify_otp(&mfa_token, &rig.code(&secret)).await;
    let claims = verified.claims("access_token");
    rig.advance(30);
    let challenge = rig.refresh(&verified.text("refresh_token"), &[("audience", API)]).await;
    let challenged = rig.challenge(&challenge.mfa_token(), &json!({})).await;
    let active = rig.authenticators(&challenge.mfa_token()).await;
    let bodies = json!({
        "1 login": login.value(),
        "2 refused": refused.value(),
        "3 associated": associated.value(),
        "4 pending": pending.value(),
        "5 verified": verified.value(),
        "6 its access token": claims,
        "7 refused again": challenge.value(),
        "8 challenged": challenged.value(),
        "9 active": active.value(),
    });
    insta::assert_json_snapshot!(without_chance(bodies, rig.tenant.issuer()));
}

#[tokio::test]
async fn handles_have_the_form_of_recorded_ones() {
    let rig = Rig::start().await;
    let refresh_token = rig.refresh_token().await;
    let mfa_token = rig.refresh(&refresh_token, &[("audience", API)]).await.mfa_token();
    assert_eq!(form(&mfa_token), "Fe26.2*SERVER_1767225600*64*22*1771*1767225900000*64*43");
    rig.advance(30);
    let sms =
        json!({ "authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+12025550123" });
    let begun = rig.json("/mfa/associate", Some(&mfa_token), &sms).await;
    assert_eq!(form(&begun.text("oob_code")), "Fe26.2*SERVER_1767225630*64*22*171*1767225930000*64*43");

    // The whole of one is compared, and no more of it than there is.
    for guessed in [&mfa_token[1..], &mfa_token[..mfa_token.len() - 1], &format!("{mfa_token}*")] {
        let refused = rig.authenticators(guessed).await;
        assert_eq!(refused.status, 401, "{}", refused.body);
    }
    assert_eq!(rig.authenticators(&mfa_token).await.status, 200);
}

/// A handle with the lengths of its parts in place of those that are drawn.
fn form(handle: &str) -> String {
    let parts = handle.split('*').enumerate();
    let shown = |(position, part): (usize, &str)| match position {
        0 | 1 | 5 => part.to_owned(),
        _ => part.len().to_string(),
    };
    parts.map(shown).collect::<Vec<_>>().join("*")
}

/// The same with everything that is drawn at random, and the port, left out.
fn without_chance(value: Value, issuer: &str) -> Value {
    const DRAWN: [&str; 8] =
        ["access_token", "barcode_uri", "id", "id_token", "mfa_token", "refresh_token", "secret", "sub"];
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(_) if DRAWN.contains(&name.as_str()) => (name, json!("[drawn]")),
                Value::Array(codes) if name == "recovery_codes" => {
                    (name, json!(vec!["[drawn]"; codes.len()]))
                }
                other => (name, without_chance(other, issuer)),
            })
            .collect(),
        Value::Array(entries) => entries.into_iter().map(|entry| without_chance(entry, issuer)).collect(),
        Value::String(text) => Value::String(text.replace(issuer, "https://tenant.example/")),
        other => other,
    }
}
