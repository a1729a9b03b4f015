//! Every method of `api`, and what becomes of it.

use serde_json::json;
use stepup_protocol::mfa::FactorType;
use stepup_tenant::actions::{
    Action, ConsoleLevel, CookieMode, Engine, Entry, Factor, FactorChoice, FactorCommand, Limits,
    MultifactorProvider, PreferredMethod, ScopeChange, Selection, SessionRevocation,
};

use super::{host, run, thrown};

#[tokio::test]
async fn factor_commands_queue_in_call_order() {
    let outcome = run(
        "api.authentication.challengeWith({ type: 'push', options: { otpFallback: false } }, { additionalFactors: [{ type: 'phone', options: { preferredMethod: 'voice' } }] });
         api.authentication.enrollWith({ type: 'otp' });
         api.authentication.challengeWithAny([{ type: 'webauthn-roaming' }, { type: 'webauthn-platform' }]);",
        json!({}),
    )
    .await
    .unwrap();
    let mut push = Factor::new(FactorType::PushNotification);
    push.options.otp_fallback = Some(false);
    let mut phone = Factor::new(FactorType::Phone);
    phone.options.preferred_method = Some(PreferredMethod::Voice);
    assert_eq!(
        outcome.commands,
        [
            FactorCommand::Challenge(FactorChoice {
                selection: Selection::First,
                factors: vec![push, phone]
            }),
            FactorCommand::Enroll(FactorChoice {
                selection: Selection::First,
                factors: vec![Factor::new(FactorType::Otp)]
            }),
            FactorCommand::Challenge(FactorChoice {
                selection: Selection::Any,
                factors: vec![
                    Factor::new(FactorType::WebauthnRoaming),
                    Factor::new(FactorType::WebauthnPlatform)
                ]
            }),
        ]
    );
}

#[tokio::test]
async fn a_factor_that_cannot_be_is_told_at_the_call() {
    assert_eq!(
        thrown("api.authentication.challengeWith({ type: 'sms' })").await,
        "TypeError: api.authentication.challengeWith: `sms` is no factor here; known are otp, email, push-notification, \
         phone, webauthn-roaming, webauthn-platform, recovery-code"
    );
    assert_eq!(
        thrown("api.authentication.enrollWith({ type: 'email' })").await,
        "TypeError: api.authentication.enrollWith: `email` is no factor here; known are otp, push-notification, phone, \
         webauthn-roaming, webauthn-platform, recovery-code"
    );
    assert_eq!(
        thrown("api.authentication.challengeWithAny([])").await,
        "TypeError: api.authentication.challengeWithAny: at least one factor must be given"
    );
    assert_eq!(
        thrown("api.authentication.challengeWith({})").await,
        "TypeError: api.authentication.challengeWith: missing field `type`"
    );
    assert_eq!(
        thrown("api.authentication.enrollWith({ type: 'recovery-code' })").await,
        "TypeError: api.authentication.enrollWith: `recovery-code` cannot be enrolled by itself here: a user gets one with \
         the first other factor"
    );
    let beside = "api.authentication.enrollWithAny([{ type: 'recovery-code' }, { type: 'otp' }])";
    assert_eq!(run(beside, json!({})).await.unwrap().commands[0].choice().factors.len(), 2);
    for body in [
        "api.authentication.challengeWith()",
        "api.authentication.challengeWithAny('otp')",
        "api.authentication.challengeWith({ type: 'phone', options: { preferredMethod: 'letter' } })",
    ] {
        assert!(thrown(body).await.starts_with("TypeError: api.authentication.challengeWith"), "{body}");
    }
}

#[tokio::test]
async fn multifactor_keeps_the_last_call() {
    let body = "api.multifactor.enable('none'); api.multifactor.enable('google-authenticator', { allowRememberBrowser: true, providerOptions: { a: 1 } })";
    let request = run(body, json!({})).await.unwrap().multifactor.unwrap();
    assert_eq!(request.provider, MultifactorProvider::GoogleAuthenticator);
    assert!(request.allow_remember_browser);
    assert_eq!(request.provider_options, json!({ "a": 1 }));
    assert!(thrown("api.multifactor.enable('sms')").await.contains("unknown variant `sms`"));
    let duo = "api.multifactor.enable('duo', { providerOptions: { skey: 'secret', host: 'api.example' } })";
    let outcome = run(duo, json!({})).await.unwrap();
    assert_eq!(
        outcome.console[0].text,
        "api.multifactor.enable: a local tenant has no `duo`: any factor that is enabled is asked for"
    );
    assert_eq!(outcome.decided()["multifactor"]["provider_options"], json!({ "skey": "***", "host": "***" }));
}

