//! What a login with a password shows.

use stepup_tenant::Tenant;

use super::{ADDRESSES, GRANTS, LOGIN, look_at, proof::DPOP_KEY};
use crate::action::of_the_examples;

pub(super) const TOTP: &str = "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4";
/// Ada with an authenticator app.
pub(super) const USERS: &str = r#"[{ "user_id": "ada", "email": "ada@example.com", "email_verified": true,
    "password": "correct horse battery staple", "mfa_factors": [{ "totp": { "secret": "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4" } }] }]"#;

/// A tenant of the built-in configuration's kind, with a post-login Action.
pub(super) async fn tenant_that_does(action: &str) -> Tenant {
    let yaml = super::yaml(
        &format!("{ADDRESSES}{GRANTS}"),
        &format!(
            "    refresh_token: {{ rotation_type: rotating, expiration_type: expiring, policies: [{{ audience: \"{API}\", scope: [\"transfer:funds\"] }}] }}\n\
             resourceServers:\n  - name: API\n    identifier: {API}\n    scopes: [{{ value: \"transfer:funds\" }}]\n    allow_offline_access: true\n    \
             skip_consent_for_verifiable_first_party_clients: true\n\
             actions:\n  - name: action\n    code: {}\n    runtime: node22\n    supported_triggers: [{{ id: post-login, version: v3 }}]\n\
             triggers:\n  post-login: [{{ action_name: action, display_name: action }}]\n",
            serde_json::Value::from(action)
        ),
    );
    Tenant::builder().config_yaml(&yaml).users_json(USERS).start().await.unwrap()
}

