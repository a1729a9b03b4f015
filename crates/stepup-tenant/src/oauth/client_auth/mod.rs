//! Which client calls, and whether it is the one it says (RFC 6749 section 2.3).

mod assertion;

use base64::Engine as _;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use stepup_seal::digest::constant_time_eq;

pub(crate) use self::assertion::AssertionFault;
use super::{
    error::{ClientFault, Failure, RequestFault},
    params::Params,
};
use crate::{
    config::{Client, ClientAuthentication},
    state::State,
};

/// The parameters that prove a client, and are nobody else's business.
pub(crate) const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// What a request says of its client.
struct Claimed<'a> {
    client_id: String,
    proof: Proof<'a>,
}

/// What a request brings to prove its client.
enum Proof<'a> {
    Assertion(&'a str),
    /// By the `Basic` scheme.
    Basic(SecretString),
    None,
    /// In the body.
    Post(&'a str),
}

impl Proof<'_> {
    fn unauthorized(&self) -> ClientFault {
        ClientFault::Unauthorized { by_basic: matches!(self, Self::Basic(_)) }
    }
}

/// The client of a request. Basic and body are taken for each other, whatever the client's setting says; what a public
/// client sends besides its id is ignored. A client with registered keys proves itself with these alone.
pub(crate) async fn authenticate<'a>(
    state: &'a State,
    headers: &HeaderMap,
    params: &Params,
) -> Result<&'a Client, Failure> {
    let Claimed { client_id, proof } = claimed(headers, params)?;
    let client = state.config.client(&client_id).ok_or_else(|| proof.unauthorized())?;
    match (&client.authentication, &proof) {
        (ClientAuthentication::None, _) => {}
        (ClientAuthentication::Secret, Proof::Basic(sent)) if has_secret(client, sent.expose_secret()) => {}
        (ClientAuthentication::Secret, Proof::Post(sent)) if has_secret(client, sent) => {}
        (ClientAuthentication::Secret, _) => return Err(proof.unauthorized().into()),
        (ClientAuthentication::PrivateKeyJwt(keys), Proof::Assertion(assertion)) => {
            assertion::check(state, client, keys, assertion).await?;
        }
        (ClientAuthentication::PrivateKeyJwt(_), _) => return Err(ClientFault::AssertionNeeded.into()),
    }
    Ok(client)
}

/// As [`authenticate`], but a client that says only who it is passes: for calls that a sealed token proves already.
pub(crate) async fn identify<'a>(
    state: &'a State,
    headers: &HeaderMap,
    params: &Params,
) -> Result<&'a Client, Failure> {
    let Claimed { client_id, proof } = claimed(headers, params)?;
    if !matches!(proof, Proof::None) {
        return authenticate(state, headers, params).await;
    }
    state.config.client(&client_id).ok_or_else(|| proof.unauthorized().into())
}

fn claimed<'a>(headers: &HeaderMap, params: &'a Params) -> Result<Claimed<'a>, Failure> {
    let in_body = params.optional("client_id")?;
    let assertion = params.optional("client_assertion")?;
    if let Some(credentials) = basic_credentials(headers) {
        let (client_id, secret) = credentials.ok_or(ClientFault::Unauthorized { by_basic: true })?;
        if in_body.is_some_and(|it| it != client_id) {
            return Err(ClientFault::Unauthorized { by_basic: true }.into());
        }
        // RFC 6749 section 2.3: one method a request.
        if assertion.is_some() {
            return Err(RequestFault::SeveralCredentials.into());
        }
        return Ok(Claimed { client_id, proof: Proof::Basic(secret) });
    }
    let Some(assertion) = assertion else {
        let client_id = in_body.ok_or(RequestFault::Missing("client_id"))?.to_owned();
        let proof = params.optional("client_secret")?.map_or(Proof::None, Proof::Post);
        return Ok(Claimed { client_id, proof });
    };
    if params.has("client_secret") {
        return Err(RequestFault::SeveralCredentials.into());
    }
    if params.optional("client_assertion_type")? != Some(assertion::JWT_BEARER) {
        return Err(ClientFault::AssertionType.into());
    }
    // RFC 7521 section 4.2: the assertion names the client where the request does not.
    let client_id = match in_body {
        Some(client_id) => client_id.to_owned(),
        None => assertion::Claims::peek(assertion).map_err(ClientFault::Assertion)?.sub,
    };
    Ok(Claimed { client_id, proof: Proof::Assertion(assertion) })
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

fn has_secret(client: &Client, sent: &str) -> bool {
    let kept = client.client_secret.as_ref();
    kept.is_some_and(|kept| constant_time_eq(kept.expose_secret().as_bytes(), sent.as_bytes()))
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

    proptest::proptest! {
        #[test]
        fn no_header_breaks_the_reader(value in proptest::collection::vec(32_u8.., 0..120), credentials in ".{0,60}") {
            let encoded = base64::engine::general_purpose::STANDARD.encode(&credentials);
            for value in [value, format!("Basic {encoded}").into_bytes()] {
                let Ok(value) = http::HeaderValue::from_bytes(&value) else { continue };
                let _ = basic_credentials(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]));
            }
        }

        #[test]
        fn credentials_come_as_they_went(id in ".{1,40}", secret in ".{1,40}") {
            let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let (read_id, read_secret) =
                basic_credentials(&basic(&format!("{}:{}", encode(&id), encode(&secret)))).unwrap().unwrap();
            proptest::prop_assert_eq!((read_id, read_secret.expose_secret()), (id, secret.as_str()));
        }
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
