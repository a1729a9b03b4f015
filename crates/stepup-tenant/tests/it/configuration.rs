//! The configuration of a running tenant, while it changes.

use serde_json::{Value, json};
use stepup_tenant::{
    Tenant,
    config::{ChangeError, Document, Section},
    state::Shared,
};

use crate::support::Scratch;

const CONFIG: &str = "\
tenant: { friendly_name: Bank, picture_url: 'https://bank.example/logo.png' }
clients:
  - { name: Web, client_id: web, client_secret: web-secret, callbacks: ['https://bank.example/callback'] }
  - { name: Batch, app_type: non_interactive }
resourceServers:
  - { identifier: 'https://bank.example/api', scopes: [{ value: pay }] }
clientGrants:
  - { client_id: Batch, audience: 'https://bank.example/api', scope: [pay] }
databases:
  - { name: Users, enabled_clients: [Web] }
guardianFactors:
  - { name: otp, enabled: true }
actions:
  - { name: guard, code: 'exports.onExecutePostLogin = async () => {};' }
triggers: { post-login: [{ action_name: guard }] }
";

async fn change(tenant: &Tenant, change: impl Fn(&mut Document) + Send) {
    let changed = tenant.state().configuration.change(move |document| {
        change(document);
        Ok::<_, ChangeError>(())
    });
    changed.await.unwrap();
}

fn set_name(name: &'static str) -> impl Fn(&mut Document) + Send {
    move |document| {
        document.object_mut(Section::Tenant).insert("friendly_name".to_owned(), name.into());
    }
}

fn name_of(state: &Shared) -> String {
    state.configuration.config().friendly_name.clone()
}

