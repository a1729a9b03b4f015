//! Which client calls, and whether it is the one it says (RFC 6749 section 2.3).

use base64::Engine as _;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use stepup_seal::digest::constant_time_eq;

use super::{
    error::{ClientFault, Failure, RequestFault},
    params::Params,
};
use crate::config::{Client, TenantConfig};

/// What a request says of its client.
struct Claimed {
    client_id: String,
    secret: Option<SecretString>,
    by_basic: bool,
}

/// The client of a request. Basic and body are taken for each other, whatever the client's setting says; a secret that a
/// public client sends is ignored.
pub(crate) fn authenticate<'a>(
    config: &'a TenantConfig,
    headers: &HeaderMap,
    params: &Params,
) -> Result<&'a Client, Failure> {
    let claimed = claimed(headers, params)?;
    let unauthorized = || ClientFault::Unauthorized { by_basic: claimed.by_basic };
    let client = config.client(&claimed.client_id).ok_or_else(unauthorized)?;
    if client.public() {
        return Ok(client);
    }
    match (&client.client_secret, &claimed.secret) {
        (Some(kept), Some(sent)) if same(kept, sent) => Ok(client),
        _ => Err(unauthorized().into()),
    }
}

/// As [`authenticate`], but a client that says only who it is passes: for calls that a sealed token proves already.
pub(crate) fn identify<'a>(
    config: &'a TenantConfig,
    headers: &HeaderMap,
    params: &Params,
) -> Result<&'a Client, Failure> {
    let claimed = claimed(headers, params)?;
    if claimed.secret.is_some() {
        return authenticate(config, headers, params);
    }
    let client = config.client(&claimed.client_id);
    client.ok_or_else(|| ClientFault::Unauthorized { by_basic: claimed.by_basic }.into())
}

fn claimed(headers: &HeaderMap, params: &Params) -> Result<Claimed, Failure> {
    let in_body = params.text("client_id");
    if let Some(credentials) = basic_credentials(headers) {
        let (client_id, secret) = credentials.ok_or(ClientFault::Unauthorized { by_basic: true })?;
        if in_body.is_some_and(|it| it != client_id) {
            return Err(ClientFault::Unauthorized { by_basic: true }.into());
        }
        return Ok(Claimed { client_id, secret: Some(secret), by_basic: true });
    }
    let client_id = in_body.ok_or(RequestFault::Missing("client_id"))?.to_owned();
    let secret = params.text("client_secret").map(SecretString::from);
    Ok(Claimed { client_id, secret, by_basic: false })
}

/// Id and secret of the `Basic` scheme, each percent-encoded (RFC 6749 section 2.3.1). Outer none: another scheme or no
/// header; inner none: not readable.
fn basic_credentials(headers: &HeaderMap) -> Option<Option<(String, SecretString)>> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = || {
        let bytes = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (client_id, secret) = text.split_once(':')?;
        let plain =
            |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().map(String::from).ok();
        Some((plain(client_id)?, plain(secret)?.into()))
    };
    Some(decoded())
}

fn same(kept: &SecretString, sent: &SecretString) -> bool {
    constant_time_eq(kept.expose_secret().as_bytes(), sent.expose_secret().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(credentials: &str) -> HeaderMap {
        let encoded = base64::engine::general_purpose::STANDARD.encode(credentials);
        let value = format!("bAsIc {encoded}").parse().unwrap();
        HeaderMap::from_iter([(header::AUTHORIZATION, value)])
    }

    #[test]
    fn credentials_are_percent_decoded() {
        let (id, secret) = basic_credentials(&basic("my%20app:a%3Ab%25+c")).unwrap().unwrap();
        assert_eq!((id.as_str(), secret.expose_secret()), ("my app", "a:b% c"));
    }

    #[test]
    fn unreadable_credentials_are_told_from_none() {
        assert!(basic_credentials(&HeaderMap::new()).is_none());
        assert!(basic_credentials(&basic("no colon")).unwrap().is_none());
        let garbled = HeaderMap::from_iter([(header::AUTHORIZATION, "Basic %%%".parse().unwrap())]);
        assert!(basic_credentials(&garbled).unwrap().is_none());
        let bearer = HeaderMap::from_iter([(header::AUTHORIZATION, "Bearer abc".parse().unwrap())]);
        assert!(basic_credentials(&bearer).is_none());
    }
}
