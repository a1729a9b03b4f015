//! Ids and defaults that the service fills in where a document names none.
//!
//! An id that is made from a name is the same at every start. Members of an unexpected type are left for
//! [`super::load`] to name.

use serde_json::{Map, Value, json};
use stepup_protocol::token::GrantType;

use super::{
    MessageTemplates,
    document::{Document, Section},
    system::MANAGEMENT_SCOPES,
};
use crate::state::Issuer;

/// Where a document is to be used.
pub(super) struct Place<'a> {
    /// The tenant's address.
    pub(super) issuer: &'a Issuer,
    /// What secrets are made from that an export leaves out: the same as long as the data folder is.
    pub(super) key: &'a [u8],
}

/// Fills in what `document` leaves out.
pub(super) fn fill(document: &mut Document, place: &Place<'_>) {
    tenant(document);
    each(document, Section::Clients, |client| self::client(client, place.key));
    each(document, Section::ResourceServers, resource_server);
    let management = place.issuer.endpoint("api/v2/");
    client_grants(document, &management);
    management_api(document, management);
    connections(document);
    each(document, Section::Actions, action);
    bindings(document);
    factors(document);
    let protection = document.object_mut(Section::AttackProtection).entry("bruteForceProtection");
    if let Value::Object(settings) = protection.or_insert_with(|| json!({})) {
        or(settings, "enabled", true);
        or(settings, "max_attempts", 10);
        or(settings, "shields", json!(["block", "user_notification"]));
        or(settings, "allowlist", json!([]));
        or(settings, "mode", "count_per_identifier_and_ip");
    }
}

fn tenant(document: &mut Document) {
    let name = document.get(Section::Stepup, "tenant_name").cloned().unwrap_or_else(|| json!("stepup"));
    let tenant = document.object_mut(Section::Tenant);
    or(tenant, "friendly_name", name);
    or(tenant, "session_lifetime", 168);
    or(tenant, "idle_session_lifetime", 72);
    or(tenant, "allowed_logout_urls", json!([]));
    or(tenant, "default_audience", "");
    or(tenant, "default_directory", "");
    or(tenant, "enabled_locales", json!(["en"]));
}

fn client(client: &mut Map<String, Value>, key: &[u8]) {
    let name = text(client, "name").unwrap_or_default();
    or(client, "client_id", derived_id(&name));
    or(client, "app_type", "regular_web");
    let keeps_no_secret = matches!(text(client, "app_type").as_deref(), Some("native" | "spa"));
    // A client that proves itself with a key has no method of this member.
    let by_key = client.get("client_authentication_methods").is_some_and(|methods| !methods.is_null());
    if !by_key {
        or(client, "token_endpoint_auth_method", if keeps_no_secret { "none" } else { "client_secret_post" });
    }
    let public = text(client, "token_endpoint_auth_method").as_deref() == Some("none");
    if !public && !by_key {
        let client_id = text(client, "client_id").unwrap_or_default();
        or(client, "client_secret", derived_secret(key, &client_id));
    }
    or(client, "grant_types", default_grants(public));
    for addresses in ["callbacks", "allowed_logout_urls", "web_origins", "allowed_origins"] {
        or(client, addresses, json!([]));
    }
    or(client, "is_first_party", true);
    or(client, "oidc_conformant", true);
    or(client, "cross_origin_authentication", false);
    or(client, "sso_disabled", false);
    or(client, "jwt_configuration", json!({}));
    if let Some(Value::Object(settings)) = client.get_mut("jwt_configuration") {
        or(settings, "alg", "RS256");
        or(settings, "lifetime_in_seconds", 36_000);
        or(settings, "secret_encoded", false);
    }
    or(client, "refresh_token", json!({}));
    if let Some(Value::Object(settings)) = client.get_mut("refresh_token") {
        refresh_token(settings);
    }
}

fn refresh_token(settings: &mut Map<String, Value>) {
    or(settings, "rotation_type", "non-rotating");
    let rotating = text(settings, "rotation_type").as_deref() == Some("rotating");
    // A rotating token always expires.
    or(settings, "expiration_type", if rotating { "expiring" } else { "non-expiring" });
    let expiring = rotating || text(settings, "expiration_type").as_deref() == Some("expiring");
    or(settings, "leeway", 0);
    or(settings, "infinite_token_lifetime", !expiring);
    or(settings, "infinite_idle_token_lifetime", !expiring);
    or(settings, "token_lifetime", 2_592_000);
    or(settings, "idle_token_lifetime", 1_296_000);
}

/// What a new application gets: everything its kind can use but the password grants.
fn default_grants(public: bool) -> Value {
    let mut grants = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
    if !public {
        grants.push(GrantType::ClientCredentials);
    }
    grants.into_iter().map(GrantType::as_str).collect()
}

fn resource_server(server: &mut Map<String, Value>) {
    let identifier = text(server, "identifier").unwrap_or_default();
    or(server, "id", &derived_id(&format!("resource server {identifier}"))[..24]);
    or(server, "name", identifier);
    or(server, "is_system", false);
    or(server, "scopes", json!([]));
    or(server, "signing_alg", "RS256");
    or(server, "token_lifetime", 86_400);
    or(server, "token_lifetime_for_web", 7_200);
    or(server, "allow_offline_access", false);
    or(server, "skip_consent_for_verifiable_first_party_clients", true);
    or(server, "token_dialect", "access_token");
}