#[tokio::test]
async fn the_first_denial_stands() {
    let outcome = run("api.access.deny('one'); api.access.deny('two')", json!({})).await.unwrap();
    assert_eq!(outcome.denial.unwrap().reason, "one");
    let outcome = run("api.validation.error('code', 'message')", json!({})).await.unwrap();
    assert_eq!(outcome.denial.unwrap().reason, "message");
    for (body, reason) in [
        ("api.access.deny()", "Access denied"),
        ("api.access.deny(null)", "Access denied"),
        ("api.access.deny('')", "Access denied"),
        ("api.access.deny(5)", "5"),
        ("api.access.deny({ code: 1 })", "{\"code\":1}"),
        ("api.access.deny(Symbol('s'))", "Symbol(s)"),
        ("api.validation.error('no_age')", "no_age"),
        ("api.validation.error()", "Access denied"),
    ] {
        assert_eq!(run(body, json!({})).await.unwrap().denial.unwrap().reason, reason, "{body}");
    }
}

#[tokio::test]
async fn claims_and_scopes_of_tokens() {
    let outcome = run(
        "api.accessToken.setCustomClaim('https://bank.example/tier', { level: 2 })
            .accessToken.setCustomClaim('tier', 'gold');
         api.accessToken.setCustomClaim('sub', 'someone else');
         api.idToken.setCustomClaim('nickname', 'Ada');
         api.idToken.setCustomClaim('https://x.auth0.com/a', 1);
         api.accessToken.addScope('transfer:funds'); api.accessToken.addScope('read:all');
         api.accessToken.removeScope('read:sensitive'); api.accessToken.removeScope('read:all')",
        json!({}),
    )
    .await
    .unwrap();
    let changes = &outcome.changes;
    assert_eq!(
        serde_json::to_value(&changes.access_token_claims).unwrap(),
        json!({ "https://bank.example/tier": { "level": 2 }, "tier": "gold" })
    );
    assert_eq!(serde_json::to_value(&changes.id_token_claims).unwrap(), json!({ "nickname": "Ada" }));
    assert_eq!(changes.access_token_scopes[0], ScopeChange::Add("transfer:funds".to_owned()));
    let granted = ["openid", "read:sensitive"].map(str::to_owned);
    assert_eq!(changes.scopes(granted), ["openid", "transfer:funds"]);
    let warnings: Vec<_> = outcome.console.iter().map(|line| (line.level, line.text.as_str())).collect();
    assert_eq!(
        warnings,
        [
            (
                ConsoleLevel::Warn,
                "api.accessToken.setCustomClaim: the claim `sub` is not set: the name is reserved"
            ),
            (
                ConsoleLevel::Warn,
                "api.idToken.setCustomClaim: the claim `https://x.auth0.com/a` is not set: the namespace is reserved"
            ),
        ]
    );
    assert!(thrown("api.accessToken.addScope('two words')").await.contains("`two words` is no scope"));
}

#[tokio::test]
async fn later_actions_win_where_both_decide() {
    let first = run(
        "api.accessToken.setCustomClaim('a', 1).accessToken.setCustomClaim('b', 1).refreshToken.setMetadata('x', '1').session.setExpiresAt(5)",
        json!({}),
    );
    let second = run(
        "api.accessToken.setCustomClaim('b', 2).refreshToken.evictMetadata().refreshToken.setMetadata('y', '2')",
        json!({}),
    );
    let mut changes = first.await.unwrap().changes;
    changes.absorb(second.await.unwrap().changes);
    assert_eq!(serde_json::to_value(&changes.access_token_claims).unwrap(), json!({ "a": 1, "b": 2 }));
    assert_eq!(changes.session.expires_at, Some(5));
    let mut metadata = json!({ "old": true });
    changes.refresh_token.metadata.apply(metadata.as_object_mut().unwrap());
    assert_eq!(metadata, json!({ "y": "2" }));
}

