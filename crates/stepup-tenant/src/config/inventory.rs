//! What of a configuration is not honoured: everything that [`super::yaml`] does not read, named once each.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ConfigError, source::Files};

/// One line for each kind of member that is not honoured, with the first place where it stands and in how many more.
pub(super) fn unhonoured(files: &Files) -> Vec<String> {
    let mut walk = Walk { files, found: BTreeMap::new() };
    walk.members(&files.members, "", "");
    let told = |(warning, more)| match more {
        0 => warning,
        more => format!("{warning} (and {more} more)"),
    };
    walk.found.into_values().map(told).collect()
}

/// One line for each keyword without a value that stands only in what is not honoured.
///
/// # Errors
/// [`ConfigError::Wrong`] where one stands elsewhere.
pub(super) fn unset_keywords(files: &Files) -> Result<Vec<String>, ConfigError> {
    let mut texts = Texts::default();
    texts.members(&files.members, "");
    files.missing_keywords(|key| {
        let marks = [format!("##{key}##"), format!("@@{key}@@")];
        let stands_in =
            |texts: &[&str]| texts.iter().any(|text| marks.iter().any(|mark| text.contains(mark.as_str())));
        stands_in(&texts.honoured) || !stands_in(&texts.ignored)
    })
}

/// The texts of a document, by whether anything reads them.
#[derive(Default)]
struct Texts<'a> {
    honoured: Vec<&'a str>,
    ignored: Vec<&'a str>,
}

impl<'a> Texts<'a> {
    fn members(&mut self, members: &'a Map<String, Value>, kind: &str) {
        let dot = if kind.is_empty() { "" } else { "." };
        for (name, value) in members {
            self.member(value, &format!("{kind}{dot}{name}"));
        }
    }

    fn member(&mut self, value: &'a Value, kind: &str) {
        if HONOURED.contains(&kind) {
            collect(value, &mut self.honoured);
        } else if GROUPS.contains(&kind) {
            self.visit(value, kind);
        } else {
            collect(value, &mut self.ignored);
        }
    }

    fn visit(&mut self, value: &'a Value, kind: &str) {
        match value {
            Value::Object(members) => self.members(members, kind),
            Value::Array(entries) => {
                for value in entries {
                    self.visit(value, &format!("{kind}[]"));
                }
            }
            // A text where a mapping or a list has to be: whoever reads it refuses it.
            value => collect(value, &mut self.honoured),
        }
    }
}

/// Every text in `value`.
fn collect<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(entries) => entries.iter().for_each(|value| collect(value, texts)),
        Value::Object(members) => members.values().for_each(|value| collect(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

struct Walk<'a> {
    files: &'a Files,
    /// What is said of the first of each kind, and how many more there are.
    found: BTreeMap<String, (String, usize)>,
}

impl Walk<'_> {
    /// `place` is where the value stands (`clients[3].callbacks`), `kind` the same without numbers (`clients[].callbacks`).
    fn visit(&mut self, value: &Value, place: &str, kind: &str) {
        match value {
            Value::Object(members) => self.members(members, place, kind),
            Value::Array(entries) => {
                for (position, value) in entries.iter().enumerate() {
                    self.visit(value, &format!("{place}[{position}]"), &format!("{kind}[]"));
                }
            }
            _ => {}
        }
    }

    fn members(&mut self, members: &Map<String, Value>, place: &str, kind: &str) {
        let dot = if place.is_empty() { "" } else { "." };
        for (name, value) in members {
            self.member(value, &format!("{place}{dot}{name}"), &format!("{kind}{dot}{name}"));
        }
    }

    fn member(&mut self, value: &Value, place: &str, kind: &str) {
        if HONOURED.contains(&kind) {
            return;
        }
        if let Some(reason) = refused(kind, value) {
            self.warn(kind, place, reason);
        } else if GROUPS.contains(&kind) {
            self.visit(value, place, kind);
        } else if !says_nothing(value) && !INERT.contains(&kind) {
            self.warn(kind, place, "is not honoured");
        }
    }

    fn warn(&mut self, kind: &str, place: &str, reason: &str) {
        if let Some((_, more)) = self.found.get_mut(kind) {
            *more += 1;
        } else {
            let warning = format!("{}: {place} {reason}", self.files.origin_of(place));
            self.found.insert(kind.to_owned(), (warning, 0));
        }
    }
}

