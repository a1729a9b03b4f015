//! The folder form of a configuration, and the files that a configuration brings in.

use serde_json::json;
use stepup_protocol::mfa::FactorType;
use stepup_tenant::{Tenant, config::Section};

use crate::support::{Scratch, chain};

const CODE: &str = "exports.onExecutePostLogin = async () => { /* ##PATH## and ##NOT_THERE## */ };\n";

fn folder() -> Scratch {
    let scratch = Scratch::new();
    for (name, content) in [
        ("tenant.json", json!({ "friendly_name": "Bank", "default_directory": "Users" })),
        (
            "clients/Web.json",
            json!({ "name": "Web", "client_id": "web", "client_secret": "secret", "app_type": "regular_web" }),
        ),
        ("clients/Batch.json", json!({ "name": "Batch", "app_type": "non_interactive" })),
        (
            "resource-servers/API.json",
            json!({ "identifier": "https://bank.example/api", "scopes": [{ "value": "pay" }] }),
        ),
        (
            "grants/Batch.json",
            json!({ "client_id": "Batch", "audience": "https://bank.example/api", "scope": ["pay"] }),
        ),
        (
            "database-connections/Users/database.json",
            json!({ "name": "Users", "strategy": "auth0", "enabled_clients": ["Web"] }),
        ),
        ("connections/google.json", json!({ "name": "google-oauth2", "strategy": "google-oauth2" })),
        ("guardian/factors/otp.json", json!({ "name": "otp", "enabled": true })),
        ("guardian/factors/sms.json", json!({ "name": "sms", "enabled": true })),
        ("guardian/templates/sms.json", json!({ "name": "sms", "verification_message": "{{code}}!" })),
        ("guardian/policies.json", json!({ "policies": ["all-applications"] })),
        ("guardian/phoneFactorMessageTypes.json", json!({ "message_types": ["voice"] })),
        ("attack-protection/brute-force-protection.json", json!({ "enabled": true, "max_attempts": 3 })),
        ("actions/guard.json", json!({ "name": "guard", "code": "./local/actions/guard/code.js" })),
        (
            "triggers/triggers.json",
            json!({ "post-login": [{ "action_name": "guard", "display_name": "guard" }] }),
        ),
        ("hooks/old.json", json!({ "name": "old" })),
        ("guardian/unknown.json", json!({ "a": 1 })),
        ("guardian/factors/deep/otp.json", json!({ "name": "otp" })),
        ("triggers/other.json", json!({})),
    ] {
        scratch.write(name, &content.to_string());
    }
    scratch.write("actions/guard/code.js", CODE);
    scratch.write("README.md", "notes of a person");
    scratch
}

