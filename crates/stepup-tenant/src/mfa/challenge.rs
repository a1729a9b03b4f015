//! `POST /mfa/challenge`: which authenticator is used, and whatever has to be sent for it.

use axum::{extract::State, response::Response};
use bytes::Bytes;
use http::{HeaderMap, header};
use secrecy::ExposeSecret as _;
use stepup_protocol::{
    mfa::{ChallengeResponse, FactorType},
    token::GrantType,
};

use super::{answer, authenticators::named, pending::Pending};
use crate::{
    actions::PreferredMethod,
    config::TenantConfig,
    factors::{self, Acceptable, Challenged, Kind, by_preference},
    model::Authenticator,
    oauth::{
        client_auth,
        error::{ClientFault, Failure, GrantFault, RequestFault, UserFault},
        params::Params,
    },
    pipeline::{Caller, Progress, header_text},
    state::Shared,
};

/// Answers a challenge. The sealed transaction proves the client, so one that says only who it is passes.
pub(crate) async fn handle(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let params = Params::from_body(header_text(&headers, header::CONTENT_TYPE), &body)?;
    let client = client_auth::identify(&shared, &headers, &params).await?;
    let mfa_token = params.optional("mfa_token")?.ok_or(RequestFault::Missing("mfa_token"))?;
    let pending = Pending::open_for(&shared, &caller, mfa_token, client).await?;
    if !client.allows(GrantType::MfaOtp) {
        return Err(ClientFault::GrantNotAllowed(GrantType::MfaOtp.to_string()).into());
    }
    let user = shared.store.user(&pending.transaction.user_id).await?;
    let user = user.ok_or(GrantFault::MfaTokenMalformed)?;
    if user.blocked {
        return Err(UserFault::Blocked.into());
    }
    let held = factors::held(&shared, &user).await?;
    let asked = Asked {
        types: params.list("challenge_type")?.unwrap_or_else(|| vec!["otp", "oob"]),
        channel: params.optional("oob_channel")?,
        authenticator_id: params.optional("authenticator_id")?,
    };
    let (kind, authenticator) = choose(&shared.config, &pending.progress, &held, &asked)?;
    let transaction = pending.transaction(&shared, &caller, &user, &held);
    let (oob_code, binding_method) = match factors::challenge(&transaction, kind, authenticator).await? {
        Challenged::AtHand => (None, None),
        Challenged::Sent { oob_code, prompt } => {
            (Some(oob_code.expose_secret().to_owned()), prompt.then(|| "prompt".to_owned()))
        }
    };
    Ok(answer(&ChallengeResponse { challenge_type: kind.authenticator_type(), oob_code, binding_method }))
}

/// What the request says of the authenticator that it wants.
struct Asked<'a> {
    /// Of `otp` and `oob`.
    types: Vec<&'a str>,
    /// Over which channel, where that matters.
    channel: Option<&'a str>,
    /// Which one.
    authenticator_id: Option<&'a str>,
}

/// The authenticator that a challenge is for, and the way to it: the one that was named, else the app, which needs nothing
/// to be sent, else the one that was used last.
///
/// # Errors
/// The user has none; none is of the types asked for; the one that was named is not theirs, not active or not allowed.
fn choose<'a>(
    config: &TenantConfig,
    progress: &Progress,
    held: &'a [Authenticator],
    asked: &Asked<'_>,
) -> Result<(Kind, &'a Authenticator), Failure> {
    let mut usable = by_preference(config, held);
    usable.retain(|(kind, _)| *kind != Kind::RecoveryCode);
    // An Action may prefer a channel for phones: its choice comes first, the rest stays in order.
    if let Some(preferred) = preferred_phone(progress) {
        usable.sort_by_key(|(kind, _)| kind.factor() == FactorType::Phone && *kind != preferred);
    }
    let acceptable = Acceptable::Asked(progress);
    let allowed = |(kind, _): &(Kind, &Authenticator)| acceptable.active(kind.factor());
    // Whoever has to enrol something new cannot be asked for what is there.
    if usable.is_empty() || (progress.enrolment().is_some() && !usable.iter().any(allowed)) {
        return Err(UserFault::AssociationRequired.into());
    }
    let fits = |it: &(Kind, &Authenticator)| {
        let kind = it.0;
        let channel = kind.channel().map(stepup_protocol::mfa::OobChannel::as_str);
        asked.types.contains(&kind.authenticator_type().as_str())
            && asked.channel.is_none_or(|wanted| channel.is_none_or(|channel| channel == wanted))
            && allowed(it)
    };
    if let Some(id) = asked.authenticator_id {
        let is_usable = |(kind, it): &(Kind, &Authenticator)| {
            usable.iter().any(|(other, usable)| other == kind && usable.id == it.id)
        };
        let named = named(held, id).filter(|named| is_usable(named) && fits(named));
        return named.ok_or_else(|| RequestFault::InvalidAuthenticator.into());
    }
    usable
        .into_iter()
        .filter(fits)
        .min_by_key(|(kind, _)| *kind != Kind::Otp)
        .ok_or_else(|| RequestFault::UnsupportedChallenge(asked.types.join(" ")).into())
}