async fn discovery(tenant: &Tenant) -> Value {
    let address = format!("{}.well-known/openid-configuration", tenant.issuer());
    serde_json::from_str(&reqwest::get(address).await.unwrap().text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn the_document_is_the_file_with_ids_and_defaults() {
    let tenant = Tenant::builder().config_yaml(CONFIG).start().await.unwrap();
    let document = tenant.state().configuration.document();
    let batch = &document.list(Section::Clients)[1];
    let batch_id = batch["client_id"].as_str().unwrap();
    assert_eq!(batch_id.len(), 32);
    assert_eq!(batch["client_secret"].as_str().unwrap().len(), 43);
    assert_eq!(batch["token_endpoint_auth_method"], "client_secret_post");
    assert_eq!(batch["grant_types"], json!(["authorization_code", "refresh_token", "client_credentials"]));
    let web = document.find(Section::Clients, "web").unwrap();
    assert_eq!((&web["client_secret"], &web["is_first_party"]), (&json!("web-secret"), &json!(true)));
    assert_eq!(
        web["jwt_configuration"],
        json!({ "alg": "RS256", "lifetime_in_seconds": 36_000, "secret_encoded": false })
    );

    let grant = &document.list(Section::ClientGrants)[0];
    assert_eq!(grant["client_id"], batch_id);
    assert!(grant["id"].as_str().unwrap().starts_with("cgr_"));
    let servers = document.list(Section::ResourceServers);
    assert_eq!(
        (&servers[0]["token_lifetime"], servers[0]["id"].as_str().unwrap().len()),
        (&json!(86_400), 24)
    );
    assert_eq!(servers[1]["identifier"], format!("{}api/v2/", tenant.issuer()));
    assert_eq!(servers[1]["is_system"], true);
    let users = document.connections().next().unwrap();
    assert_eq!(users["id"].as_str().unwrap().len(), 20);
    assert_eq!((&users["strategy"], &users["enabled_clients"]), (&json!("auth0"), &json!(["web"])));
    assert_eq!(document.list(Section::GuardianFactors).len(), 8);
    assert_eq!(document.find(Section::GuardianFactors, "sms").unwrap()["enabled"], false);
    assert_eq!(document.get(Section::GuardianPolicies, "policies"), Some(&json!([])));
    assert_eq!(
        document.get(Section::GuardianPhoneFactorMessageTypes, "message_types"),
        Some(&json!(["sms"]))
    );
    let guard = &document.list(Section::Actions)[0];
    assert_eq!((guard["id"].as_str().unwrap().len(), &guard["deployed"]), (36, &json!(true)));
    // What is not honoured is kept.
    assert_eq!(document.get(Section::Tenant, "picture_url"), Some(&json!("https://bank.example/logo.png")));
    assert_eq!(format!("{document:?}").matches("secret").count(), 0);

    let again = Tenant::builder().config_yaml(CONFIG).start().await.unwrap();
    let again = again.state().configuration.document();
    assert_eq!(again.list(Section::Clients)[1]["client_id"], batch_id, "ids are the same at every start");
}

#[tokio::test]
async fn the_next_request_sees_a_change() {
    let tenant = Tenant::builder().record(false).start().await.unwrap();
    assert!(discovery(&tenant).await["end_session_endpoint"].is_string());
    change(&tenant, |document| {
        let logout = json!({ "rp_logout_end_session_endpoint_discovery": false });
        document.object_mut(Section::Tenant).insert("oidc_logout".to_owned(), logout);
        document.list_mut(Section::Clients).push(json!({
            "name": "new", "client_id": "new", "client_secret": "new-secret", "app_type": "non_interactive",
            "allowed_origins": ["https://new.example"],
        }));
        document.list_mut(Section::ClientGrants).push(json!({
            "client_id": "new", "audience": "https://api.example.com", "scope": ["read:sensitive"],
        }));
    })
    .await;
    assert!(discovery(&tenant).await.get("end_session_endpoint").is_none());

    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{}oauth/token", tenant.issuer()))
        .header("origin", "https://new.example")
        .header("content-type", "application/json")
        .body(
            json!({
                "grant_type": "client_credentials", "client_id": "new", "client_secret": "new-secret",
                "audience": "https://api.example.com",
            })
            .to_string(),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://new.example");
    assert_eq!(tenant.client("new").unwrap().client_secret.as_deref(), Some("new-secret"));
    // The state that a request has begun with stays as it is.
    assert!(tenant.state().config.client("new").is_none());
}

#[tokio::test]
async fn a_change_that_cannot_be_used_changes_nothing() {
    let tenant = Tenant::builder().start().await.unwrap();
    let configuration = &tenant.state().configuration;
    let before = configuration.document();
    let error = configuration
        .change(|document| {
            document.list_mut(Section::Clients)[0]["app_type"] = json!("toaster");
            Ok::<_, ChangeError>(())
        })
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the configuration with its changes: clients[0].app_type: unknown variant `toaster`, \
         expected one of `native`, `non_interactive`, `regular_web`, `spa`"
    );
    for (section, value, expected) in [
        (
            "clients",
            json!([{ "name": "a", "client_secret": 123_456 }]),
            "clients[0].client_secret: there is a number",
        ),
        (
            "tenant",
            json!({ "default_directory": "gone" }),
            "tenant.default_directory: no database connection",
        ),
    ] {
        let error = configuration
            .change(|document| {
                match section {
                    "clients" => *document.list_mut(Section::Clients) = value.as_array().unwrap().clone(),
                    _ => *document.object_mut(Section::Tenant) = value.as_object().unwrap().clone(),
                }
                Ok::<_, ChangeError>(())
            })
            .await
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains("123456"), "a secret is told: {error}");
    }

    /// The caller's own refusal comes back as it is.
    #[derive(Debug)]
    enum Refusal {
        NotThere,
        Failed,
    }
    impl From<ChangeError> for Refusal {
        fn from(_: ChangeError) -> Self {
            Self::Failed
        }
    }
    let refused = configuration
        .change(|document| document.remove(Section::Clients, "nobody").map(|_| ()).ok_or(Refusal::NotThere))
        .await;
    assert!(matches!(refused, Err(Refusal::NotThere)));
    assert_eq!(configuration.document(), before);
    assert_eq!(tenant.state().store.settings_version().await.unwrap(), 0);
}

#[tokio::test]
async fn a_restart_and_a_second_process_have_the_changes() {
    let scratch = Scratch::new();
    let file = scratch.write("tenant.yaml", CONFIG);
    let start = || Tenant::builder().config_file(&file).database(&scratch.database()).start();
    let first = start().await.unwrap();
    let second = start().await.unwrap();
    change(&first, set_name("First")).await;
    change(&first, |document| drop(document.remove(Section::Clients, "web"))).await;
    assert_eq!(name_of(second.state()), "Bank");
    second.state().configuration.refresh().await.unwrap();
    assert_eq!(name_of(second.state()), "First");
    assert!(second.client("web").is_none());

    // Each changes something; neither undoes what the other did.
    change(&first, |document| {
        document
            .object_mut(Section::GuardianPolicies)
            .insert("policies".to_owned(), json!(["all-applications"]));
    })
    .await;
    change(&second, |document| {
        document.find_mut(Section::GuardianFactors, "otp").unwrap()["enabled"] = json!(false);
    })
    .await;
    let policies = second.state().configuration.document();
    assert_eq!(policies.get(Section::GuardianPolicies, "policies"), Some(&json!(["all-applications"])));
    first.shutdown().await;
    second.shutdown().await;

    // What the file says of other entities counts after a restart; what was changed stays changed.
    scratch.write(
        "tenant.yaml",
        &CONFIG.replace("name: guard, code", "name: guard, id: an-id, code").replace("Bank", "B"),
    );
    let third = start().await.unwrap();
    let document = third.state().configuration.document();
    assert_eq!(name_of(third.state()), "First");
    assert!(third.client("web").is_none());
    assert_eq!(document.find(Section::GuardianFactors, "otp").unwrap()["enabled"], false);
    assert!(document.find(Section::Actions, "an-id").is_some());
    assert!(document.find(Section::Clients, "web").is_none());

    third.reset().await.unwrap();
    assert_eq!(name_of(third.state()), "B", "a reset forgets the changes");
    assert!(third.client("web").is_some());
}

#[tokio::test]
async fn concurrent_changes_are_all_kept() {
    let scratch = Scratch::new();
    let start = || Tenant::builder().database(&scratch.database()).start();
    let tenants = [start().await.unwrap(), start().await.unwrap()];
    let add = |number: usize| {
        let tenant = &tenants[number % 2];
        async move {
            change(tenant, move |document| {
                let client = json!({ "name": format!("n{number}"), "client_id": format!("n{number}") });
                document.list_mut(Section::Clients).push(client);
            })
            .await;
        }
    };
    futures_util::future::join_all((0..12).map(add)).await;
    for tenant in &tenants {
        tenant.state().configuration.refresh().await.unwrap();
        assert_eq!(tenant.clients().len(), 4 + 12);
    }
}

#[tokio::test]
async fn secrets_of_changes_are_sealed_in_the_database() {
    let scratch = Scratch::new();
    let tenant = Tenant::builder().database(&scratch.database()).start().await.unwrap();
    change(&tenant, |document| {
        let client = json!({ "name": "new", "client_id": "new", "client_secret": "a-secret-to-look-for" });
        document.list_mut(Section::Clients).push(client);
    })
    .await;
    tenant.shutdown().await;
    for file in std::fs::read_dir(scratch.path("")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(20).any(|window| window == b"a-secret-to-look-for"));
    }
}

