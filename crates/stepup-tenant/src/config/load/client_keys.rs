//! How clients prove who they are, and where they are told of logouts.

use std::str::FromStr as _;

use stepup_protocol::{jwk::Jwk, time::UnixTime};
use stepup_seal::jws::{self, Algorithm};
use url::Url;

use super::Reading;
use crate::config::{
    AssertionKey, BackchannelLogout, ClientAuthentication, ConfigError, LogoutInitiator, yaml,
};

impl Reading<'_> {
    pub(super) fn authentication(
        &mut self,
        client: &yaml::Client,
        place: &str,
    ) -> Result<ClientAuthentication, ConfigError> {
        let with_keys = client.client_authentication_methods.private_key_jwt.as_ref();
        match client.token_endpoint_auth_method {
            _ if with_keys.is_some() => {}
            Some(yaml::AuthMethod::PrivateKeyJwt) => {}
            Some(yaml::AuthMethod::None) => return Ok(ClientAuthentication::None),
            None if matches!(client.app_type, yaml::AppType::Native | yaml::AppType::Spa) => {
                return Ok(ClientAuthentication::None);
            }
            Some(yaml::AuthMethod::ClientSecretBasic | yaml::AuthMethod::ClientSecretPost) | None => {
                return Ok(ClientAuthentication::Secret);
            }
        }
        let methods = format!("{place}.client_authentication_methods.private_key_jwt.credentials");
        let mut keys = Vec::new();
        for (position, credential) in with_keys.iter().flat_map(|it| &it.credentials).enumerate() {
            keys.extend(self.credential(credential, &format!("{methods}[{position}]"))?);
        }
        for (position, jwk) in client.jwks.keys.iter().enumerate() {
            let algorithm = jwk.alg.as_deref().unwrap_or("RS256");
            keys.push(self.key(jwk, algorithm, None, &format!("{place}.jwks.keys[{position}]"))?);
        }
        if keys.is_empty() {
            self.warn(&methods, "holds no public key: this client cannot prove who it is");
        }
        Ok(ClientAuthentication::PrivateKeyJwt(keys))
    }

    fn credential(
        &mut self,
        credential: &yaml::AssertionCredential,
        place: &str,
    ) -> Result<Option<AssertionKey>, ConfigError> {
        let jwk = match (&credential.jwk, &credential.pem) {
            (Some(jwk), _) => jwk.clone(),
            (None, Some(pem)) => jws::rsa_from_public_pem(pem)
                .map_err(|error| self.wrong(&format!("{place}.pem"), &error.to_string()))?,
            (None, None) => {
                self.warn(place, "has no `pem`, and is left out");
                return Ok(None);
            }
        };
        let algorithm = match credential.alg {
            Some(yaml::AssertionAlgorithm::PS256) => "PS256",
            Some(yaml::AssertionAlgorithm::RS384) => "RS384",
            Some(yaml::AssertionAlgorithm::RS256) => "RS256",
            None => jwk.alg.as_deref().unwrap_or("RS256"),
        };
        let expires_at = match &credential.expires_at {
            None => None,
            Some(text) => Some(jiff::Timestamp::from_str(text).map_err(|_| {
                self.wrong(&format!("{place}.expires_at"), "this must be a date and time with its offset")
            })?),
        };
        let expires_at = expires_at.map(|end| UnixTime::from_seconds(end.as_second()));
        self.key(&jwk, algorithm, expires_at, place).map(Some)
    }

    fn key(
        &self,
        jwk: &Jwk,
        algorithm: &str,
        expires_at: Option<UnixTime>,
        place: &str,
    ) -> Result<AssertionKey, ConfigError> {
        let known = Algorithm::from_str(algorithm).ok().filter(|it| AssertionKey::ALGORITHMS.contains(it));
        let algorithm = known.ok_or_else(|| {
            self.wrong(
                &format!("{place}.alg"),
                &format!("assertions are signed with RS256, RS384 or PS256, not {algorithm}"),
            )
        })?;
        AssertionKey::new(jwk, algorithm, expires_at).map_err(|error| self.wrong(place, &error.to_string()))
    }

    pub(super) fn backchannel_logout(
        &mut self,
        settings: &yaml::BackchannelLogout,
        place: &str,
    ) -> Result<Option<BackchannelLogout>, ConfigError> {
        let place = format!("{place}.oidc_logout");
        let Some(first) = settings.backchannel_logout_urls.first() else { return Ok(None) };
        if settings.backchannel_logout_urls.len() > 1 {
            self.warn(&format!("{place}.backchannel_logout_urls"), "holds several: the first is told");
        }
        let url = Url::parse(first)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.fragment().is_none())
            .ok_or_else(|| {
                let place = format!("{place}.backchannel_logout_urls[0]");
                self.wrong(&place, &format!("`{first}` is not an address of a server"))
            })?;
        let initiators = &settings.backchannel_logout_initiators;
        let selected = initiators.selected_initiators.iter().filter_map(|word| {
            let known = LogoutInitiator::parse(word);
            if known.is_none() {
                let place = format!("{place}.backchannel_logout_initiators.selected_initiators");
                self.warn(&place, &format!("names `{word}`, which never happens here"));
            }
            known
        });
        let selected: Vec<_> = selected.collect();
        let is_custom = initiators.mode == yaml::LogoutInitiatorMode::Custom;
        Ok(Some(BackchannelLogout { url, initiators: is_custom.then_some(selected) }))
    }
}
