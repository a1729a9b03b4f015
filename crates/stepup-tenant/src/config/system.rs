//! What depends on where the tenant is reached, and what every tenant has: the Management API's scopes.

use secrecy::ExposeSecret;

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{
    TenantConfig,
    defaults::{Place, fill},
    document::{Document, Section},
};
use crate::state::Issuer;

/// What the dashboard logs its administrators in with, where it is not open to the machine alone.
pub(crate) const DASHBOARD_CLIENT: &str = "stepup-dashboard";

impl TenantConfig {
    /// Refuses what must not be reachable by others: a tenant whose secrets stand in this repository.
    ///
    /// # Errors
    /// [`SystemError::WeakSecret`] where a built-in secret would guard a tenant that is not on this machine.
    pub(super) fn check_reach(&self, issuer: &Issuer) -> Result<(), SystemError> {
        let weak = self.clients.iter().find(|client| {
            client
                .client_secret
                .as_ref()
                .is_some_and(|secret| PUBLIC_SECRETS.contains(&secret.expose_secret()))
        });
        match weak {
            Some(client) if !issuer.loopback() => {
                Err(SystemError::WeakSecret { client_id: client.client_id.clone() })
            }
            _ => Ok(()),
        }
    }
}

/// The document with the applications that are the tenant's own and of no interest to whoever configures it.
pub(super) fn with_own_clients<'a>(document: &'a Document, place: &Place<'_>) -> Cow<'a, Document> {
    let admins = document.get(Section::Stepup, "dashboard_admins");
    let none = admins.and_then(Value::as_array).is_none_or(Vec::is_empty);
    if place.issuer.loopback() || none {
        return Cow::Borrowed(document);
    }
    let mut document = document.clone();
    // The dashboard only wants the session that its login leaves in the browser: the code goes unused.
    document.list_mut(Section::Clients).push(json!({
        "client_id": DASHBOARD_CLIENT,
        "name": "Dashboard",
        "callbacks": [place.issuer.endpoint("dashboard/entered")],
        "grant_types": [],
    }));
    fill(&mut document, place);
    Cow::Owned(document)
}

/// Secrets that stand in this repository.
const PUBLIC_SECRETS: [&str; 2] = ["stepup-webapp-secret", "stepup-m2m-secret"];

/// What the Management API's calls for users, factors, Actions, clients and logs ask for.
pub(super) const MANAGEMENT_SCOPES: &str = "\
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
