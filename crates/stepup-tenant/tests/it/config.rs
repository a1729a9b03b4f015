//! The configuration: the built-in one, an export, and every way it can be wrong.

use std::time::Duration;

use stepup_protocol::{mfa::FactorType, token::GrantType};
use stepup_tenant::config::{Algorithm, MfaPolicy, TokenDialect};
use stepup_tenant::{StartError, Tenant, Tls, config};

use crate::support::{Scratch, chain};

#[tokio::test]
async fn the_built_in_configuration_is_what_was_promised() {
    let tenant = Tenant::builder().start().await.unwrap();
    let config = &tenant.state().config;
    let clients: Vec<_> =
        tenant.clients().into_iter().map(|c| (c.name, c.client_id, c.client_secret)).collect();
    let expected = [
        ("webapp", "stepup-webapp", Some("stepup-webapp-secret")),
        ("spa", "stepup-spa", None),
        ("native", "stepup-native", None),
        ("m2m", "stepup-m2m", Some("stepup-m2m-secret")),
    ];
    assert_eq!(clients, expected.map(|(n, i, s)| (n.to_owned(), i.to_owned(), s.map(str::to_owned))));
    for name in ["stepup-webapp", "stepup-spa", "stepup-native"] {
        let client = config.client(name).unwrap();
        assert!(client.callbacks.allows("http://localhost:51234/auth/callback"), "{name}");
        assert!(client.web_origins.allows_origin("http://127.0.0.1:9"), "{name}");
        assert!(client.allows(GrantType::MfaOtp) && client.allows(GrantType::PasswordRealm), "{name}");
        assert_eq!(client.refresh_tokens.policies[0].audience, config::API, "{name}");
        assert!(client.refresh_tokens.rotating, "{name}");
    }
    let api = config.resource_server("https://api.example.com").unwrap();
    assert_eq!(api.scopes.to_string(), "read:sensitive transfer:funds");
    assert!(api.allow_offline_access);
    let management = format!("{}api/v2/", tenant.issuer());
    assert!(config.resource_server(&management).unwrap().scopes.contains("read:users"));
    assert!(
        config.client_grant("stepup-m2m", &management).unwrap().scope.contains("update:guardian_factors")
    );
    assert!(config.client_grant("stepup-webapp", &management).is_none());

    assert_eq!(config.policy, MfaPolicy::Never);
    use FactorType::{Email, Otp, Phone, PushNotification, RecoveryCode};
    let factors: Vec<_> = config.factors.iter().collect();
    assert_eq!(factors, [Email, Otp, Phone, PushNotification, RecoveryCode]);
    assert_eq!((config.mfa.message_types.sms, config.mfa.message_types.voice), (true, true));
    assert_eq!(config.actions.len(), 1);
    assert!(config.actions[0].code.contains("https://api.example.com"));
    assert_eq!(config.mfa.token_lifetime, Duration::from_secs(300));
    assert_eq!(tenant.warnings(), [""; 0]);

    let store = &tenant.state().store;
    let ada = store
        .user_by_identifier("Username-Password-Authentication", config::ADA_EMAIL)
        .await
        .unwrap()
        .unwrap();
    assert!(ada.email_verified);
    assert!(store.authenticators(&ada.user_id).await.unwrap().is_empty());
    let verify = |password: &str| tenant.state().passwords.verify(password.into(), ada.password_hash.clone());
    assert!(verify("correct horse battery staple").await.unwrap());
    assert!(!verify("wrong").await.unwrap());
    assert!(!tenant.state().passwords.verify("any".into(), None).await.unwrap());
}

const EXPORT: &str = r###"
tenant:
  friendly_name: My Bank
  session_lifetime: 24
  idle_session_lifetime: 1.5
  picture_url: https://bank.example/logo.png
  flags:
    enable_apis_section: false
clients:
  - name: Web
    client_id: web-id
    client_secret: a-long-and-secret-value-of-40-characters
    app_type: regular_web
    callbacks: ["https://bank.example/callback", "https://*.preview.bank.example/callback"]
    grant_types: [authorization_code, refresh_token, "http://auth0.com/oauth/grant-type/mfa-otp", implicit]
    jwt_configuration: { alg: HS256, lifetime_in_seconds: 60, secret_encoded: false }
    refresh_token:
      rotation_type: rotating
      leeway: 5
      token_lifetime: 100
      infinite_idle_token_lifetime: true
      policies: [{ audience: "https://bank.example/api", scope: ["pay"] }]
    logo_uri: https://bank.example/logo.png
  - name: Batch
    app_type: non_interactive
    logo_uri: https://bank.example/batch.png
  - name: Phone
    app_type: native