#[tokio::test]
async fn methods_and_the_primary_user() {
    let outcome = run("api.authentication.setPrimaryUser('auth0|1')", json!({})).await.unwrap();
    assert_eq!(outcome.changes.primary_user.as_deref(), Some("auth0|1"));
    assert_eq!(
        thrown("api.authentication.recordMethod('https://bank.example/captcha')").await,
        "TypeError: api.authentication.recordMethod: it can be called in onContinuePostLogin only"
    );
    let back = |url: &str| {
        Action::new(
            "t.js",
            format!("exports.onContinuePostLogin = (event, api) => api.authentication.recordMethod('{url}')"),
        )
    };
    let engine = Engine::new(Limits::default());
    let run_back =
        async |action: Action| engine.run(&action, Entry::ContinuePostLogin, json!({}), host()).await;
    let outcome = run_back(back("https://bank.example/captcha")).await.unwrap();
    assert_eq!(outcome.recorded_methods, ["https://bank.example/captcha"]);
    assert!(
        run_back(back("captcha")).await.unwrap_err().cause.to_string().contains("`captcha` is no address")
    );
    let twice = "api.authentication.setPrimaryUser('auth0|1'); api.authentication.setPrimaryUser('auth0|2')";
    assert!(thrown(twice).await.contains("the primary user is set already"));
}

#[tokio::test]
async fn sessions_and_refresh_tokens() {
    let outcome = run(
        "api.refreshToken.revoke('stolen'); api.refreshToken.setExpiresAt(new Date(1000)); api.refreshToken.setIdleExpiresAt(2000);
         api.refreshToken.setMetadata('device', 'x'); api.refreshToken.deleteMetadata('old');
         api.session.revoke('done', { preserveRefreshTokens: true }); api.session.setCookieMode('non-persistent');
         api.session.setExpiresAt(3000.7); api.session.setIdleExpiresAt(4000); api.session.setMetadata('a', 'b')",
        json!({}),
    )
    .await
    .unwrap();
    let token = &outcome.changes.refresh_token;
    assert_eq!(
        (token.revoked.as_deref(), token.expires_at, token.idle_expires_at),
        (Some("stolen"), Some(1000), Some(2000))
    );
    assert_eq!(serde_json::to_value(&token.metadata.set).unwrap(), json!({ "device": "x", "old": null }));
    let session = &outcome.changes.session;
    assert_eq!(
        session.revoked,
        Some(SessionRevocation { reason: "done".to_owned(), preserve_refresh_tokens: true })
    );
    assert_eq!((session.expires_at, session.idle_expires_at), (Some(3000), Some(4000)));
    assert_eq!(session.cookie_mode, Some(CookieMode::NonPersistent));
    assert!(
        thrown("api.session.setExpiresAt('soon')").await.starts_with("TypeError: api.session.setExpiresAt")
    );
    assert!(thrown("api.session.setCookieMode('sticky')").await.contains("unknown variant `sticky`"));
}

#[tokio::test]
async fn what_has_no_effect_here_says_so() {
    let body = "api.samlResponse.setAudience('x'); api.prompt.render('f', {}); await api.groups.getMemberships();
                api.roles.addUserRole('admin'); console.log(api.rules.wasExecuted('rul_1')); await api.samlResponse;";
    let outcome = run(body, json!({})).await.unwrap();
    let lines: Vec<_> = outcome.console.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(
        lines,
        [
            "api.samlResponse.setAudience has no effect in a local tenant",
            "api.prompt.render has no effect in a local tenant",
            "api.groups.getMemberships has no effect in a local tenant",
            "api.roles.addUserRole has no effect in a local tenant",
            "false",
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_written_down_is_told_at_the_call() {
    assert!(thrown("api.idToken.setCustomClaim('n', 1n)").await.starts_with("TypeError: "));
    assert!(
        thrown("const a = {}; a.a = a; api.user.setUserMetadata('a', a)").await.starts_with("TypeError: ")
    );
    assert!(thrown("api.user.setUserMetadata()").await.contains("missing field `key`"));
}

#[tokio::test]
async fn an_outcome_can_be_kept() {
    let body = "api.authentication.challengeWith({ type: 'otp' }); api.multifactor.enable('any'); api.access.deny('x'); \
                api.redirect.sendUserTo('https://a.example/'); api.user.setAppMetadata('k', null); console.log('x')";
    let outcome = run(body, json!({})).await.unwrap();
    let kept = serde_json::to_string(&outcome).unwrap();
    assert_eq!(serde_json::from_str::<stepup_tenant::actions::Outcome>(&kept).unwrap(), outcome);
}