/// A switch that is off and a list that is empty ask for nothing.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(entries) => entries.is_empty(),
        Value::Object(members) => members.values().all(says_nothing),
        _ => false,
    }
}

/// Members of which some values are honoured, or are how it is anyway, and others not.
fn refused(kind: &str, value: &Value) -> Option<&'static str> {
    let shields =
        |shield: &str| value.as_array().is_some_and(|shields| shields.iter().any(|listed| listed == shield));
    match kind {
        "actions[].supported_triggers"
            if value.as_array().is_some_and(|all| all.iter().any(is_old_trigger)) =>
        {
            Some("is not honoured: an Action of post-login runs as version v3")
        }
        "attackProtection.bruteForceProtection.mode" if value == "count_per_identifier" => {
            Some("is not honoured: attempts are counted by user and address")
        }
        "attackProtection.bruteForceProtection.shields" if value.is_array() && !shields("block") => {
            Some("is not honoured: whoever is over the limit is blocked")
        }
        "attackProtection.bruteForceProtection.shields" if shields("user_notification") => {
            Some("is honoured without `user_notification`")
        }
        "clients[].sso" | "tenant.flags.enable_sso" if *value == Value::Bool(false) => {
            Some("is not honoured: the applications share the user's session")
        }
        "databases[].options.brute_force_protection" | "connections[].options.brute_force_protection"
            if *value == Value::Bool(false) =>
        {
            Some("is not honoured: `attackProtection.bruteForceProtection` is for every connection")
        }
        "guardianFactorProviders" if value.as_array().is_some_and(|all| all.iter().any(is_set_up)) => Some(
            "is not honoured: messages stay in the inbox, and push is for virtual devices and Guardian SDKs",
        ),
        "guardianPhoneFactorSelectedProvider"
            if value.get("provider").is_some_and(|it| !it.is_null() && it != "auth0") =>
        {
            Some("is not honoured: messages stay in the inbox, unless `stepup.phone_webhook` takes them")
        }
        "resourceServers[].token_lifetime_for_web" if !value.is_null() && *value != 7_200 => {
            Some("is not honoured: `token_lifetime` is for every token")
        }
        "resourceServers[].signing_alg" if value != "RS256" => {
            Some("is not honoured: access tokens are signed with RS256")
        }
        "clients[].oidc_conformant" if *value == Value::Bool(false) => {
            Some("is not honoured: every client is OIDC conformant")
        }
        "emailProvider.name" if value != "smtp" => {
            Some("is not honoured: e-mails are sent by smtp, else they stay in the inbox")
        }
        "triggers" => value
            .as_object()
            .is_some_and(|triggers| {
                triggers.iter().any(|(id, bound)| id != "post-login" && !says_nothing(bound))
            })
            .then_some("other than post-login are not honoured"),
        _ => None,
    }
}

fn is_old_trigger(trigger: &Value) -> bool {
    trigger["id"] == "post-login" && trigger.get("version").is_some_and(|version| version != "v3")
}

/// Whether a provider of a factor has more than its name.
fn is_set_up(provider: &Value) -> bool {
    provider.as_object().is_some_and(|members| {
        members.iter().any(|(name, value)| {
            !matches!(name.as_str(), "name" | "provider") && !says_nothing(value) && value != ""
        })
    })
}