/// The Management API, with its scopes as this version knows them.
fn management_api(document: &mut Document, identifier: String) {
    let servers = document.list_mut(Section::ResourceServers);
    if servers.iter().any(|server| server["identifier"] == *identifier) {
        return;
    }
    let scopes: Vec<Value> =
        MANAGEMENT_SCOPES.split_whitespace().map(|scope| json!({ "value": scope })).collect();
    let mut server = Map::new();
    or(&mut server, "id", &derived_id("resource server of management")[..24]);
    or(&mut server, "identifier", identifier);
    or(&mut server, "name", "Auth0 Management API");
    or(&mut server, "is_system", true);
    or(&mut server, "scopes", scopes);
    or(&mut server, "skip_consent_for_verifiable_first_party_clients", false);
    resource_server(&mut server);
    servers.push(Value::Object(server));
}

/// Grants name clients by their ids, and the Management API of the tenant that was exported is that of this one.
fn client_grants(document: &mut Document, management: &str) {
    let clients = document.list(Section::Clients).to_vec();
    let servers: Vec<String> = document
        .list(Section::ResourceServers)
        .iter()
        .filter_map(|server| text_of(server, "identifier"))
        .collect();
    each(document, Section::ClientGrants, |grant| {
        if let Some(id) = text(grant, "client_id").and_then(|name| id_of(&name, &clients)) {
            grant.insert("client_id".to_owned(), id.into());
        }
        let audience = text(grant, "audience").unwrap_or_default();
        if audience.ends_with("/api/v2/") && !servers.contains(&audience) {
            grant.insert("audience".to_owned(), management.into());
        }
        let pair = format!("{} {}", text(grant, "client_id").unwrap_or_default(), audience);
        or(grant, "id", format!("cgr_{}", &derived_id(&pair)[..16]));
        or(grant, "scope", json!([]));
    });
}

fn connections(document: &mut Document) {
    let clients = document.list(Section::Clients).to_vec();
    for section in [Section::Databases, Section::Connections] {
        each(document, section, |connection| {
            let name = text(connection, "name").unwrap_or_default();
            or(connection, "id", format!("con_{}", &derived_id(&name)[..16]));
            if section == Section::Databases {
                or(connection, "strategy", "auth0");
            }
            or(connection, "options", json!({}));
            or(connection, "realms", json!([name]));
            or(connection, "is_domain_connection", false);
            if let Some(Value::Array(enabled)) = connection.get_mut("enabled_clients") {
                for client in enabled {
                    if let Some(id) = client.as_str().and_then(|name| id_of(name, &clients)) {
                        *client = id.into();
                    }
                }
            }
        });
    }
}

fn action(action: &mut Map<String, Value>) {
    let id = derived_id(&format!("action {}", text(action, "name").unwrap_or_default()));
    or(action, "id", uuid(&id));
    or(action, "supported_triggers", json!([{ "id": "post-login", "version": "v3" }]));
    or(action, "runtime", "node22");
    or(action, "dependencies", json!([]));
    or(action, "secrets", json!([]));
    or(action, "status", "built");
    or(action, "deployed", true);
}

fn bindings(document: &mut Document) {
    let triggers = document.object_mut(Section::Triggers);
    or(triggers, "post-login", json!([]));
    for binding in triggers.values_mut().filter_map(Value::as_array_mut).flatten() {
        if let Value::Object(binding) = binding {
            let name = text(binding, "action_name").unwrap_or_default();
            or(binding, "display_name", name);
        }
    }
}

fn factors(document: &mut Document) {
    for name in FACTORS {
        if document.find(Section::GuardianFactors, name).is_none() {
            document.list_mut(Section::GuardianFactors).push(json!({ "name": name, "enabled": false }));
        }
    }
    or(document.object_mut(Section::GuardianPhoneFactorMessageTypes), "message_types", json!(["sms"]));
    or(document.object_mut(Section::GuardianPhoneFactorSelectedProvider), "provider", "auth0");
    or(document.object_mut(Section::GuardianPolicies), "policies", json!([]));
    if document.find(Section::GuardianFactorTemplates, "sms").is_none() {
        document.list_mut(Section::GuardianFactorTemplates).push(json!({ "name": "sms" }));
    }
    if let Some(Value::Object(texts)) = document.find_mut(Section::GuardianFactorTemplates, "sms") {
        let words = MessageTemplates::default();
        or(texts, "enrollment_message", words.enrollment);
        or(texts, "verification_message", words.verification);
    }
}

/// Every factor, in the order in which the Management API lists them.
pub(crate) const FACTORS: [&str; 8] = [
    "sms",
    "push-notification",
    "otp",
    "email",
    "duo",
    "webauthn-roaming",
    "webauthn-platform",
    "recovery-code",
];

fn each(document: &mut Document, section: Section, mut fill: impl FnMut(&mut Map<String, Value>)) {
    document.list_mut(section).iter_mut().filter_map(Value::as_object_mut).for_each(&mut fill);
}

fn or(members: &mut Map<String, Value>, name: &str, default: impl Into<Value>) {
    let member = members.entry(name).or_insert(Value::Null);
    if member.is_null() {
        *member = default.into();
    }
}

fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn text_of(entity: &Value, name: &str) -> Option<String> {
    entity.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// The id of the client that `name` means: an id or, as exports have it, a name.
fn id_of(name: &str, clients: &[Value]) -> Option<String> {
    let by = |member: &str| clients.iter().find(|client| client[member] == name);
    by("client_id").or_else(|| by("name")).and_then(|client| text_of(client, "client_id"))
}

/// An id for what an export names without one: the same at every start.
pub(super) fn derived_id(name: &str) -> String {
    stepup_seal::digest::sha256(name.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The secret of a confidential client that an export names without one.
fn derived_secret(key: &[u8], client_id: &str) -> String {
    let digest = stepup_seal::digest::hmac_sha256(key, format!("client secret of {client_id}").as_bytes());
    stepup_seal::base64url::encode(digest)
}

fn uuid(hex: &str) -> String {
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]].join("-")
}