#[tokio::test]
async fn a_changed_file_is_taken_over_and_a_broken_one_is_not() {
    let scratch = Scratch::new();
    let file = scratch.write("tenant.yaml", CONFIG);
    let tenant = Tenant::builder().config_file(&file).control(true).start().await.unwrap();
    change(&tenant, |document| drop(document.remove(Section::Clients, "web"))).await;

    let named = CONFIG
        .replace("Bank", "Other")
        .replace("name: Batch", "name: Night")
        .replace("client_id: Batch", "client_id: Night");
    scratch.write("tenant.yaml", &named);
    let mut differences = tenant.reload().await.unwrap();
    differences.retain(|line| !line.starts_with("clientGrants"));
    differences
        .iter_mut()
        .for_each(|line| *line = line.replace(|c: char| c.is_ascii_hexdigit() && c.is_ascii_digit(), ""));
    assert_eq!(differences.len(), 3, "{differences:?}");
    assert_eq!(differences[2], "tenant: friendly_name changed");
    assert!(differences[0].ends_with(" added") && differences[1].ends_with(" removed"), "{differences:?}");
    assert!(
        tenant.client("Night").is_some()
            && tenant.client("Batch").is_none()
            && tenant.client("web").is_none()
    );

    scratch.write("tenant.yaml", "tenant: { session_lifetime: soon }\n");
    let error = tenant.reload().await.unwrap_err();
    assert_eq!(
        error.excerpt(),
        Some("1 | tenant: { session_lifetime: soon }\n  |                             ^")
    );
    assert_eq!(name_of(tenant.state()), "Other");

    let remote = crate::support::Remote::of(&tenant);
    let (status, body) = remote.post("reload", json!({})).await;
    assert_eq!((status, &body["error"]), (422, &json!("invalid_configuration")));
    let told = body["error_description"].as_str().unwrap();
    assert!(
        told.ends_with(
            "tenant.yaml:1:29: tenant.session_lifetime: there is a string where a number is expected"
        ),
        "{told}"
    );
    scratch.write("tenant.yaml", &CONFIG.replace("Bank", "Third"));
    let (status, body) = remote.post("reload", json!({})).await;
    assert_eq!(status, 200, "{body}");
    assert!(body["changes"].as_array().unwrap().contains(&json!("tenant: friendly_name changed")));
    assert_eq!(name_of(tenant.state()), "Third");
}

#[tokio::test]
async fn files_are_watched() {
    let scratch = Scratch::new();
    let file = scratch.write("tenant.yaml", CONFIG);
    let tenant = Tenant::builder().config_file(&file).start().await.unwrap();
    tokio::time::pause();
    scratch.write("tenant.yaml", "tenant: {");
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    scratch.write("tenant.yaml", &CONFIG.replace("name: Bank", "name: Watched bank"));
    for _ in 0..20_000 {
        if name_of(tenant.state()) == "Watched bank" {
            return;
        }
        tokio::time::advance(std::time::Duration::from_millis(20)).await;
        // Real time for the store's own threads; while this is under way, the paused clock does not run ahead.
        tokio::task::spawn_blocking(std::thread::yield_now).await.unwrap();
    }
    panic!("the file was changed, and nobody looked");
}