/// Members whose members are looked at one by one.
const GROUPS: &[&str] = &[
    "tenant",
    "tenant.flags",
    "tenant.session_cookie",
    "tenant.error_page",
    "tenant.oidc_logout",
    "clients",
    "clients[].client_authentication_methods",
    "clients[].client_authentication_methods.private_key_jwt",
    "clients[].client_authentication_methods.private_key_jwt.credentials",
    "clients[].oidc_backchannel_logout",
    "clients[].oidc_logout",
    "clients[].refresh_token",
    "clients[].refresh_token.policies",
    "clients[].jwt_configuration",
    "resourceServers",
    "resourceServers[].scopes",
    "clientGrants",
    "databases",
    "databases[].options",
    "databases[].options.password_complexity_options",
    "databases[].options.password_history",
    "databases[].options.password_dictionary",
    "databases[].options.password_no_personal_info",
    "connections",
    "connections[].options",
    "connections[].options.password_complexity_options",
    "connections[].options.password_history",
    "connections[].options.password_dictionary",
    "connections[].options.password_no_personal_info",
    "guardianFactors",
    "guardianFactorTemplates",
    "guardianPhoneFactorMessageTypes",
    "guardianPolicies",
    "actions",
    "actions[].secrets",
    "triggers",
    "triggers.post-login",
    "attackProtection",
    "attackProtection.bruteForceProtection",
    "emailProvider",
    "emailProvider.credentials",
];

/// Members that are read.
const HONOURED: &[&str] = &[
    "stepup",
    "tenant.friendly_name",
    "tenant.default_audience",
    "tenant.default_directory",
    "tenant.session_lifetime",
    "tenant.idle_session_lifetime",
    "tenant.session_cookie.mode",
    "tenant.error_page.url",
    "tenant.error_page.show_log_link",
    "tenant.resource_parameter_profile",
    "tenant.allowed_logout_urls",
    "tenant.flags.revoke_refresh_token_grant",
    "tenant.pushed_authorization_requests_supported",
    "tenant.require_pushed_authorization_requests",
    "tenant.oidc_logout.rp_logout_end_session_endpoint_discovery",
    "clients[].name",
    "clients[].client_id",
    "clients[].client_secret",
    "clients[].app_type",
    "clients[].token_endpoint_auth_method",
    "clients[].callbacks",
    "clients[].initiate_login_uri",
    "clients[].allowed_logout_urls",
    "clients[].web_origins",
    "clients[].allowed_origins",
    "clients[].grant_types",
    "clients[].refresh_token.rotation_type",
    "clients[].refresh_token.expiration_type",
    "clients[].refresh_token.leeway",
    "clients[].refresh_token.token_lifetime",
    "clients[].refresh_token.idle_token_lifetime",
    "clients[].refresh_token.infinite_token_lifetime",
    "clients[].refresh_token.infinite_idle_token_lifetime",
    "clients[].refresh_token.policies[].audience",
    "clients[].refresh_token.policies[].scope",
    "clients[].jwt_configuration.lifetime_in_seconds",
    "clients[].jwt_configuration.alg",
    "clients[].client_authentication_methods.private_key_jwt.credentials[].alg",
    "clients[].client_authentication_methods.private_key_jwt.credentials[].expires_at",
    "clients[].client_authentication_methods.private_key_jwt.credentials[].jwk",
    "clients[].client_authentication_methods.private_key_jwt.credentials[].kid",
    "clients[].client_authentication_methods.private_key_jwt.credentials[].pem",
    "clients[].client_authentication_methods.private_key_jwt.credentials[].public_key",
    "clients[].jwks",
    "clients[].oidc_backchannel_logout.backchannel_logout_urls",
    "clients[].oidc_backchannel_logout.backchannel_logout_initiators",
    "clients[].oidc_logout.backchannel_logout_urls",
    "clients[].oidc_logout.backchannel_logout_initiators",
    "clients[].require_proof_of_possession",
    "clients[].require_pushed_authorization_requests",
    "clients[].is_first_party",
    "clients[].require_auth_time",
    "clients[].client_metadata",
    "resourceServers[].name",
    "resourceServers[].identifier",
    "resourceServers[].scopes[].value",
    "resourceServers[].scopes[].description",
    "resourceServers[].token_lifetime",
    "resourceServers[].allow_offline_access",
    "resourceServers[].skip_consent_for_verifiable_first_party_clients",
    "resourceServers[].token_dialect",
    "resourceServers[].proof_of_possession",
    "clientGrants[].client_id",
    "clientGrants[].audience",
    "clientGrants[].scope",
    "clientGrants[].allow_all_scopes",
    "databases[].id",
    "databases[].name",
    "databases[].strategy",
    "databases[].enabled_clients",
    "databases[].metadata",
    "databases[].options.passwordPolicy",
    "databases[].options.password_complexity_options.min_length",
    "databases[].options.password_history.enable",
    "databases[].options.password_history.size",
    "databases[].options.password_dictionary.enable",
    "databases[].options.password_dictionary.dictionary",
    "databases[].options.password_no_personal_info.enable",
    "databases[].options.disable_signup",
    "connections[].id",
    "connections[].name",
    "connections[].strategy",
    "connections[].enabled_clients",
    "connections[].metadata",
    "connections[].options.passwordPolicy",
    "connections[].options.password_complexity_options.min_length",
    "connections[].options.password_history.enable",
    "connections[].options.password_history.size",
    "connections[].options.password_dictionary.enable",
    "connections[].options.password_dictionary.dictionary",
    "connections[].options.password_no_personal_info.enable",
    "connections[].options.disable_signup",
    "guardianFactors[].name",
    "guardianFactors[].enabled",
    "guardianFactorTemplates[].name",
    "guardianFactorTemplates[].enrollment_message",
    "guardianFactorTemplates[].verification_message",
    "guardianPhoneFactorMessageTypes.message_types",
    "guardianPolicies.policies",
    "actions[].name",
    "actions[].code",
    "actions[].deployed_version",
    "actions[].secrets[].name",
    "actions[].secrets[].value",
    "triggers.post-login[].action_name",
    "attackProtection.bruteForceProtection.enabled",
    "attackProtection.bruteForceProtection.max_attempts",
    "emailProvider.enabled",
    "emailProvider.default_from_address",
    "emailProvider.credentials.smtp_host",
    "emailProvider.credentials.smtp_port",
    "emailProvider.credentials.smtp_user",
    "emailProvider.credentials.smtp_pass",
];