#[tokio::test]
async fn a_folder_is_one_configuration() {
    let scratch = folder();
    let tenant = Tenant::builder().config_file(scratch.path("")).start().await.unwrap();
    let config = tenant.state().configuration.config();
    assert_eq!((config.friendly_name.as_str(), config.default_directory.as_deref()), ("Bank", Some("Users")));
    assert_eq!(tenant.client("Web").unwrap().client_secret.as_deref(), Some("secret"));
    let batch = tenant.client("Batch").unwrap().client_id;
    assert_eq!(config.client_grant(&batch, "https://bank.example/api").unwrap().scope.to_string(), "pay");
    assert_eq!(config.connection("Users").unwrap().enabled_clients.as_deref(), Some(&["web".to_owned()][..]));
    assert_eq!(config.factors.iter().collect::<Vec<_>>(), [FactorType::Otp, FactorType::Phone]);
    assert_eq!((config.mfa.message_types.sms, config.mfa.message_types.voice), (false, true));
    assert_eq!(config.mfa.templates.verification, "{{code}}!");
    assert_eq!(config.password_attempts, Some(3));
    assert_eq!(config.actions.len(), 1);
    let path = std::env::var("PATH").unwrap();
    assert!(config.actions[0].code.contains(&path) && config.actions[0].code.contains("##NOT_THERE##"));
    let at = |name: &str| scratch.path(name).display().to_string();
    let mut warnings = tenant.warnings();
    warnings.sort_unstable();
    let mut expected = vec![
        format!(
            "{}:1: the keyword NOT_THERE has no value",
            at("./actions/guard/code.js").replace("/./", "/")
        ),
        format!("{} is not honoured", at("guardian/factors/deep/otp.json")),
        format!("{} is not honoured", at("guardian/unknown.json")),
        format!("{} is not honoured", at("triggers/other.json")),
        format!("{} is not honoured", at("hooks")),
        format!(
            "{}: connections[0] is not honoured: only database connections are",
            at("connections/google.json")
        ),
    ];
    expected.sort_unstable();
    assert_eq!(warnings, expected);

    // A file that is new, and one that is gone.
    scratch.write("clients/Phone.json", r#"{ "name": "Phone", "app_type": "native" }"#);
    std::fs::remove_file(scratch.path("guardian/policies.json")).unwrap();
    let differences = tenant.reload().await.unwrap();
    assert_eq!(differences.len(), 2, "{differences:?}");
    assert!(tenant.client("Phone").is_some());
    let document = tenant.state().configuration.document();
    assert_eq!(document.get(Section::GuardianPolicies, "policies"), Some(&json!([])));
}

async fn refused(scratch: &Scratch) -> String {
    chain(&Tenant::builder().config_file(scratch.path("")).start().await.unwrap_err())
}

#[tokio::test]
async fn a_mistake_is_named_with_its_file_and_line() {
    let scratch = folder();
    scratch.write("clients/Web.json", "{\n  \"name\": \"Web\",\n  \"app_type\": \"toaster\"\n}\n");
    let told = refused(&scratch).await;
    let file = scratch.path("clients/Web.json").display().to_string();
    assert!(
        told.starts_with(&format!("{file}:3:15: clients[1].app_type: unknown variant `toaster`")),
        "{told}"
    );
    scratch.write("clients/Web.json", "{\n  \"name\": \"Web\",\n");
    assert!(refused(&scratch).await.starts_with(&format!("{file}:")));
    scratch.write("clients/Web.json", "{\n  \"name\": \"##NOT_THERE##\" }");
    let told = refused(&scratch).await;
    assert_eq!(told, format!("{file}:2:12: the keyword NOT_THERE has no value: set it in the environment"));
}

#[tokio::test]
async fn a_broken_action_is_refused_at_the_start_and_at_a_reload() {
    let scratch = folder();
    let code = scratch.path("actions/guard/code.js").display().to_string();
    scratch.write("actions/guard/code.js", "// ##PATH##\nlet a = 1;\nlet b = ;\n");
    let error = Tenant::builder().config_file(scratch.path("")).start().await.unwrap_err();
    let told = chain(&error);
    assert!(
        told.starts_with(&format!("{code}:3:9: actions[0].code: SyntaxError: unexpected token")),
        "{told}"
    );
    assert_eq!(error.excerpt(), Some("2 | let a = 1;\n3 | let b = ;\n  |         ^"));
    scratch.write("actions/guard/code.js", "exports.onExecutePostlogin = () => {};\n");
    let told = refused(&scratch).await;
    assert!(
        told.starts_with(&format!(
            "{code}: actions[0].code: it exports no function `onExecutePostLogin`; write"
        )),
        "{told}"
    );

    scratch.write("actions/guard/code.js", CODE);
    let tenant = Tenant::builder().config_file(scratch.path("")).start().await.unwrap();
    scratch.write("actions/guard/code.js", "exports.onExecutePostLogin = async () => {\n  let b = ;\n};\n");
    let error = tenant.reload().await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("{code}:2:11: ")), "{error}");
    assert!(tenant.state().configuration.config().actions[0].code.contains("NOT_THERE"));
}

