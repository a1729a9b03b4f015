//! Applications, from the form of `auth0-deploy-cli`.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use stepup_protocol::{scope::Scopes, token::GrantType};
use url::Url;

use super::Reading;
use crate::config::{
    Algorithm, ApplicationType, Client, ClientAuthentication, ConfigError, RefreshPolicy, RefreshTokens, yaml,
};

impl Reading<'_> {
    pub(super) fn client(&mut self, client: yaml::Client, place: &str) -> Result<Client, ConfigError> {
        let authentication = self.authentication(&client, place)?;
        let public = matches!(authentication, ClientAuthentication::None);
        let backchannel_logout = client.oidc_logout.as_ref().or(client.oidc_backchannel_logout.as_ref());
        let backchannel_logout = match backchannel_logout {
            Some(settings) => self.backchannel_logout(settings, place)?,
            None => None,
        };
        let initiate_login_uri = client.initiate_login_uri.as_deref().filter(|uri| !uri.is_empty());
        let initiate_login_uri = initiate_login_uri.and_then(|uri| self.login_page(uri, place));
        let grant_types = self.grants(&client.grant_types, place);
        let id_token_algorithm = self.id_token_algorithm(&client, public, place)?;
        Ok(Client {
            client_id: client.client_id,
            client_secret: client.client_secret.filter(|_| !public),
            application_type: match client.app_type {
                yaml::AppType::Native => ApplicationType::Native,
                yaml::AppType::NonInteractive => ApplicationType::NonInteractive,
                yaml::AppType::RegularWeb => ApplicationType::RegularWeb,
                yaml::AppType::Spa => ApplicationType::SinglePage,
            },
            authentication,
            require_pushed_requests: client.require_pushed_authorization_requests,
            require_proof_of_possession: client.require_proof_of_possession,
            backchannel_logout,
            initiate_login_uri,
            callbacks: self.urls(client.callbacks, &format!("{place}.callbacks"))?,
            allowed_logout_urls: self
                .urls(client.allowed_logout_urls, &format!("{place}.allowed_logout_urls"))?,
            web_origins: self.urls(client.web_origins, &format!("{place}.web_origins"))?,
            allowed_origins: self.urls(client.allowed_origins, &format!("{place}.allowed_origins"))?,
            grant_types,
            refresh_tokens: refresh_tokens(client.refresh_token),
            id_token_lifetime: Duration::from_secs(
                client.jwt_configuration.lifetime_in_seconds.unwrap_or(36_000),
            ),
            id_token_algorithm,
            require_auth_time: client.require_auth_time,
            first_party: client.is_first_party.unwrap_or(true),
            metadata: client.client_metadata,
            name: client.name,
        })
    }

    fn login_page(&mut self, uri: &str, place: &str) -> Option<Url> {
        let page = Url::parse(uri).ok().filter(|page| matches!(page.scheme(), "http" | "https"));
        if page.is_none() {
            let what = format!("`{uri}` is not an http or https address, and not linked to");
            self.warn(&format!("{place}.initiate_login_uri"), &what);
        }
        page
    }

    fn id_token_algorithm(
        &self,
        client: &yaml::Client,
        public: bool,
        place: &str,
    ) -> Result<Algorithm, ConfigError> {
        let wrong = |problem| Err(self.wrong(&format!("{place}.jwt_configuration.alg"), problem));
        match client.jwt_configuration.alg {
            Some(yaml::IdTokenAlgorithm::Rs256) | None => Ok(Algorithm::Rs256),
            Some(yaml::IdTokenAlgorithm::Hs256) if public => wrong("HS256 needs a client with a secret"),
            Some(yaml::IdTokenAlgorithm::Hs256) => match &client.client_secret {
                // RFC 7518 section 3.2: a key is no shorter than the hash.
                Some(secret) if secret.expose_secret().len() < 32 => {
                    wrong("HS256 needs a secret of 32 bytes or more")
                }
                _ => Ok(Algorithm::Hs256),
            },
        }
    }

    fn grants(&mut self, names: &[String], place: &str) -> Vec<GrantType> {
        let mut grants = Vec::new();
        let mut mfa = false;
        for name in names {
            match GrantType::parse(name) {
                // The MFA grants are on together, under their common name or any of theirs.
                Some(grant) if is_mfa(grant) => mfa = true,
                None if name == MFA_GRANTS => mfa = true,
                Some(grant) => grants.push(grant),
                None => self.warn(&format!("{place}.grant_types"), &format!("`{name}` is not honoured")),
            }
        }
        grants.extend(GrantType::ALL.into_iter().filter(|grant| mfa && is_mfa(*grant)));
        grants
    }
}

fn refresh_tokens(settings: yaml::RefreshToken) -> RefreshTokens {
    let rotating = settings.rotation_type == Some(yaml::Rotation::Rotating);
    // A rotating token always expires.
    let expiring = rotating || settings.expiration_type == Some(yaml::Expiration::Expiring);
    let life = |infinite: bool, seconds: Option<u64>, default| {
        (expiring && !infinite).then(|| seconds.map_or(default, Duration::from_secs))
    };
    let defaults = RefreshTokens::default();
    RefreshTokens {
        rotating,
        leeway: settings.leeway,
        lifetime: life(
            settings.infinite_token_lifetime,
            settings.token_lifetime,
            defaults.lifetime.unwrap_or_default(),
        ),
        idle_lifetime: life(
            settings.infinite_idle_token_lifetime,
            settings.idle_token_lifetime,
            defaults.idle_lifetime.unwrap_or_default(),
        ),
        policies: settings
            .policies
            .into_iter()
            .map(|policy| RefreshPolicy {
                audience: policy.audience,
                scope: policy.scope.iter().map(String::as_str).collect::<Scopes>(),
            })
            .collect(),
    }
}

fn is_mfa(grant: GrantType) -> bool {
    matches!(grant, GrantType::MfaOob | GrantType::MfaOtp | GrantType::MfaRecoveryCode)
}

/// The common name of the MFA grants.
const MFA_GRANTS: &str = "http://auth0.com/oauth/grant-type/mfa";
