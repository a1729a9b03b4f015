//! From a document to a checked configuration.

mod client;
mod client_keys;
mod code;
mod delivery;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;
use stepup_protocol::mfa::FactorType;
use url::Url;

pub(super) use self::code::check_code;
use super::{
    ACTION_TIME, AllowedUrls, Client, ClientGrant, ConfigError, Connection, ErrorPage, Factors, MfaPolicy,
    MfaSettings, ProofOfPossession, PushedRequestSettings, ResourceServer, SessionLifetimes, TenantConfig,
    TokenDialect,
    document::{Document, Form, Section},
    error::without_value,
    source::Files,
    yaml,
};
use crate::{actions::Action, passwords::policy::PasswordPolicy};

/// Checks `document` and makes of it what requests read. Places in messages are those of `files`.
pub(super) fn tenant(document: &Document, files: &Files) -> Result<TenantConfig, ConfigError> {
    let read: yaml::Document = serde_path_to_error::deserialize(document.members())
        .map_err(|error| files.wrong(&place(error.path()), without_value(&error.inner().to_string())))?;
    Reading { files, warnings: files.warnings.clone() }.tenant(read)
}

/// Refuses sections that are not of their form; one without content is as if it was not there.
pub(super) fn check_forms(document: &mut Document, files: &Files) -> Result<(), ConfigError> {
    for section in Section::ALL {
        let name = section.name();
        match (document.members().get(name), section.form()) {
            (None, _) => {}
            (Some(Value::Null), _) => document.clear(section),
            (Some(Value::Array(entities)), Form::List(_)) => {
                if let Some(position) = entities.iter().position(|entity| !entity.is_object()) {
                    return Err(files.wrong(&format!("{name}[{position}]"), "this must be a mapping"));
                }
            }
            (Some(Value::Object(_)), Form::Object) => {}
            (Some(_), Form::List(_)) => return Err(files.wrong(name, "this must be a list")),
            (Some(_), Form::Object) => return Err(files.wrong(name, "this must be a mapping")),
        }
    }
    Ok(())
}

/// A path as places are written; the document itself has none.
fn place(path: &serde_path_to_error::Path) -> String {
    let place = path.to_string();
    if place == "." { String::new() } else { place }
}

/// One reading of one document.
struct Reading<'a> {
    files: &'a Files,
    warnings: Vec<String>,
}

/// Earlier passwords that are remembered where the configuration does not say how many, and the most it can say.
const HISTORY: u32 = 5;
const LONGEST_HISTORY: u32 = 24;

