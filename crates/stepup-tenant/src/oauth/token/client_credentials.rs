//! `client_credentials` (RFC 6749 section 4.4): a program in its own name. No user, no Actions, no second factor; the one
//! thing it costs is a signature.

use stepup_protocol::{claims::Audience, scope::Scopes, token::TokenResponse};

use super::TokenRequest;
use crate::oauth::{
    access::Target,
    audit::Audit,
    error::{ClientFault, Failure},
    issue::{self, Subject},
};

/// Issues an access token for the API that the client may call.
pub(super) async fn exchange(request: &TokenRequest<'_>) -> Result<TokenResponse, Failure> {
    let state = request.shared;
    let config = &state.config;
    let audience = request.audience()?.or(config.default_audience.as_deref());
    let result = issue_for(request, audience);
    let audit = Audit::alone(state, request.caller).client(request.client).audience(audience);
    match &result {
        Ok(tokens) => audit.scope(tokens.scope.as_ref().unwrap_or(&Scopes::none())).write("seccft").await,
        Err(error) => audit.describe(error.to_string()).write("feccft").await,
    }
    result
}

fn issue_for(request: &TokenRequest<'_>, audience: Option<&str>) -> Result<TokenResponse, Failure> {
    let state = request.shared;
    let audience = audience.ok_or(ClientFault::NoAudience)?;
    let server =
        state.config.resource_server(audience).ok_or_else(|| ClientFault::ApiUnknown(audience.to_owned()))?;
    let grant = state
        .config
        .client_grant(&request.client.client_id, audience)
        .ok_or_else(|| ClientFault::NoClientGrant(audience.to_owned()))?;
    let scope = match request.optional("scope")?.map(Scopes::from) {
        Some(asked) => {
            let outside = asked.filter(|scope| !grant.scope.contains(scope));
            if !outside.is_empty() {
                return Err(ClientFault::ScopesNotGranted(outside.to_string()).into());
            }
            asked
        }
        None => grant.scope.clone(),
    };
    let target = Target::Api(server);
    let subject = Subject {
        sub: &format!("{}@clients", request.client.client_id),
        gty: Some("client-credentials"),
        custom: serde_json::Map::new(),
        dpop_jkt: request.dpop_jkt,
    };
    let audience = Audience::One(audience.to_owned());
    let access_token = issue::access_token(state, request.client, &target, audience, &scope, subject)?;
    Ok(TokenResponse {
        access_token,
        refresh_token: None,
        id_token: None,
        scope: (!scope.is_empty()).then_some(scope),
        expires_in: Some(target.lifetime().as_secs()),
        token_type: issue::token_type(request.dpop_jkt),
        recovery_code: None,
    })
}