#[tokio::test]
async fn paths_do_not_leave_the_folder() {
    let outside = Scratch::new();
    let secret = outside.write("secret.js", "exports.stolen = true;\n");
    let link = |scratch: &Scratch| {
        std::os::unix::fs::symlink(&secret, scratch.path("link.js")).unwrap();
    };
    for (code, prepare) in [
        (format!("../{}/secret.js", outside.path("").file_name().unwrap().to_str().unwrap()), None),
        (secret.display().to_string(), None),
        ("./link.js".to_owned(), Some(link)),
    ] {
        let scratch = Scratch::new();
        if let Some(prepare) = prepare {
            prepare(&scratch);
        }
        let yaml = format!("actions: [{{ name: a, code: {code} }}]\n");
        scratch.write("tenant.yaml", &yaml);
        let told = refused(&scratch).await;
        assert!(told.ends_with("it is outside the folder of the configuration"), "{told}");
    }
    // A file of the folder form that is a link out of it.
    let scratch = folder();
    std::fs::remove_file(scratch.path("tenant.json")).unwrap();
    let target = outside.write("tenant.json", "{}");
    std::os::unix::fs::symlink(target, scratch.path("tenant.json")).unwrap();
    assert!(refused(&scratch).await.ends_with("it is outside the folder of the configuration"));
}

#[tokio::test]
async fn a_keyword_without_a_value_is_refused_with_its_place() {
    let error = Tenant::builder()
        .config_yaml("tenant:\n  friendly_name: '##NOT_THERE##'\n")
        .start()
        .await
        .unwrap_err();
    assert_eq!(
        chain(&error),
        "the configuration:2:19: the keyword NOT_THERE has no value: set it in the environment"
    );
}

/// An export of a real tenant runs as it is: most of its keywords are in what a local tenant does not read.
#[tokio::test]
async fn a_keyword_without_a_value_is_named_where_nothing_reads_it() {
    let yaml = "tenant:\n  friendly_name: Bank\n  picture_url: '##PICTURE##'\nlogStreams:\n\
                - { name: dd, sink: { datadogApiKey: '##DATADOG_KEY##', tags: ['@@TAGS@@'] } }\n\
                guardianFactorProviders:\n- { name: sms, provider: twilio, auth_token: '##TWILIO##' }\n";
    let tenant = Tenant::builder().config_yaml(yaml).users_json("[]").start().await.unwrap();
    let warnings = tenant.warnings();
    let unset: Vec<_> = warnings.iter().filter(|warning| warning.contains("keyword")).collect();
    assert_eq!(
        unset,
        [
            "the configuration:3: the keyword PICTURE has no value",
            "the configuration:5: the keyword DATADOG_KEY has no value",
            "the configuration:5: the keyword TAGS has no value",
            "the configuration:7: the keyword TWILIO has no value",
        ]
    );
    assert_eq!(tenant.state().config.friendly_name, "Bank");
    for read in [
        "tenant: { picture_url: '##KEY##', friendly_name: '##KEY##' }",
        "clients:\n- { name: a, client_id: a, client_secret: '##KEY##' }",
        "clients: '##KEY##'",
        "logStreams: [ { name: @@KEY@@ } ]",
        "clients:\n- name: a\n  client_secret: ##KEY##\n",
    ] {
        let error = Tenant::builder().config_yaml(read).start().await.unwrap_err();
        assert!(chain(&error).ends_with("the keyword KEY has no value: set it in the environment"), "{read}");
    }
}

#[tokio::test]
async fn a_folder_without_a_configuration_says_so() {
    let scratch = Scratch::new();
    scratch.write("other.yaml", "clients: []");
    let folder = scratch.path("");
    let tenant = Tenant::builder().config_file(&folder).users_json("[]").start().await.unwrap();
    let nothing = "has neither a tenant.yaml nor files of the folder form: nothing is configured";
    assert_eq!(tenant.warnings(), [format!("{} {nothing}", folder.display())]);
}
