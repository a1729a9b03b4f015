//! The Actions that people start from, unchanged.

use serde_json::{Value, json};
use stepup_protocol::mfa::FactorType::{self, Email, Otp, Phone, PushNotification, RecoveryCode};
use stepup_tenant::actions::{FactorCommand, MultifactorProvider, MultifactorRequest, Outcome, Selection};

use super::run_module;

const STEP_UP: &str = include_str!("../../../../../examples/actions/step-up.js");
const BY_MULTIFACTOR: &str = include_str!("../../../../../examples/actions/step-up-by-multifactor.js");

/// The example that nextjs-auth0's documentation gives for the step-up.
const DOCUMENTED: &str = r"
exports.onExecutePostLogin = async (event, api) => {
  // Only trigger on refresh_token grant (step-up)
  if (event.request?.body?.grant_type == 'refresh_token') {

    if (event.user.enrolledFactors.length) {
      // User has factors enrolled - challenge
      api.authentication.challengeWithAny([
        { type: 'otp' },
        { type: 'phone' },
        { type: 'push-notification' },
        { type: 'email' },
        { type: 'recovery-code' }
      ]);
    } else {
      // No factors enrolled - prompt enrollment
      api.authentication.enrollWithAny([
        { type: 'otp'},
        { type: 'phone'},
        { type: 'push-notification' }
      ]);
    }
  }
};";

fn exchange(audience: &str, enrolled: &[&str]) -> Value {
    json!({
        "request": { "body": { "grant_type": "refresh_token", "audience": audience } },
        "resource_server": { "identifier": audience },
        "user": { "user_id": "auth0|ada", "enrolledFactors": enrolled.iter().map(|f| json!({ "type": f })).collect::<Vec<_>>() },
    })
}

fn listed(outcome: &Outcome) -> Vec<FactorType> {
    assert_eq!(outcome.commands.len(), 1);
    let choice = outcome.commands[0].choice();
    assert_eq!(choice.selection, Selection::Any);
    choice.factors.iter().map(|factor| factor.factor_type).collect()
}

#[tokio::test]
async fn the_documented_example_runs_unchanged() {
    let outcome = run_module(DOCUMENTED, exchange("https://api.example.com", &["otp"])).await.unwrap();
    assert!(matches!(outcome.commands[0], FactorCommand::Challenge(_)));
    assert_eq!(listed(&outcome), [Otp, Phone, PushNotification, Email, RecoveryCode]);

    let outcome = run_module(DOCUMENTED, exchange("https://api.example.com", &[])).await.unwrap();
    assert!(matches!(outcome.commands[0], FactorCommand::Enroll(_)));
    assert_eq!(listed(&outcome), [Otp, Phone, PushNotification]);

    let login = json!({ "request": { "body": {} }, "user": {} });
    let outcome = run_module(DOCUMENTED, login).await.unwrap();
    assert_eq!(outcome.commands, []);
}

#[tokio::test]
async fn the_documented_example_says_where_it_fails_without_enrolled_factors() {
    let event = json!({ "request": { "body": { "grant_type": "refresh_token" } }, "user": {} });
    let error = run_module(DOCUMENTED, event).await.unwrap_err();
    assert_eq!(error.cause.location().unwrap().line, 6);
    assert_eq!(
        error.cause.to_string(),
        "it threw at line 6, column 9: TypeError: cannot read property 'length' of undefined"
    );
}

#[tokio::test]
async fn step_up_challenges_who_has_enrolled_something() {
    let event = exchange("https://api.example.com", &["email", "otp", "recovery-code"]);
    let outcome = run_module(STEP_UP, event).await.unwrap();
    assert!(matches!(outcome.commands[0], FactorCommand::Challenge(_)));
    assert_eq!(listed(&outcome), [Email, Otp, RecoveryCode]);
}

#[tokio::test]
async fn step_up_enrols_who_has_chosen_nothing() {
    for enrolled in [&[][..], &["email"], &["email", "recovery-code"]] {
        let outcome = run_module(STEP_UP, exchange("https://api.example.com", enrolled)).await.unwrap();
        assert!(matches!(outcome.commands[0], FactorCommand::Enroll(_)));
        assert_eq!(listed(&outcome), [Otp, Phone, PushNotification]);
    }
    let mut event = exchange("https://api.example.com", &[]);
    event["user"].as_object_mut().unwrap().remove("enrolledFactors");
    assert_eq!(listed(&run_module(STEP_UP, event).await.unwrap()), [Otp, Phone, PushNotification]);
}

#[tokio::test]
async fn step_up_leaves_other_apis_and_logins_alone() {
    let other = exchange("https://other.example.com", &["otp"]);
    assert_eq!(run_module(STEP_UP, other).await.unwrap().commands, []);
    let mut login = exchange("https://api.example.com", &["otp"]);
    login["request"]["body"] = json!({});
    assert_eq!(run_module(STEP_UP, login).await.unwrap().commands, []);
}

#[tokio::test]
async fn the_older_form_asks_the_tenant_to_choose() {
    let wanted = MultifactorRequest {
        provider: MultifactorProvider::Any,
        allow_remember_browser: false,
        provider_options: Value::Null,
    };
    let mut event = exchange("https://api.example.com", &[]);
    let outcome = run_module(BY_MULTIFACTOR, event.clone()).await.unwrap();
    assert_eq!(outcome.multifactor.as_ref(), Some(&wanted));
    assert_eq!(outcome.commands, []);
    assert_eq!(outcome.console[0].text, "auth0|ada has to enrol a factor first");

    event["user"]["multifactor"] = json!(["guardian"]);
    let outcome = run_module(BY_MULTIFACTOR, event).await.unwrap();
    assert_eq!(outcome.multifactor, Some(wanted));
    assert_eq!(outcome.console, []);
}
