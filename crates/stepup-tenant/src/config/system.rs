//! What every tenant has without being told, once it knows its own address.

use std::time::Duration;

use secrecy::ExposeSecret;
use stepup_protocol::scope::Scopes;

use super::{
    AllowedUrls, ApplicationType, Client, ClientAuthentication, ClientGrant, ProofOfPossession,
    ResourceServer, TenantConfig, TokenDialect, built_in::user_client, load::derived_secret,
};
use crate::state::Issuer;

/// What the dashboard logs its administrators in with, where it is not open to the machine alone.
pub(crate) const DASHBOARD_CLIENT: &str = "stepup-dashboard";

impl TenantConfig {
    /// Completes the configuration of the tenant at `issuer`: secrets that an export leaves out, made from `key`; the
    /// Management API, and who may call it.
    ///
    /// # Errors
    /// [`SystemError::WeakSecret`] where a built-in secret would guard a tenant that others can reach.
    pub(crate) fn complete(&mut self, issuer: &Issuer, key: &[u8]) -> Result<(), SystemError> {
        if !issuer.loopback() {
            self.refuse_public_secrets()?;
        }
        for client in &mut self.clients {
            let has_secret = matches!(client.authentication, ClientAuthentication::Secret);
            if has_secret && client.client_secret.is_none() {
                client.client_secret = Some(derived_secret(key, &client.client_id));
            }
        }
        let identifier = issuer.endpoint("api/v2/");
        let scopes = Scopes::from(MANAGEMENT_SCOPES);
        for client_id in &self.management_clients {
            self.client_grants.push(ClientGrant {
                client_id: client_id.clone(),
                audience: identifier.clone(),
                scope: scopes.clone(),
            });
        }
        if self.resource_server(&identifier).is_none() {
            self.resource_servers.push(ResourceServer {
                identifier,
                name: "Auth0 Management API".to_owned(),
                scopes,
                token_lifetime: Duration::from_secs(86_400),
                allow_offline_access: false,
                skip_consent: false,
                dialect: TokenDialect::AccessToken,
                proof_of_possession: ProofOfPossession::Optional,
            });
        }
        if !issuer.loopback() && !self.dashboard_admins.is_empty() {
            self.clients.push(dashboard_client(issuer, key));
        }
        Ok(())
    }

    fn refuse_public_secrets(&self) -> Result<(), SystemError> {
        let weak = self.clients.iter().find(|client| {
            client
                .client_secret
                .as_ref()
                .is_some_and(|secret| PUBLIC_SECRETS.contains(&secret.expose_secret()))
        });
        match weak {
            None => Ok(()),
            Some(client) => Err(SystemError::WeakSecret { client_id: client.client_id.clone() }),
        }
    }
}

/// The dashboard only wants the session that its login leaves in the browser: the code goes unused.
fn dashboard_client(issuer: &Issuer, key: &[u8]) -> Client {
    let secret = derived_secret(key, DASHBOARD_CLIENT);
    Client {
        client_id: DASHBOARD_CLIENT.to_owned(),
        name: "Dashboard".to_owned(),
        client_secret: Some(secret),
        callbacks: AllowedUrls::new(vec![issuer.endpoint("dashboard/entered")]),
        allowed_logout_urls: AllowedUrls::default(),
        web_origins: AllowedUrls::default(),
        allowed_origins: AllowedUrls::default(),
        grant_types: Vec::new(),
        ..user_client("dashboard", Some(""), ApplicationType::RegularWeb)
    }
}

/// Secrets that stand in this repository.
const PUBLIC_SECRETS: [&str; 2] = ["stepup-webapp-secret", "stepup-m2m-secret"];

/// What the Management API's calls for users, factors, Actions, clients and logs ask for.
const MANAGEMENT_SCOPES: &str = "\
    read:users create:users update:users delete:users read:users_app_metadata update:users_app_metadata \
    read:user_idp_tokens read:authentication_methods create:authentication_methods update:authentication_methods \
    delete:authentication_methods create:guardian_enrollment_tickets read:guardian_enrollments \
    delete:guardian_enrollments read:guardian_factors update:guardian_factors read:mfa_policies update:mfa_policies \
    read:actions create:actions update:actions delete:actions read:clients create:clients update:clients \
    delete:clients read:client_keys update:client_keys read:client_grants create:client_grants update:client_grants \
    delete:client_grants read:resource_servers create:resource_servers update:resource_servers \
    delete:resource_servers read:connections create:connections update:connections delete:connections read:logs \
    read:logs_users read:tenant_settings update:tenant_settings read:grants delete:grants read:sessions \
    delete:sessions read:refresh_tokens delete:refresh_tokens read:signing_keys read:stats read:client_credentials \
    create:client_credentials update:client_credentials delete:client_credentials read:prompts update:prompts \
    read:attack_protection update:attack_protection read:risk_assessments update:risk_assessments";

/// The configuration does not fit the tenant's address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SystemError {
    /// A secret that everybody knows would guard a tenant that others can reach.
    #[error(
        "client `{client_id}` has the built-in secret, which everybody knows, and the issuer is not on this machine: \
         bring a configuration with secrets of your own"
    )]
    WeakSecret {
        /// The client.
        client_id: String,
    },
}