resourceServers:
  - name: Payments
    identifier: https://bank.example/api
    scopes: [{ value: pay, description: Pay }, { value: read }]
    token_lifetime: 600
    allow_offline_access: true
    token_dialect: rfc9068_profile_authz
clientGrants:
  - { client_id: Batch, audience: "https://bank.example/api", scope: [read] }
  - { client_id: Batch, audience: "https://bank.eu.auth0.com/api/v2/", scope: ["read:users"] }
databases:
  - { name: Users, strategy: auth0, enabled_clients: [Web], options: { brute_force_protection: true } }
connections:
  - { name: google-oauth2, strategy: google-oauth2 }
guardianFactors:
  - { name: otp, enabled: true }
  - { name: sms, enabled: true }
  - { name: email, enabled: false }
  - { name: duo, enabled: true }
guardianPolicies: { policies: [all-applications] }
guardianPhoneFactorMessageTypes: { message_types: [sms] }
actions:
  - name: guard
    code: ./actions/guard.js
    runtime: node22
    secrets: [{ name: KEY, value: "##PATH##" }]
    supported_triggers: [{ id: post-login, version: v3 }]
    dependencies: [{ name: lodash, version: 1.0.0 }]
triggers:
  post-login: [{ action_name: guard, display_name: guard }]
  pre-user-registration: [{ action_name: guard }]
attackProtection:
  bruteForceProtection: { enabled: true, max_attempts: 3, shields: [block] }
  breachedPasswordDetection: { enabled: true }
organizations: []
roles: [{ name: admin }]
stepup: { mfa_token_lifetime: 30, code_attempts: 0 }
"###;

