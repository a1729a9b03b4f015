//! What the tenant says of itself: discovery, keys, the time.

use std::time::Duration;

use http::{HeaderMap, header};
use jiff::fmt::rfc2822::DateTimeParser;
use stepup::{Clock as _, SystemClock};
use stepup_protocol::{discovery::ProviderMetadata, jwk::JwkSet, time::UnixTime, token::GrantType};
use stepup_seal::jws::KeySet;
use url::Url;

use super::{
    credentials::Credentials,
    finding::Report,
    settings::Settings,
    wire::{Answer, Refusal, Wire},
};

/// How far the SDK lets clocks be apart; half of it is time to look.
pub(super) const LEEWAY: Duration = Duration::from_secs(30);

/// A tenant that was found, and the client that asks it.
#[derive(Debug)]
pub(super) struct Tenant<'a> {
    pub(super) wire: &'a Wire,
    pub(super) settings: &'a Settings,
    pub(super) metadata: ProviderMetadata,
    /// What signatures are checked with.
    pub(super) keys: KeySet,
}

/// What the MFA API takes.
#[derive(Clone, Copy)]
pub(super) enum MfaApiToken<'a> {
    /// An access token of that API, bound to the proof key where there is one.
    Access(&'a str),
    /// An `mfa_token`, which no key is bound to.
    Mfa(&'a str),
}

impl<'a> Tenant<'a> {
    /// Reads discovery and the keys.
    pub(super) async fn discover(
        wire: &'a Wire,
        settings: &'a Settings,
        report: &mut Report,
    ) -> Option<Self> {
        let address = format!("{}/.well-known/openid-configuration", settings.issuer.trim_end_matches('/'));
        let answer = match wire.get(&address).await {
            Ok(answer) => answer,
            Err(why) => {
                let change = wire.out_of_reach(&why);
                report.fail("discovery", format!("{address} cannot be reached: {why}"), change);
                return None;
            }
        };
        let metadata = match serde_json::from_value::<ProviderMetadata>(answer.json.clone()) {
            Ok(metadata) if answer.status.is_success() => metadata,
            _ => {
                let domain = "set AUTH0_DOMAIN to the tenant's domain (Dashboard > Applications > your application > Settings > Domain)";
                report.fail(
                    "discovery",
                    format!("{address} answers {} and no discovery document", answer.summary()),
                    answer.in_the_way().unwrap_or_else(|| domain.to_owned()),
                );
                return None;
            }
        };
        if metadata.issuer != settings.issuer {
            report.fail(
                "discovery",
                format!("the tenant at {} calls itself {}", settings.issuer, metadata.issuer),
                "set AUTH0_DOMAIN to the domain that the tenant calls itself by: with a custom domain, to that one",
            );
            return None;
        }
        report.ok("discovery", format!("{} is the issuer", metadata.issuer));
        if let Some(now) = time_of(&answer.headers) {
            clock(report, "the Date header", now);
        }
        let keys = keys(wire, &metadata.jwks_uri, report).await?;
        Some(Self { wire, settings, metadata, keys })
    }

    /// Hands in a grant with the client's credentials.
    pub(super) async fn token(&self, grant: GrantType, more: &[(&str, &str)]) -> Result<Answer, String> {
        self.token_with(&self.settings.credentials, grant, more).await
    }

    /// As [`Tenant::token`], with other credentials.
    pub(super) async fn token_with(
        &self,
        credentials: &Credentials,
        grant: GrantType,
        more: &[(&str, &str)],
    ) -> Result<Answer, String> {
        let form = [&[("grant_type", grant.as_str())][..], more].concat();
        let endpoint = &self.metadata.token_endpoint;
        let Some(key) = &self.settings.proof_key else {
            return self.post(endpoint, credentials, &form, None).await;
        };
        let answer = self.post(endpoint, credentials, &form, Some(&key.proof(endpoint, None)?)).await?;
        match answer.wanted_nonce() {
            Some(nonce) => {
                self.post(endpoint, credentials, &form, Some(&key.proof(endpoint, Some(nonce))?)).await
            }
            None => Ok(answer),
        }
    }

    /// Asks the MFA API for the user's authenticators.
    pub(super) async fn authenticators(&self, token: MfaApiToken<'_>) -> Result<Answer, String> {
        let url = self.at("mfa/authenticators");
        match (token, &self.settings.proof_key) {
            (MfaApiToken::Access(token), Some(key)) => {
                let proof = key.proof_with(&url, token)?;
                self.wire.get_with(&url, &format!("DPoP {token}"), Some(&proof)).await
            }
            (MfaApiToken::Access(token) | MfaApiToken::Mfa(token), _) => {
                self.wire.get_with(&url, &format!("Bearer {token}"), None).await
            }
        }
    }

    /// Whether authorization requests go to the tenant directly (RFC 9126): where the environment says so, or the tenant takes
    /// no others.
    pub(super) fn pushes(&self) -> bool {
        self.settings.pushes || self.metadata.requires_pushed_authorization_requests()
    }

    /// Where a browser goes with an authorization request: it carries the parameters, or what stands for them.
    ///
    /// # Errors
    ///
    /// They were not taken, or discovery names no usable endpoint.
    pub(super) async fn authorization(&self, parameters: &[(&str, &str)]) -> Result<Url, Refusal> {
        let pushed;
        let parameters = if self.pushes() {
            pushed = self.push(parameters).await?;
            &[("request_uri", pushed.as_str())]
        } else {
            parameters
        };
        let client_id = [("client_id", self.settings.client_id.as_str())];
        let endpoint = &self.metadata.authorization_endpoint;
        Url::parse_with_params(endpoint, client_id.iter().chain(parameters)).map_err(|error| {
            Refusal::lasting(format!("the authorization endpoint {endpoint} is no address: {error}"))
        })
    }

    /// Hands in an authorization request; the `request_uri` that stands for it.
    ///
    /// # Errors
    ///
    /// It was not taken, or discovery names no endpoint for it.
    pub(super) async fn push(&self, parameters: &[(&str, &str)]) -> Result<String, Refusal> {
        let Some(endpoint) = &self.metadata.pushed_authorization_request_endpoint else {
            let why = "discovery names no pushed_authorization_request_endpoint";
            return Err(Refusal::lasting(why.to_owned()));
        };
        // RFC 9126 section 2.1: it is said in the body, whichever way the client proves itself.
        let mut form = parameters.to_vec();
        if self.settings.credentials.are_in_header() {
            form.push(("client_id", &self.settings.client_id));
        }
        let answer = self
            .post(endpoint, &self.settings.credentials, &form, None)
            .await
            .map_err(|why| Refusal::out_of_reach(format!("no answer came to the pushed request: {why}")))?;
        let request_uri = answer.text("request_uri").filter(|_| answer.status.is_success());
        request_uri.map(str::to_owned).ok_or_else(|| {
            Refusal::in_json(&answer, format!("the pushed request is refused: {}", answer.summary()))
        })
    }

    /// Revokes a refresh token; nothing where the tenant has no endpoint for it.
    pub(super) async fn revoke(&self, refresh_token: &str) -> Option<Result<Answer, String>> {
        let endpoint = self.metadata.revocation_endpoint.as_ref()?;
        Some(self.post(endpoint, &self.settings.credentials, &[("token", refresh_token)], None).await)
    }

    async fn post(
        &self,
        endpoint: &str,
        credentials: &Credentials,
        form: &[(&str, &str)],
        dpop: Option<&str>,
    ) -> Result<Answer, String> {
        let proof = credentials.prove(&self.settings.client_id, &self.settings.issuer)?;
        self.wire.post(endpoint, form, proof, dpop).await
    }

    /// The address of something under the issuer.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.settings.issuer.trim_end_matches('/'))
    }
}