/// Members that change nothing here: descriptions, what the service fills in, and what is as they say anyway.
const INERT: &[&str] = &[
    "clients[].client_authentication_methods.private_key_jwt.credentials[].credential_type",
    "clients[].client_authentication_methods.private_key_jwt.credentials[].id",
    "clients[].client_authentication_methods.private_key_jwt.credentials[].name",
    "clientGrants[].id",
    "clients[].description",
    "clients[].oidc_conformant",
    "clients[].global",
    "clients[].tenant",
    "clients[].custom_login_page_on",
    "clients[].jwt_configuration.secret_encoded",
    "clients[].sso",
    "resourceServers[].id",
    "resourceServers[].is_system",
    "resourceServers[].signing_alg",
    "resourceServers[].token_lifetime_for_web",
    "guardianPhoneFactorSelectedProvider",
    "guardianFactorProviders",
    "databases[].is_domain_connection",
    "databases[].options.brute_force_protection",
    "connections[].options.brute_force_protection",
    "tenant.flags.enable_sso",
    "databases[].realms",
    "connections[].realms",
    "actions[].id",
    "actions[].runtime",
    "actions[].status",
    "actions[].deployed",
    "actions[].supported_triggers",
    "triggers.post-login[].display_name",
    "attackProtection.bruteForceProtection.shields",
    "attackProtection.bruteForceProtection.mode",
    "emailProvider.name",
];