impl Reading<'_> {
    fn tenant(mut self, document: yaml::Document) -> Result<TenantConfig, ConfigError> {
        let clients = self.each(document.clients, "clients", Self::client)?;
        self.distinct(
            names(&clients, "clients", "client_id", |it| &it.client_id),
            "another client has this id",
        )?;
        let resource_servers =
            self.each(document.resource_servers, "resourceServers", Self::resource_server)?;
        self.distinct(
            names(&resource_servers, "resourceServers", "identifier", |it| &it.identifier),
            "another API has this identifier",
        )?;
        let client_grants = self.each(document.client_grants, "clientGrants", |reading, grant, place| {
            reading.client_grant(grant, place, &clients, &resource_servers)
        })?;
        let databases = names(&document.databases, "databases", "name", |it| &it.name);
        let others = names(&document.connections, "connections", "name", |it| &it.name);
        self.distinct(databases.chain(others), "another connection has this name")?;
        let mut connections = Vec::new();
        for (place, list) in [("databases", document.databases), ("connections", document.connections)] {
            connections.extend(self.each(list, place, |reading, connection, place| {
                Ok(reading.connection(connection, place, &clients))
            })?);
        }
        let connections: Vec<Connection> = connections.into_iter().flatten().collect();
        let tenant = document.tenant;
        let default_audience = tenant.default_audience.filter(|audience| !audience.is_empty());
        if let Some(audience) = &default_audience
            && !resource_servers.iter().any(|server| server.identifier == *audience)
        {
            self.warn("tenant.default_audience", &not_an_api(audience));
        }
        let default_directory = tenant.default_directory.filter(|directory| !directory.is_empty());
        if let Some(directory) = &default_directory
            && !connections.iter().any(|connection| connection.name == *directory)
        {
            return Err(self.wrong("tenant.default_directory", "no database connection has this name"));
        }
        let mfa = MfaSettings::read(
            &document.stepup,
            document.guardian_phone_factor_message_types.as_ref(),
            &document.guardian_factor_templates,
        );
        let lifetime = |reading: &Self, place, hours: Option<f64>, default| match hours {
            None => Ok(default),
            Some(hours) => Duration::try_from_secs_f64(hours * 3600.0)
                .map_err(|_| reading.wrong(place, "this must be a number of hours")),
        };
        let defaults = SessionLifetimes::default();
        let sessions = SessionLifetimes {
            absolute: lifetime(&self, "tenant.session_lifetime", tenant.session_lifetime, defaults.absolute)?,
            idle: lifetime(
                &self,
                "tenant.idle_session_lifetime",
                tenant.idle_session_lifetime,
                defaults.idle,
            )?,
            cookie_mode: tenant.session_cookie.unwrap_or_default().mode.unwrap_or(defaults.cookie_mode),
        };
        let name = document.stepup.tenant_name.clone().unwrap_or_else(|| "stepup".to_owned());
        Ok(TenantConfig {
            friendly_name: tenant.friendly_name.unwrap_or_else(|| name.clone()),
            name,
            default_audience,
            default_directory,
            sessions,
            resource_is_audience: tenant.resource_parameter_profile
                != Some(yaml::ResourceParameter::Audience),
            error_page: self.error_page(tenant.error_page.unwrap_or_default())?,
            pushed_requests: PushedRequestSettings {
                enabled: tenant.pushed_authorization_requests_supported.unwrap_or(true),
                required: tenant.require_pushed_authorization_requests,
                lifetime: document
                    .stepup
                    .pushed_request_lifetime
                    .map_or(PushedRequestSettings::default().lifetime, Duration::from_secs),
            },
            revoke_whole_grant: tenant.flags.revoke_refresh_token_grant.unwrap_or(true),
            announce_end_session: tenant.oidc_logout.rp_logout_end_session_endpoint_discovery.unwrap_or(true),
            allowed_logout_urls: self.urls(tenant.allowed_logout_urls, "tenant.allowed_logout_urls")?,
            resource_servers,
            client_grants,
            connections,
            factors: self.factors(&document.guardian_factors, mfa.message_types.any()),
            policy: Self::policy(&document.guardian_policies),
            mfa,
            action_time: document.stepup.action_time_limit_ms.map_or(ACTION_TIME, Duration::from_millis),
            risk: document.stepup.risk.clone(),
            actions: self.actions(document.actions, document.triggers)?,
            password_attempts: password_attempts(&document.attack_protection.brute_force_protection),
            delivery: self.delivery(document.email_provider, &document.stepup)?,
            dashboard_admins: document.stepup.dashboard_admins,
            clients,
            authentication_calls: document.stepup.authentication_calls_per_minute.filter(|calls| *calls > 0),
            management_calls: document.stepup.management_calls_per_minute.filter(|calls| *calls > 0),
            warnings: self.warnings,
        })
    }

    fn client_grant(
        &mut self,
        grant: yaml::ClientGrant,
        place: &str,
        clients: &[Client],
        servers: &[ResourceServer],
    ) -> Result<ClientGrant, ConfigError> {
        if !clients.iter().any(|client| client.client_id == grant.client_id) {
            return Err(self.wrong(&format!("{place}.client_id"), "no client has this id or name"));
        }
        let server = servers.iter().find(|server| server.identifier == grant.audience);
        if server.is_none() {
            self.warn(&format!("{place}.audience"), &not_an_api(&grant.audience));
        }
        let scope = if grant.allow_all_scopes {
            server.map(|server| server.scopes.clone()).unwrap_or_default()
        } else {
            grant.scope.iter().map(String::as_str).collect()
        };
        Ok(ClientGrant { client_id: grant.client_id, audience: grant.audience, scope })
    }

    fn resource_server(
        &mut self,
        server: yaml::ResourceServer,
        place: &str,
    ) -> Result<ResourceServer, ConfigError> {
        use yaml::Dialect;
        if server.identifier.is_empty() {
            return Err(self.wrong(&format!("{place}.identifier"), "an API needs an identifier"));
        }
        if matches!(server.token_dialect, Dialect::AccessTokenAuthz | Dialect::Rfc9068ProfileAuthz) {
            self.warn(&format!("{place}.token_dialect"), "is honoured without `permissions`");
        }
        Ok(ResourceServer {
            name: server.name.unwrap_or_else(|| server.identifier.clone()),
            identifier: server.identifier,
            scopes: server.scopes.iter().map(|scope| scope.value.as_str()).collect(),
            scope_descriptions: server
                .scopes
                .into_iter()
                .filter_map(|scope| Some((scope.value, scope.description.filter(|text| !text.is_empty())?)))
                .collect(),
            token_lifetime: Duration::from_secs(server.token_lifetime.unwrap_or(86_400)),
            allow_offline_access: server.allow_offline_access,
            proof_of_possession: self.proof_of_possession(server.proof_of_possession.as_ref(), place),
            skip_consent: server.skip_consent_for_verifiable_first_party_clients.unwrap_or(true),
            dialect: match server.token_dialect {
                Dialect::AccessToken | Dialect::AccessTokenAuthz => TokenDialect::AccessToken,
                Dialect::Rfc9068Profile | Dialect::Rfc9068ProfileAuthz => TokenDialect::Rfc9068,
            },
        })
    }

    fn proof_of_possession(
        &mut self,
        wanted: Option<&yaml::ProofOfPossession>,
        place: &str,
    ) -> ProofOfPossession {
        match wanted {
            Some(wanted) if wanted.mechanism == yaml::Mechanism::Mtls => {
                self.warn(&format!("{place}.proof_of_possession"), "is not honoured: only DPoP is");
                ProofOfPossession::Optional
            }
            Some(wanted) if wanted.required => match wanted.required_for {
                yaml::RequiredFor::AllClients => ProofOfPossession::Required,
                yaml::RequiredFor::PublicClients => ProofOfPossession::RequiredOfPublicClients,
            },
            _ => ProofOfPossession::Optional,
        }
    }

    fn connection(
        &mut self,
        connection: yaml::Connection,
        place: &str,
        clients: &[Client],
    ) -> Option<Connection> {
        if connection.strategy.as_deref().is_some_and(|strategy| strategy != "auth0") {
            self.warn(place, "is not honoured: only database connections are");
            return None;
        }
        for (position, enabled) in connection.enabled_clients.iter().flatten().enumerate() {
            if !clients.iter().any(|client| client.client_id == *enabled) {
                let place = format!("{place}.enabled_clients[{position}]");
                self.warn(&place, &format!("`{enabled}` is not the id or name of a client"));
            }
        }
        let options = connection.options;
        let history = options.password_history.filter(|history| history.enable);
        let history = history.map(|history| history.size.unwrap_or(HISTORY));
        if history.is_some_and(|size| size > LONGEST_HISTORY) {
            self.warn(
                &format!("{place}.options.password_history.size"),
                "is taken as 24, the most it can be",
            );
        }
        let dictionary = options.password_dictionary.filter(|dictionary| dictionary.enable);
        Some(Connection {
            id: connection.id,
            name: connection.name,
            enabled_clients: connection.enabled_clients,
            metadata: connection.metadata,
            signup: !options.disable_signup.unwrap_or(false),
            passwords: PasswordPolicy {
                strength: options.password_policy.unwrap_or_default(),
                min_length: options.password_complexity_options.and_then(|it| it.min_length),
                history: history.map(|size| size.min(LONGEST_HISTORY)),
                dictionary: dictionary.map(|it| it.dictionary.into_iter().collect()),
                no_personal_info: options.password_no_personal_info.is_some_and(|it| it.enable),
            },
        })
    }

    fn factors(&mut self, factors: &[yaml::GuardianFactor], reaches_phones: bool) -> Factors {
        let mut on = Vec::new();
        for (position, factor) in factors.iter().enumerate() {
            let contradicts =
                |it: &yaml::GuardianFactor| it.name == factor.name && it.enabled != factor.enabled;
            if factors[..position].iter().any(contradicts) {
                let place = format!("guardianFactors[{position}]");
                self.warn(&place, "names a factor again with the opposite `enabled`: `true` counts");
            }
        }
        for (position, factor) in factors.iter().enumerate().filter(|(_, factor)| factor.enabled) {
            match factor.name {
                yaml::FactorName::Email => on.push(FactorType::Email),
                yaml::FactorName::Otp => on.push(FactorType::Otp),
                yaml::FactorName::PushNotification => on.push(FactorType::PushNotification),
                yaml::FactorName::RecoveryCode => on.push(FactorType::RecoveryCode),
                // Phones are reached where the factor is on and a way to reach them too.
                yaml::FactorName::Sms if reaches_phones => on.push(FactorType::Phone),
                yaml::FactorName::Sms => {}
                yaml::FactorName::Duo
                | yaml::FactorName::WebauthnPlatform
                | yaml::FactorName::WebauthnRoaming => {
                    self.warn(
                        &format!("guardianFactors[{position}]"),
                        "is off: this version has no such factor",
                    );
                }
            }
        }
        on.into_iter().collect()
    }

    fn policy(policies: &yaml::GuardianPolicies) -> MfaPolicy {
        if policies.policies.contains(&yaml::PolicyName::AllApplications) {
            MfaPolicy::Always
        } else if policies.policies.contains(&yaml::PolicyName::ConfidenceScore) {
            MfaPolicy::Adaptive
        } else {
            MfaPolicy::Never
        }
    }

    /// The Actions that are bound to the post-login trigger, in the order of their binding.
    fn actions(
        &mut self,
        actions: Vec<yaml::Action>,
        mut triggers: BTreeMap<String, Vec<yaml::Binding>>,
    ) -> Result<Vec<Action>, ConfigError> {
        self.distinct(names(&actions, "actions", "name", |it| &it.name), "another Action has this name")?;
        let is_draft = |it: &yaml::Action| it.deployed == Some(false) && it.deployed_version.is_none();
        let drafts: Vec<bool> = actions.iter().map(is_draft).collect();
        let actions = self.each(actions, "actions", Self::action)?;
        let bound = triggers.remove("post-login").unwrap_or_default();
        self.each(bound, "triggers.post-login", |reading, binding, place| {
            let name = binding.action_name;
            let position = actions.iter().position(|action| *action.name == *name).ok_or_else(|| {
                reading.wrong(&format!("{place}.action_name"), &format!("there is no Action `{name}`"))
            })?;
            if drafts[position] {
                reading.warn(&format!("actions[{position}].deployed"), "is not honoured: what is bound runs");
            }
            Ok(actions[position].clone())
        })
    }

    fn action(&mut self, action: yaml::Action, place: &str) -> Result<Action, ConfigError> {
        // What was deployed runs, with the secrets that it had, whatever the draft says since.
        let (code, held, place) = match action.deployed_version {
            None => (action.code, action.secrets, place.to_owned()),
            Some(yaml::DeployedVersion { code, secrets: None }) => (code, action.secrets, place.to_owned()),
            Some(yaml::DeployedVersion { code, secrets: Some(secrets) }) => {
                (code, secrets, format!("{place}.deployed_version"))
            }
        };
        let mut secrets = Vec::new();
        for (position, secret) in held.into_iter().enumerate() {
            match secret.value {
                Some(value) => secrets.push((secret.name, value)),
                None => self.warn(&format!("{place}.secrets[{position}]"), "has no value"),
            }
        }
        Ok(Action::new(action.name, code).with_secrets(secrets))
    }

    fn error_page(&self, page: yaml::ErrorPage) -> Result<ErrorPage, ConfigError> {
        let url = page.url.filter(|url| !url.is_empty()).map(|url| {
            let url = Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            url.ok_or_else(|| self.wrong("tenant.error_page.url", "this must be an http or https address"))
        });
        Ok(ErrorPage { url: url.transpose()?, show_log_link: page.show_log_link.unwrap_or(false) })
    }

    fn urls(&self, urls: Vec<String>, place: &str) -> Result<AllowedUrls, ConfigError> {
        for (position, url) in urls.iter().enumerate() {
            let address =
                url == AllowedUrls::LOOPBACK || Url::parse(&url.replacen("://*.", "://wildcard.", 1)).is_ok();
            if !address {
                return Err(
                    self.wrong(&format!("{place}[{position}]"), &format!("`{url}` is not an address"))
                );
            }
        }
        Ok(AllowedUrls::new(urls))
    }

    fn each<T, U>(
        &mut self,
        list: Vec<T>,
        place: &str,
        mut read: impl FnMut(&mut Self, T, &str) -> Result<U, ConfigError>,
    ) -> Result<Vec<U>, ConfigError> {
        list.into_iter()
            .enumerate()
            .map(|(position, entry)| read(self, entry, &format!("{place}[{position}]")))
            .collect()
    }

    /// Refuses a name that an earlier one has; each comes with its place.
    fn distinct<'n>(
        &self,
        names: impl Iterator<Item = (String, &'n str)>,
        problem: &str,
    ) -> Result<(), ConfigError> {
        let mut known = BTreeSet::new();
        for (place, name) in names {
            if !known.insert(name) {
                return Err(self.wrong(&place, problem));
            }
        }
        Ok(())
    }

    fn warn(&mut self, place: &str, what: &str) {
        self.warnings.push(format!("{}: {place} {what}", self.files.origin_of(place)));
    }

    fn wrong(&self, place: &str, problem: &str) -> ConfigError {
        self.files.wrong(place, problem)
    }
}

/// What tells the entities of a list apart, each with its place.
fn names<'n, T>(
    list: &'n [T],
    section: &'n str,
    member: &'n str,
    name: impl Fn(&'n T) -> &'n str + 'n,
) -> impl Iterator<Item = (String, &'n str)> {
    let place = move |position| format!("{section}[{position}].{member}");
    list.iter().enumerate().map(move |(position, entity)| (place(position), name(entity)))
}

fn not_an_api(audience: &str) -> String {
    format!("`{audience}` is not the identifier of an API")
}

fn password_attempts(settings: &yaml::BruteForceProtection) -> Option<u32> {
    settings.enabled.unwrap_or(true).then(|| settings.max_attempts.unwrap_or(10).max(1))
}