/// The keys that the SDK could check a signature with.
async fn keys(wire: &Wire, address: &str, report: &mut Report) -> Option<KeySet> {
    let check = "keys";
    let answer = match wire.get(address).await {
        Ok(answer) => answer,
        Err(why) => {
            report.fail(check, format!("{address} cannot be reached: {why}"), wire.out_of_reach(&why));
            return None;
        }
    };
    let set =
        serde_json::from_value::<JwkSet>(answer.json.clone()).ok().filter(|_| answer.status.is_success());
    let keys = set.map(|set| KeySet::new(&set)).unwrap_or_default();
    if keys.is_empty() {
        let change =
            "check what stands between the application and the tenant: a proxy that rewrites addresses?";
        report.fail(
            check,
            format!("{address} answers {}, without a key that could sign", answer.summary()),
            answer.in_the_way().unwrap_or_else(|| change.to_owned()),
        );
        return None;
    }
    report.ok(check, format!("{} for signatures", keys.len()));
    Some(keys)
}

/// The tenant's time: a cache says how long the answer has lain there (RFC 9111 section 5.1).
fn time_of(headers: &HeaderMap) -> Option<UnixTime> {
    let text = |name| headers.get(name)?.to_str().ok();
    let date = DateTimeParser::new().parse_timestamp(text(header::DATE)?).ok()?;
    let age = text(header::AGE).and_then(|age| age.trim().parse::<u32>().ok()).unwrap_or(0);
    Some(UnixTime::from_seconds(date.as_second()) + Duration::from_secs(age.into()))
}

/// Compares the tenant's time, as `source` tells it, with this machine's.
pub(super) fn clock(report: &mut Report, source: &str, theirs: UnixTime) {
    let ours = SystemClock.now();
    let (apart, which) =
        if theirs > ours { (theirs.since(ours), "ahead of") } else { (ours.since(theirs), "behind") };
    let detail = format!("by {source}, the tenant is {} s {which} this machine", apart.as_secs());
    let change = "have the machine's clock set by NTP: beyond 30 s, ID tokens are refused";
    if apart > LEEWAY {
        report.fail("clock", detail, change);
    } else if apart > LEEWAY / 2 {
        report.warn("clock", detail, change);
    } else {
        report.ok("clock", detail);
    }
}

/// Something that was never issued.
pub(super) fn made_up(what: &str) -> String {
    format!("made-up-{what}-of-stepup-doctor")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_from_a_cache_tells_its_age() {
        let headers = |age: Option<&'static str>| {
            let age = age.map(|age| (header::AGE, age));
            let date = (header::DATE, "Thu, 01 Jan 1970 00:01:40 GMT");
            [Some(date), age]
                .into_iter()
                .flatten()
                .map(|(name, value)| (name, value.parse().unwrap()))
                .collect()
        };
        for (age, seconds) in [(None, 100), (Some("200"), 300), (Some("soon"), 100)] {
            assert_eq!(time_of(&headers(age)), Some(UnixTime::from_seconds(seconds)), "{age:?}");
        }
        assert_eq!(time_of(&HeaderMap::new()), None);
    }
}
