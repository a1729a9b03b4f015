//! The tenant as a way into the network that it stands in.

use stepup_tenant::{Tenant, model::LogEvent};

use crate::rig::{Browser, CALLBACK, Config, Receiver, Rig};

/// A tenant that others can reach, with an application that wants to be told of logouts at `address`.
async fn public(address: &str) -> Rig {
    let yaml = Config::default()
        .yaml()
        .replacen(
            "    client_id: stepup-webapp\n",
            &format!("    client_id: stepup-webapp\n    oidc_logout: {{ backchannel_logout_urls: [ \"{address}\" ] }}\n"),
            1,
        )
        .replace("stepup-webapp-secret", "a-secret-that-is-not-built-in");
    let users =
        serde_json::json!([{ "email": crate::rig::ADA, "password": crate::rig::PASSWORD }]).to_string();
    let builder = Tenant::builder().issuer("http://tenant.example.com/".parse().unwrap());
    Rig::built(builder.config_yaml(&yaml).users_json(&users)).await
}

async fn logged(rig: &Rig, kind: &str) -> LogEvent {
    loop {
        if let Some(event) = rig.tenant.state().log.read(Some(kind), 1).await.unwrap().pop() {
            return event;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn ssrf_by_webhook_or_configuration() {
    let mut receiver = Receiver::start().await;
    let port = receiver.url.rsplit(':').next().unwrap().to_owned();
    for address in [
        receiver.url.clone(),
        format!("http://localhost:{port}"),
        format!("http://[::1]:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        format!("http://2130706433:{port}"),
        format!("http://0x7f.1:{port}"),
        format!("http://0.0.0.0:{port}"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "http://192.168.1.1/".to_owned(),
        "http://[fd00::1]/".to_owned(),
        "http://[fe80::1]/".to_owned(),
    ] {
        let rig = public(&address).await;
        let session = session(&rig).await;
        let out = rig.http.get(format!("http://127.0.0.1:{}/v2/logout", rig.tenant.port()));
        rig.send(out.header("cookie", session)).await;
        let event = logged(&rig, "oidc_backchannel_logout_failed").await;
        let said = event.description.unwrap();
        assert!(said.contains("which this tenant does not call"), "{address}: {said}");
    }
    assert!(receiver.is_empty());
}

/// The cookie of a session that Ada has begun at the tenant.
async fn session(rig: &Rig) -> String {
    use stepup_tenant::{
        actions::CookieMode,
        model::{AuthenticationMethod, Digest, TenantSession},
    };
    let state = rig.tenant.state();
    let now = state.clock.now();
    let later = now + std::time::Duration::from_secs(600);
    let connection = "Username-Password-Authentication";
    let user = state.store.user_by_identifier(connection, crate::rig::ADA).await.unwrap().unwrap();
    let session = TenantSession {
        id: "sid".to_owned(),
        user_id: user.user_id,
        methods: vec![AuthenticationMethod::password(now)],
        mailbox_proved: false,
        clients: vec![crate::rig::WEBAPP.to_owned()],
        authenticated_at: now,
        created_at: now,
        last_interacted_at: now,
        idle_expires_at: later,
        expires_at: later,
        initial_ip: String::new(),
        initial_user_agent: String::new(),
        last_ip: String::new(),
        last_user_agent: String::new(),
        cookie_mode: CookieMode::Persistent,
        metadata: serde_json::Map::new(),
    };
    state.store.insert_session(&Digest::of("secret"), &session).await.unwrap();
    "auth0_compat=secret".to_owned()
}

#[tokio::test]
async fn a_configuration_cannot_name_what_is_no_address_of_a_server() {
    for address in [
        "file:///etc/passwd",
        "gopher://localhost/",
        "javascript:alert(1)",
        "localhost",
        "https://a.example/#x",
    ] {
        let yaml = format!(
            "clients:\n  - {{ name: a, client_id: a, oidc_logout: {{ backchannel_logout_urls: [ \"{address}\" ] }} }}"
        );
        let error = Tenant::builder().config_yaml(&yaml).start().await.unwrap_err();
        let said = crate::support::chain(&error);
        assert!(said.contains("is not an address of a server"), "{address}: {said}");
    }
    let rig = Rig::start().await;
    let page = Browser::new(&rig).authorize(&[("request_uri", "http://169.254.169.254/")]).await;
    assert!(page.url.as_str().starts_with(CALLBACK));
    assert_eq!(page.parameter("error"), "request_uri_not_supported", "and nothing is fetched");
}