/// How the Action whose challenge is due wants phones to be reached.
fn preferred_phone(progress: &Progress) -> Option<Kind> {
    let command = progress.queue.front()?;
    let phone = command.choice().factors.iter().find(|it| it.factor_type == FactorType::Phone)?;
    match phone.options.preferred_method? {
        PreferredMethod::Both => None,
        PreferredMethod::Sms => Some(Kind::Sms),
        PreferredMethod::Voice => Some(Kind::Voice),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use stepup_protocol::time::UnixTime;

    use super::*;
    use crate::{
        mfa::requirement::{Choice, ListedBy, Requirement},
        model::{Credential, Digest},
    };

    const NOW: UnixTime = UnixTime::from_seconds(1_767_225_600);

    fn app(id: &str, active: bool) -> Authenticator {
        Authenticator {
            id: id.to_owned(),
            user_id: "auth0|1".to_owned(),
            credential: Credential::totp(SecretString::from("GEZDGNBVGY3TQOJQ")),
            name: None,
            created_at: NOW,
            confirmed_at: active.then_some(NOW),
            last_used_at: None,
        }
    }

    fn recovery_code() -> Authenticator {
        let digest = Digest::of("17EQHNZC2SZDYG7X4QXVX9SW");
        let credential = Credential::RecoveryCode { digest, came_with: None };
        Authenticator { credential, ..app("recovery-code|dev_r", true) }
    }

    fn waiting(factors: Vec<FactorType>, listed_by: ListedBy) -> Progress {
        let choice = Choice { factors, listed_by, may_remember: false };
        Progress { waiting: Some(Requirement::Challenge(choice)), ..Progress::default() }
    }

    fn outcome(progress: &Progress, held: &[Authenticator], types: &[&str], named: Option<&str>) -> String {
        let asked = Asked { types: types.to_vec(), channel: None, authenticator_id: named };
        match choose(&TenantConfig::built_in(), progress, held, &asked) {
            Ok((kind, chosen)) => factors::wire_id(chosen, kind),
            Err(failure) => failure.wire().error.to_owned(),
        }
    }

    #[test]
    fn the_table() {
        let listed = waiting(vec![FactorType::Otp], ListedBy::Action);
        let phone_only = waiting(vec![FactorType::Phone], ListedBy::Action);
        let any = waiting(vec![FactorType::Otp], ListedBy::Tenant);
        let held = [app("totp|dev_pending", false), app("totp|dev_a", true), recovery_code()];
        let both = ["otp", "oob"];
        for (progress, held, types, named, expected) in [
            (&listed, &held[..], &both[..], None, "totp|dev_a"),
            (&any, &held, &both, Some("totp|dev_a"), "totp|dev_a"),
            (&any, &held, &both, Some("otp|dev_a"), "totp|dev_a"),
            (&any, &held, &both, Some("totp|dev_pending"), "invalid_authenticator"),
            (&any, &held, &both, Some("totp|dev_of_another"), "invalid_authenticator"),
            (&any, &held, &both, Some("recovery-code|dev_r"), "invalid_authenticator"),
            (&any, &held, &["oob"], Some("totp|dev_a"), "invalid_authenticator"),
            (&any, &held, &["oob"], None, "unsupported_challenge_type"),
            (&phone_only, &held, &both, None, "unsupported_challenge_type"),
            (&listed, &held[..1], &both, None, "association_required"),
            (&listed, &held[2..], &both, None, "association_required"),
            (&listed, &[], &both, None, "association_required"),
        ] {
            assert_eq!(outcome(progress, held, types, named), expected, "{types:?} {named:?}");
        }
    }
}
