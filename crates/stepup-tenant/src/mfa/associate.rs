//! `POST /mfa/associate`: a new authenticator, pending until the first code from it is verified.

use axum::{extract::State, response::Response};
use bytes::Bytes;
use http::{HeaderMap, header};
use secrecy::ExposeSecret as _;
use stepup_protocol::mfa::{AssociateResponse, AuthenticatorType, FactorType};

use super::{
    answer,
    bearer::Bearer,
    enrolment::{self, BegunApp},
    requirement::{ListedBy, Requirement},
};
use crate::{
    factors::recovery_code,
    model::Authenticator,
    oauth::{
        audit::Audit,
        client_auth,
        error::{Failure, GrantFault, RequestFault, UserFault},
        params::Params,
    },
    pipeline::{Caller, Progress, header_text},
    state::Shared,
};

/// Answers with what the user's device needs, and with a recovery code where this is the first enrolment.
pub(crate) async fn handle(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let bearer = Bearer::of(&shared, &caller, &headers).await?;
    bearer.needs("enroll")?;
    let params = Params::from_body(header_text(&headers, header::CONTENT_TYPE), &body)?;
    if client_auth::CREDENTIALS.iter().any(|name| params.has(name)) {
        client_auth::authenticate(&shared, &HeaderMap::new(), &params).await?;
    }
    let factor = asked_for(&params)?;
    if !shared.config.factors.enabled(factor) {
        return Err(RequestFault::UnsupportedAuthenticator(factor.to_string()).into());
    }
    let user = shared.store.user(bearer.user_id()).await?.ok_or(GrantFault::MfaBearer)?;
    let held = shared.store.authenticators(&user.user_id).await?;
    if let Bearer::MfaToken(pending) = &bearer {
        permitted(&pending.progress, &held, factor)?;
    }
    let response = match factor {
        FactorType::Otp => {
            let new_code = || recovery_code::new_code(shared.random.as_ref());
            app(enrolment::begin_app(&shared, &user, &held, new_code).await?)
        }
        other => return Err(RequestFault::UnsupportedAuthenticator(other.to_string()).into()),
    };
    Audit::new(&shared, &caller).user(&user).describe(factor.to_string()).write("gd_start_enroll").await;
    Ok(answer(&response))
}

/// The factor that the request names: only the first type counts, and of the channels the first that is one.
fn asked_for(params: &Params) -> Result<FactorType, RequestFault> {
    let types =
        params.words("authenticator_types").ok_or(RequestFault::FieldMissing("authenticator_types"))?;
    match types.first().copied().unwrap_or_default() {
        "otp" => Ok(FactorType::Otp),
        "oob" => {
            let channels = params.words("oob_channels").ok_or(RequestFault::FieldMissing("oob_channels"))?;
            channels
                .iter()
                .find_map(|channel| match *channel {
                    "sms" | "voice" => Some(FactorType::Phone),
                    "email" => Some(FactorType::Email),
                    "auth0" => Some(FactorType::PushNotification),
                    _ => None,
                })
                .ok_or_else(|| RequestFault::UnsupportedAuthenticator(channels.join(" ")))
        }
        other => Err(RequestFault::UnsupportedAuthenticator(other.to_owned())),
    }
}

/// Whether the pending transaction may enrol `factor`: the user has nothing to prove yet, or has proved one here; and the
/// requirement lets it.
fn permitted(progress: &Progress, held: &[Authenticator], factor: FactorType) -> Result<(), UserFault> {
    if enrolment::enrolled_on_purpose(held) && !progress.has_mfa() {
        return Err(UserFault::AlreadyEnrolled);
    }
    match &progress.waiting {
        Some(Requirement::Enroll(choice)) if choice.factors.contains(&factor) => Ok(()),
        Some(Requirement::Enroll(choice) | Requirement::Challenge(choice))
            if choice.listed_by == ListedBy::Action =>
        {
            Err(UserFault::FactorNotAsked(factor))
        }
        _ => Ok(()),
    }
}

fn app(begun: BegunApp) -> AssociateResponse {
    AssociateResponse {
        authenticator_type: AuthenticatorType::Otp,
        id: None,
        secret: Some(begun.secret.expose_secret().to_owned()),
        barcode_uri: Some(begun.barcode_uri),
        binding_method: None,
        oob_channel: None,
        oob_code: None,
        recovery_codes: begun.recovery_code.map(|code| vec![code]),
    }
}
