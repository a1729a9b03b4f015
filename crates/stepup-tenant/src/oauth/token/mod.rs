//! `POST /oauth/token`: one module a grant.

mod authorization_code;
mod client_credentials;
mod mfa;
mod password;
mod refresh_token;
mod user_grant;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use stepup_protocol::token::{GrantType, TokenResponse};

pub(crate) use self::user_grant::UserGrant;
use super::{
    access, client_auth,
    dpop::{self, ProofFault},
    error::{ClientFault, Failure, RequestFault, TenantFault},
    never_stored,
    params::Params,
};
use crate::{
    config::Client,
    pipeline::{Caller, header_text},
    state::Shared,
};

/// A token request whose client is known and may use the grant.
#[derive(Debug)]
pub(crate) struct TokenRequest<'a> {
    /// The tenant.
    pub(crate) shared: &'a Shared,
    /// Where it came from.
    pub(crate) caller: &'a Caller,
    /// Who asks.
    pub(crate) client: &'a Client,
    /// With what.
    pub(crate) params: &'a Params,
    /// Thumbprint of the key that the request proved (RFC 9449): its tokens are bound to it.
    pub(crate) dpop_jkt: Option<&'a str>,
}

impl<'a> TokenRequest<'a> {
    /// A parameter that the grant needs.
    pub(crate) fn required(&self, name: &'static str) -> Result<&'a str, Failure> {
        self.optional(name)?.ok_or_else(|| RequestFault::Missing(name).into())
    }

    /// A parameter that the grant can do without.
    pub(crate) fn optional(&self, name: &'static str) -> Result<Option<&'a str>, Failure> {
        Ok(self.params.optional(name)?)
    }

    /// The API that the request names.
    pub(crate) fn audience(&self) -> Result<Option<&'a str>, Failure> {
        let (audience, resource) = (self.optional("audience")?, self.optional("resource")?);
        Ok(access::named(&self.shared.config, audience, resource))
    }
}

/// Answers a token request.
pub(crate) async fn handle(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let params = Params::from_body(header_text(&headers, header::CONTENT_TYPE), &body)?;
    let name = params.optional("grant_type")?.ok_or(RequestFault::Missing("grant_type"))?;
    let client = client_auth::authenticate(&shared, &headers, &params).await?;
    let grant = GrantType::parse(name).ok_or_else(|| RequestFault::UnsupportedGrant(name.to_owned()))?;
    if !client.allows(grant) {
        return Err(ClientFault::GrantNotAllowed(name.to_owned()).into());
    }
    let dpop_jkt = dpop::prove(&shared, client, &headers, "oauth/token").await?;
    if client.require_proof_of_possession && dpop_jkt.is_none() {
        return Err(ProofFault::Absent.into());
    }
    let request = TokenRequest {
        shared: &shared,
        caller: &caller,
        client,
        params: &params,
        dpop_jkt: dpop_jkt.as_deref(),
    };
    let tokens = match grant {
        GrantType::AuthorizationCode => authorization_code::exchange(&request).await?,
        GrantType::ClientCredentials => client_credentials::exchange(&request).await?,
        GrantType::MfaOob => mfa::by_oob_code(&request).await?,
        GrantType::MfaOtp => mfa::by_otp(&request).await?,
        GrantType::MfaRecoveryCode => mfa::by_recovery_code(&request).await?,
        GrantType::Password => password::exchange(&request).await?,
        GrantType::PasswordRealm => password::exchange_in_realm(&request).await?,
        GrantType::RefreshToken => refresh_token::exchange(&request).await?,
        _ => return Err(RequestFault::UnsupportedGrant(name.to_owned()).into()),
    };
    let mut response = answer(&tokens)?;
    if client.public() && dpop_jkt.is_some() {
        // RFC 9449 section 8.2: the next proof need not be refused first.
        if let Ok(nonce) = HeaderValue::from_str(&dpop::new_nonce(&shared)) {
            response.headers_mut().insert(dpop::NONCE, nonce);
        }
    }
    Ok(response)
}

fn answer(tokens: &TokenResponse) -> Result<Response, Failure> {
    let body = serde_json::to_vec(tokens).map_err(TenantFault::Kept)?;
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    never_stored(headers);
    Ok(response)
}