pub(super) const API: &str = "https://api.example.com";
const AT_LOGIN: &str = "exports.onExecutePostLogin = async (event, api) => {
  if (event.transaction?.protocol !== 'oauth2-refresh-token') api.authentication.challengeWithAny([{ type: 'otp' }]);
};";
pub(super) const AT_REFRESH: &str = "exports.onExecutePostLogin = async (event, api) => {
  if (event.transaction?.protocol === 'oauth2-refresh-token') api.authentication.challengeWithAny([{ type: 'otp' }]);
};";
const DENIES_REFRESHES: &str = "exports.onExecutePostLogin = async (event, api) => {
  if (event.transaction?.protocol === 'oauth2-refresh-token') api.access.deny('Come back in person.');
};";
pub(super) const STEP_UP: &str = include_str!("../../../../../examples/actions/step-up.js");

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_the_authenticator_app_completes_the_login() {
    let tenant = tenant_that_does(AT_LOGIN).await;
    let looked = look_at(&tenant, None, &LOGIN).await;
    assert_eq!((looked.code, looked.verdicts("login")), (0, vec!["warn"]), "{:#?}", looked.lines);
    assert!(looked.lines_of("login")[0]["change"].as_str().unwrap().starts_with("add --otp"));

    let code = tenant.totp(TOTP).unwrap();
    let looked = look_at(&tenant, None, &[&LOGIN[..], &["--otp", &code]].concat()).await;
    assert_eq!(looked.code, 0, "{:#?}", looked.lines);
    assert_eq!(looked.detail("login"), "ada@example.com with a password and a second factor");
    for check in ["background refreshes", "refresh token rotation", "revocation"] {
        assert_eq!(looked.verdicts(check), ["ok"], "{check}: {:#?}", looked.lines);
    }

    let looked = look_at(&tenant, None, &[&LOGIN[..], &["--otp", &code]].concat()).await;
    assert_eq!(looked.change("login"), "check the code: it is good for 30 s, once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_stops_background_refreshes() {
    let tenant = tenant_that_does(AT_REFRESH).await;
    let looked = look_at(&tenant, None, &LOGIN).await;
    let change = looked.change("background refreshes");
    assert!(change.starts_with("Dashboard > Actions > Triggers > post-login"), "{change}");
    assert_eq!(
        looked.detail("background refreshes"),
        "an Action asks for a second factor: a refresh for the default audience answers mfa_required"
    );
    assert_eq!(looked.verdicts("revocation"), ["ok"]);

    let tenant = tenant_that_does(DENIES_REFRESHES).await;
    let looked = look_at(&tenant, None, &LOGIN).await;
    let change = looked.change("background refreshes");
    assert!(change.starts_with("Dashboard > Actions > Triggers > post-login"), "{change}");
    assert!(looked.detail("background refreshes").ends_with("(Come back in person.)"), "{:#?}", looked.lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_asked_for_as_the_application_does() {
    let for_api = [&LOGIN[..], &["--audience", API, "--scope", "transfer:funds"]].concat();
    for action in [STEP_UP, &of_the_examples()] {
        let tenant = tenant_that_does(action).await;
        for bound_to in [None, Some(("AUTH0_DPOP_PRIVATE_KEY", DPOP_KEY))] {
            let looked = look_at(&tenant, bound_to, &for_api).await;
            assert_eq!(looked.code, 0, "{:#?}", looked.lines);
            assert_eq!(looked.verdicts("background refreshes"), ["ok"]);
            assert_eq!(
                looked.detail("step-up"),
                "before a token for https://api.example.com the tenant asks for a challenge by one of: otp"
            );
            assert_eq!(looked.detail("MFA token"), "the MFA API lists the user's authenticators: otp");
        }
    }

    let tenant = tenant_that_does("exports.onExecutePostLogin = async () => {};").await;
    let looked = look_at(&tenant, None, &for_api).await;
    assert_eq!((looked.code, looked.verdicts("step-up")), (0, vec!["warn"]), "{:#?}", looked.lines);
    assert_eq!(looked.detail("step-up"), "a token for https://api.example.com comes without a second factor");
    assert_eq!(looked.verdicts("revocation"), ["ok"]);

    let unknown = [&LOGIN[..], &["--audience", "https://nobody.example.com"]].concat();
    let looked = look_at(&tenant, None, &unknown).await;
    let change = looked.change("step-up");
    assert!(change.contains("Multi-Resource Refresh Token"), "{change}");
    assert_eq!(
        looked.detail("step-up"),
        "the tenant passes https://nobody.example.com over: the token is for what the login asked for"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_says_no_is_not_blamed_on_the_api() {
    let for_api = [&LOGIN[..], &["--audience", API, "--scope", "transfer:funds"]].concat();
    for what in [
        "api.access.deny('You are on holiday')",
        "api.authentication.enrollWith({ type: 'phone' })",
        "api.authentication.challengeWith({ type: 'recovery-code' })",
    ] {
        let action = format!(
            "exports.onExecutePostLogin = async (event, api) => {{ if (event.resource_server?.identifier === '{API}') {what}; }};"
        );
        let tenant = tenant_that_does(&action).await;
        let looked = look_at(&tenant, None, &for_api).await;
        let change = looked.change("step-up");
        assert!(change.starts_with("Dashboard > Actions > Triggers > post-login: "), "{what}: {change}");
        assert!(looked.detail("step-up").contains(": 403 access_denied ("), "{what}: {:#?}", looked.lines);
        assert_eq!(looked.verdicts("revocation"), ["ok"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_that_the_sdk_refuses() {
    // RFC 7518 section 3.2: the secret is no shorter than the hash.
    let secret = "stepup-webapp-secret-of-more-than-32-characters";
    let hs256 = "    jwt_configuration: { alg: HS256 }\n";
    let yaml = super::yaml(&format!("{ADDRESSES}{GRANTS}{hs256}"), "");
    let yaml = yaml.replace("client_secret: stepup-webapp-secret", &format!("client_secret: {secret}"));
    let tenant = Tenant::builder().config_yaml(&yaml).start().await.unwrap();
    let looked = look_at(&tenant, Some(("AUTH0_CLIENT_SECRET", secret)), &LOGIN).await;
    assert!(
        looked.change("ID token").ends_with("JsonWebToken Signature Algorithm: RS256"),
        "{:#?}",
        looked.lines
    );
}