#[tokio::test]
async fn an_export_is_honoured_and_what_is_not_is_named_once_each() {
    let scratch = Scratch::new();
    scratch.write("tenant.yaml", EXPORT);
    scratch.write("actions/guard.js", "exports.onExecutePostLogin = async () => {};\n");
    let tenant = Tenant::builder().config_file(scratch.path("")).start().await.unwrap();
    let config = &tenant.state().config;

    assert_eq!(config.friendly_name, "My Bank");
    assert_eq!((config.sessions.absolute.as_secs(), config.sessions.idle.as_secs()), (86_400, 5_400));
    let web = config.client("web-id").unwrap();
    assert!(web.callbacks.allows("https://x.preview.bank.example/callback"));
    assert!(!web.callbacks.allows("http://localhost:3000/callback"));
    use GrantType::{AuthorizationCode, MfaOob, MfaOtp, MfaRecoveryCode, RefreshToken};
    assert_eq!(web.grant_types, [AuthorizationCode, RefreshToken, MfaOob, MfaOtp, MfaRecoveryCode]);
    assert_eq!((web.id_token_algorithm, web.id_token_lifetime.as_secs()), (Algorithm::Hs256, 60));
    let refresh = &web.refresh_tokens;
    assert_eq!((refresh.rotating, refresh.leeway), (true, 5));
    assert_eq!((refresh.lifetime, refresh.idle_lifetime), (Some(Duration::from_secs(100)), None));
    assert_eq!(refresh.policies[0].scope.to_string(), "pay");

    let batch = tenant.client("Batch").unwrap();
    assert_eq!((batch.client_id.len(), batch.client_secret.unwrap().len()), (32, 43));
    assert_eq!(tenant.client("Phone").unwrap().client_secret, None);
    let api = config.resource_server("https://bank.example/api").unwrap();
    assert_eq!((api.token_lifetime.as_secs(), api.dialect), (600, TokenDialect::Rfc9068));
    assert_eq!(config.client_grant(&batch.client_id, &api.identifier).unwrap().scope.to_string(), "read");
    assert!(config.client_grant(&batch.client_id, &format!("{}api/v2/", tenant.issuer())).is_some());
    assert_eq!(config.connections_for("web-id")[0].name, "Users");
    assert!(config.connections_for(&batch.client_id).is_empty());
    assert_eq!(config.factors.iter().collect::<Vec<_>>(), [FactorType::Otp, FactorType::Phone]);
    assert_eq!((config.mfa.message_types.sms, config.mfa.message_types.voice), (true, false));
    assert_eq!(config.policy, MfaPolicy::Always);
    assert_eq!((&*config.actions[0].name, config.actions[0].secrets.len()), ("guard", 1));
    assert_eq!((config.password_attempts, config.mfa.limits.codes), (Some(3), None));
    assert_eq!(config.mfa.token_lifetime.as_secs(), 30);
    assert!(tenant.state().store.user_by_identifier("Users", "ada@example.com").await.unwrap().is_some());

    let origin = scratch.path("tenant.yaml").display().to_string();
    let told = tenant.warnings();
    let warnings: Vec<_> =
        told.iter().map(|line| line.strip_prefix(&format!("{origin}: ")).unwrap()).collect();
    let mut expected = vec![
        "tenant.picture_url is not honoured",
        "clients[0].logo_uri is not honoured (and 1 more)",
        "clients[0].grant_types `implicit` is not honoured",
        "resourceServers[0].token_dialect is honoured without `permissions`",
        "connections[0] is not honoured: only database connections are",
        "guardianFactors[3] is off: this version has no such factor",
        "actions[0].dependencies is not honoured",
        "triggers other than post-login are not honoured",
        "attackProtection.breachedPasswordDetection is not honoured",
        "roles is not honoured",
    ];
    let mut found = warnings.clone();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

async fn refused(yaml: &str) -> String {
    match Tenant::builder().config_yaml(yaml).start().await {
        Err(error @ StartError::Config(_)) => chain(&error),
        Err(error) => panic!("another error: {}", chain(&error)),
        Ok(_) => panic!("it was accepted: {yaml}"),
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_with_its_place() {
    for (yaml, parts) in [
        ("clients:\n  - app_type: spa\n", &["the configuration", ":2:", "missing field `name`"][..]),
        ("clients:\n  - name: a\n    app_type: toaster\n", &[":3:", "toaster", "regular_web"]),
        ("clients: [\n", &["the configuration", ":"]),
        ("clients: 5\n", &[":1:"]),
        ("tenant: { session_lifetime: -1 }\n", &["tenant.session_lifetime", "number of hours"]),
        ("tenant: { default_directory: X }\n", &["tenant.default_directory"]),
        (
            "clients:\n  - { name: a, callbacks: ['http://a/', 'not an address'] }\n",
            &["clients[0].callbacks[1]", "not an address"],
        ),
        (
            "clients:\n  - { name: a, client_id: x }\n  - { name: b, client_id: x }\n",
            &["clients[1].client_id", "another client"],
        ),
        (
            "clients:\n  - { name: a, app_type: spa, jwt_configuration: { alg: HS256 } }\n",
            &["clients[0].jwt_configuration.alg", "a client with a secret"],
        ),
        (
            "clients:\n  - { name: a, client_secret: short, jwt_configuration: { alg: HS256 } }\n",
            &["clients[0].jwt_configuration.alg", "a secret of 32 bytes or more"],
        ),
        (
            "clientGrants:\n  - { client_id: nobody, audience: x }\n",
            &["clientGrants[0].client_id", "no client"],
        ),
        ("resourceServers:\n  - { identifier: '' }\n", &["resourceServers[0].identifier"]),
        (
            "triggers: { post-login: [{ action_name: gone }] }\n",
            &["triggers.post-login[0].action_name", "`gone`"],
        ),
        ("guardianFactors: [{ name: pigeon, enabled: true }]\n", &[":1:", "pigeon"]),
        (
            "actions: [{ name: a, code: no/such/file.js }]\n",
            &["no/such/file.js", "cannot be read", "No such file"],
        ),
        ("stepup: { mfa_token_lifetme: 3 }\n", &[":1:", "mfa_token_lifetme"]),
        ("stepup: { code_attempts: many }\n", &["there is a string where a whole number is expected"]),
        ("tenant: { friendly_name: 12345 }\n", &["there is a number where a string is expected"]),
        ("tenant: {}\n---\nclients: []\n", &[":3:1:", "a second document begins here"]),
        (
            "actions: [{ name: guard, code: 'export const onExecutePostLogin = async () => {};' }]",
            &["SyntaxError", "write `exports.onExecutePostLogin = async (event, api) => { … }`"],
        ),
        ("clients:\n  - name: a\n    name: b\n", &[":3:5:", "`name` is here a second time"]),
        (
            "clients: [{ name: a, is_first_party: yes }]\n",
            &["clients[0].is_first_party", "there is a string where a boolean is expected"],
        ),
        (
            "databases: [{ name: Users }, { name: Users }]\n",
            &[":1:38:", "databases[1].name", "another connection has this name"],
        ),
        (
            "databases: [{ name: Users }]\nconnections: [{ name: Users, strategy: x }]\n",
            &[":2:23:", "connections[0].name", "another connection has this name"],
        ),
        (
            "resourceServers: [{ identifier: x }, { identifier: x }]\n",
            &["resourceServers[1].identifier", "another API has this identifier"],
        ),
        (
            "actions: [{ name: a, code: '' }, { name: a, code: '' }]\n",
            &["actions[1].name", "another Action has this name"],
        ),
        (
            "actions:\n  - name: a\n    code: |\n      let a = 1;\n      let b = ;\n",
            &["actions[0].code: line 2 of the code: SyntaxError: unexpected token"],
        ),
        (
            "actions: [{ name: a, code: 'exports.onLogin = () => {}' }]\ntriggers: { post-login: [{ action_name: a }] }\n",
            &[":1:28: actions[0].code: it exports no function `onExecutePostLogin`"],
        ),
    ] {
        let message = refused(yaml).await;
        assert!(parts.iter().all(|part| message.contains(part)), "{yaml}\n{message}");
    }
    let wrong = "clients:\n  - name: a\n    app_type: toaster\n";
    let error = Tenant::builder().config_yaml(wrong).start().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the configuration:3:15: clients[0].app_type: unknown variant `toaster`, \
         expected one of `native`, `non_interactive`, `regular_web`, `spa`"
    );
    let StartError::Config(error) = error else { panic!("another error") };
    assert_eq!(error.excerpt(), Some("2 |   - name: a\n3 |     app_type: toaster\n  |               ^"));
    let missing = Tenant::builder().config_file("/no/such/tenant.yaml").start().await.unwrap_err();
    assert!(chain(&missing).starts_with("/no/such/tenant.yaml cannot be read"));
}

#[tokio::test]
async fn a_secret_that_everybody_knows_guards_only_this_machine() {
    let public = "https://tenant.example.com/".parse().unwrap();
    let error = Tenant::builder().issuer(public).start().await.unwrap_err();
    assert!(error.to_string().contains("client `stepup-webapp` has the built-in secret"), "{error}");

    let own = "clients: [{ name: a, client_id: a, client_secret: a-secret-of-our-own }]\n";
    let tenant = Tenant::builder().config_yaml(own).issuer("https://tenant.example.com".parse().unwrap());
    assert_eq!(tenant.start().await.unwrap().issuer(), "https://tenant.example.com/");
    let foreign = Tenant::builder().host("0.0.0.0").tls(Tls::LocalCa).start().await.unwrap_err();
    assert!(matches!(foreign, StartError::IssuerNeeded { .. }), "{foreign}");
}

#[tokio::test]
async fn what_works_is_not_warned_about() {
    let warnings = async |text: &str| Tenant::builder().config_yaml(text).start().await.unwrap().warnings();
    let works = "\
guardianPolicies: { policies: [confidence-score] }
guardianPhoneFactorMessageTypes: { message_types: [sms] }
guardianFactorTemplates: [{ name: sms, verification_message: '{{code}}' }]
databases:
  - name: Users
    options:
      passwordPolicy: good
      password_complexity_options: { min_length: 9 }
      password_history: { enable: true, size: 24 }
      password_dictionary: { enable: true, dictionary: [acme] }
      password_no_personal_info: { enable: true }
      disable_signup: true
connections:
  - { name: Others, strategy: auth0, options: { passwordPolicy: low } }
";
    assert_eq!(warnings(works).await, Vec::<String>::new());
    let long = "databases: [{ name: Users, options: { password_history: { enable: true, size: 25 } } }]";
    let held = "databases[0].options.password_history.size is taken as 24, the most it can be";
    assert_eq!(warnings(long).await, [format!("the configuration: {held}")]);
    let words = "tenant: { friendly_name: on }\nclients: [{ name: y, client_id: no }]\n";
    assert_eq!(warnings(words).await, Vec::<String>::new());
    let as_it_is = "\
clients: [{ name: a, sso: true, sso_disabled: false, cross_origin_authentication: false }]
tenant: { flags: { enable_sso: true } }
databases: [{ name: Users, options: { brute_force_protection: true } }]
attackProtection: { bruteForceProtection: { mode: count_per_identifier_and_ip, shields: [block] } }
guardianFactorProviders: [{ name: sms, provider: twilio }, { name: duo, provider: duo, host: '' }]
guardianPhoneFactorSelectedProvider: { provider: auth0 }
resourceServers: [{ identifier: 'https://api.example', token_lifetime_for_web: 7200 }]
actions: [{ name: draft, code: 'let a = 1;', deployed: false }]
";
    assert_eq!(warnings(as_it_is).await, Vec::<String>::new());
    let kept = "databases: [{ name: Users, options: { mfa: { active: true } } }]";
    assert_eq!(warnings(kept).await, ["the configuration: databases[0].options.mfa is not honoured"]);
}

#[tokio::test]
async fn what_changes_nothing_here_is_warned_about_whatever_its_value() {
    let yaml = "\
clients:
  - { name: a, sso_disabled: true, sso: false, cross_origin_authentication: true }
  - { name: b, sso: false }
  - { name: c, sso: false }
tenant: { default_audience: 'https://none.example', flags: { enable_sso: false } }
databases: [{ name: Users, enabled_clients: [a, nosuch], options: { brute_force_protection: false } }]
resourceServers: [{ identifier: 'https://api.example', token_lifetime_for_web: 60 }]
clientGrants: [{ client_id: a, audience: 'https://gone.example', scope: [] }]
attackProtection: { bruteForceProtection: { mode: count_per_identifier, shields: [user_notification] } }
guardianFactors: [{ name: otp, enabled: true }, { name: otp, enabled: true }, { name: otp, enabled: false }]
guardianFactorProviders: [{ name: sms, provider: twilio, auth_token: t }]
guardianPhoneFactorSelectedProvider: { provider: twilio }
actions:
  - name: draft
    code: exports.onExecutePostLogin = () => {}
    deployed: false
    supported_triggers: [{ id: post-login, version: v2 }]
  - { name: thrower, code: \"require('axios')\" }
triggers: { post-login: [{ action_name: draft }, { action_name: thrower }] }
";
    let told = Tenant::builder().config_yaml(yaml).start().await.unwrap().warnings();
    let mut found: Vec<_> =
        told.iter().map(|line| line.strip_prefix("the configuration: ").unwrap()).collect();
    found.sort_unstable();
    let mut expected = [
        "actions[0].deployed is not honoured: what is bound runs",
        "actions[0].supported_triggers is not honoured: an Action of post-login runs as version v3",
        "actions[1].code cannot be loaded, so no login succeeds: it threw at line 1, column 1: Cannot find module \
         'axios': an Action of this tenant can require buffer, crypto, url, util only, and npm packages are not installed",
        "attackProtection.bruteForceProtection.mode is not honoured: attempts are counted by user and address",
        "attackProtection.bruteForceProtection.shields is not honoured: whoever is over the limit is blocked",
        "clientGrants[0].audience `https://gone.example` is not the identifier of an API",
        "clients[0].cross_origin_authentication is not honoured",
        "clients[0].sso is not honoured: the applications share the user's session (and 2 more)",
        "clients[0].sso_disabled is not honoured",
        "databases[0].enabled_clients[1] `nosuch` is not the id or name of a client",
        "databases[0].options.brute_force_protection is not honoured: `attackProtection.bruteForceProtection` is for every \
         connection",
        "guardianFactors[2] names a factor again with the opposite `enabled`: `true` counts",
        "guardianFactorProviders is not honoured: messages stay in the inbox, and push is for virtual devices and Guardian \
         SDKs",
        "guardianPhoneFactorSelectedProvider is not honoured: messages stay in the inbox, unless `stepup.phone_webhook` \
         takes them",
        "resourceServers[0].token_lifetime_for_web is not honoured: `token_lifetime` is for every token",
        "tenant.default_audience `https://none.example` is not the identifier of an API",
        "tenant.flags.enable_sso is not honoured: the applications share the user's session",
    ];
    expected.sort_unstable();
    assert_eq!(found, expected);
}
