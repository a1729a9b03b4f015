//! `POST /mfa/associate`: a new authenticator, pending until it is confirmed for the first time.

use axum::{extract::State, response::Response};
use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};
use secrecy::{ExposeSecret as _, SecretString};
use stepup_protocol::mfa::{AssociateResponse, FactorType};

use super::{
    answer,
    bearer::{Bearer, Call},
};
use crate::{
    config::TenantConfig,
    factors::{self, Begun, Ceremony, Details, Kind, asks_to_enroll, enrolled_on_purpose, recovery_code},
    model::Authenticator,
    oauth::{
        client_auth,
        error::{ClientFault, Failure, Limit, RequestFault, UserFault},
        params::Params,
    },
    pipeline::{Caller, Progress, header_text},
    state::Shared,
};

/// Answers with what the user's device needs, and with a recovery code where this is the first enrolment.
pub(crate) async fn handle(
    State(shared): State<Shared>,
    caller: Caller,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let bearer = Bearer::of(&shared, &caller, &Call::new(&method, &uri, &headers)).await?;
    bearer.needs("enroll")?;
    let params = Params::from_body(header_text(&headers, header::CONTENT_TYPE), &body)?;
    check_client(&shared, &params, &bearer).await?;
    let kind = asked_for(&shared.config, &params)?;
    let user = bearer.user(&shared).await?;
    let held = factors::held(&shared, &user).await?;
    if let Bearer::MfaToken(pending) = &bearer {
        permitted(&shared.config, &pending.progress, &held, kind.factor())?;
    }
    let new_code = recovery_code::new_code(shared.random.as_ref());
    let details = Details {
        phone_number: params.optional("phone_number")?,
        email: params.optional("email")?,
        recovery_code: &new_code,
    };
    let transaction = bearer.transaction(&shared, &caller, &user, &held);
    let begun = factors::enroll(&transaction, kind, details).await.map_err(told_as_a_request)?;
    Ok(answer(&response(kind, begun, new_code)))
}

/// The token says whose call it is: a client need not be sent, but one that is must be the token's, and prove what it says.
async fn check_client(shared: &Shared, params: &Params, bearer: &Bearer) -> Result<(), Failure> {
    let client_id = if client_auth::CREDENTIALS.iter().any(|name| params.has(name)) {
        Some(client_auth::authenticate(shared, &HeaderMap::new(), params).await?.client_id.as_str())
    } else {
        params.optional("client_id")?
    };
    if client_id.is_some_and(|it| it != bearer.client_id()) {
        return Err(ClientFault::MfaTokenOfOtherClient.into());
    }
    Ok(())
}

/// What the request names: only the first type counts, and of the channels the first that the tenant has on.
fn asked_for(config: &TenantConfig, params: &Params) -> Result<Kind, RequestFault> {
    let types =
        params.array("authenticator_types")?.ok_or(RequestFault::FieldMissing("authenticator_types"))?;
    let unsupported = |name: String| RequestFault::UnsupportedAuthenticator(name);
    let kinds = match types.first().copied().unwrap_or_default() {
        "otp" => vec![Kind::Otp],
        "oob" => {
            let channels = params.array("oob_channels")?.ok_or(RequestFault::FieldMissing("oob_channels"))?;
            channels.iter().copied().filter_map(channel).collect()
        }
        other => return Err(unsupported(other.to_owned())),
    };
    let enabled = kinds.iter().copied().find(|kind| kind.enabled(config));
    enabled
        .ok_or_else(|| unsupported(params.words("oob_channels").unwrap_or_else(|| types.clone()).join(" ")))
}

fn channel(word: &str) -> Option<Kind> {
    match word {
        "sms" => Some(Kind::Sms),
        "voice" => Some(Kind::Voice),
        "email" => Some(Kind::Email),
        "auth0" => Some(Kind::Push),
        _ => None,
    }
}

/// Whether the pending transaction may enrol `factor`: the user has nothing to prove yet, or has proved one here; and the
/// requirement lets it.
fn permitted(
    config: &TenantConfig,
    progress: &Progress,
    held: &[Authenticator],
    factor: FactorType,
) -> Result<(), UserFault> {
    if enrolled_on_purpose(config, held) && !progress.has_mfa() {
        return Err(UserFault::AlreadyEnrolled);
    }
    if asks_to_enroll(progress, factor) { Ok(()) } else { Err(UserFault::FactorNotAsked(factor)) }
}

/// Here a limit on sending is a fault of the request.
fn told_as_a_request(failure: Failure) -> Failure {
    match failure {
        Failure::Limit(exhausted) if matches!(exhausted.limit, Limit::Emails | Limit::Texts) => {
            RequestFault::SentTooMuch(exhausted).into()
        }
        other => other,
    }
}

fn response(kind: Kind, begun: Begun, new_code: String) -> AssociateResponse {
    let text = |secret: SecretString| Some(secret.expose_secret().to_owned());
    let blank = AssociateResponse {
        authenticator_type: kind.authenticator_type(),
        id: None,
        secret: None,
        barcode_uri: None,
        binding_method: None,
        oob_channel: kind.channel(),
        name: None,
        oob_code: None,
        recovery_codes: begun.first.then(|| vec![new_code]),
    };
    match begun.ceremony {
        Ceremony::App { secret, barcode_uri } => {
            AssociateResponse { secret: text(secret), barcode_uri: text(barcode_uri), ..blank }
        }
        Ceremony::Code { oob_code } => {
            AssociateResponse { binding_method: Some("prompt".to_owned()), oob_code: text(oob_code), ..blank }
        }
        Ceremony::Scan { oob_code, barcode_uri } => {
            AssociateResponse { barcode_uri: text(barcode_uri), oob_code: text(oob_code), ..blank }
        }
    }
}
