//! `POST /mfa/challenge`: which authenticator is used, and whatever has to be sent for it.

use axum::{extract::State, response::Response};
use bytes::Bytes;
use http::{HeaderMap, header};
use stepup_protocol::{
    mfa::{AuthenticatorType, ChallengeResponse, FactorType},
    token::GrantType,
};

use super::{answer, kept_id, pending::Pending, requirement::ListedBy};
use crate::{
    config::Factors,
    model::Authenticator,
    oauth::{
        audit::Audit,
        client_auth,
        error::{ClientFault, Failure, RequestFault, UserFault},
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
    let mfa_token = params.text("mfa_token").ok_or(RequestFault::Missing("mfa_token"))?;
    let Pending { transaction, progress, .. } =
        Pending::open_for(&shared, &caller, mfa_token, client).await?;
    if !client.allows(GrantType::MfaOtp) {
        return Err(ClientFault::GrantNotAllowed(GrantType::MfaOtp.to_string()).into());
    }
    let held = shared.store.authenticators(&transaction.user_id).await?;
    let types = params.words("challenge_type").unwrap_or_else(|| vec!["otp", "oob"]);
    let chosen = choose(&shared.config.factors, &progress, &held, &types, params.text("authenticator_id"))?;
    if let Some(user) = shared.store.user(&transaction.user_id).await? {
        let audit = Audit::new(&shared, &caller).client(client).user(&user);
        audit.describe(chosen.id.clone()).write("gd_start_auth").await;
    }
    Ok(answer(&ChallengeResponse {
        challenge_type: chosen.credential.authenticator_type(),
        oob_code: None,
        binding_method: None,
    }))
}

/// The authenticator that a challenge is for: the one that was named, else the app, which needs nothing to be sent.
///
/// # Errors
/// The user has none; none is of the types asked for; the one that was named is not theirs, not active or not allowed.
fn choose<'a>(
    enabled: &Factors,
    progress: &Progress,
    held: &'a [Authenticator],
    types: &[&str],
    named: Option<&str>,
) -> Result<&'a Authenticator, Failure> {
    let usable: Vec<_> = held
        .iter()
        .filter(|it| it.active() && enabled.enabled(it.credential.factor()))
        .filter(|it| it.credential.factor() != FactorType::RecoveryCode)
        .collect();
    if usable.is_empty() {
        return Err(UserFault::AssociationRequired.into());
    }
    let fits = |it: &&Authenticator| {
        let word = it.credential.authenticator_type().as_str();
        types.contains(&word) && allowed(progress, it.credential.factor())
    };
    match named.map(kept_id) {
        Some(id) => usable
            .into_iter()
            .find(|it| it.id == id)
            .filter(fits)
            .ok_or_else(|| RequestFault::InvalidAuthenticator.into()),
        None => usable
            .into_iter()
            .filter(fits)
            .min_by_key(|it| it.credential.authenticator_type() != AuthenticatorType::Otp)
            .ok_or_else(|| RequestFault::UnsupportedChallenge(types.join(" ")).into()),
    }
}

/// Whether the requirement lets this factor be used: one that an Action did not list does not count.
fn allowed(progress: &Progress, factor: FactorType) -> bool {
    progress
        .challenge()
        .is_none_or(|choice| choice.listed_by == ListedBy::Tenant || choice.factors.contains(&factor))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use stepup_protocol::time::UnixTime;

    use super::*;
    use crate::{
        mfa::requirement::{Choice, Requirement},
        model::{Credential, Digest},
    };

    const NOW: UnixTime = UnixTime::from_seconds(1_767_225_600);

    fn app(id: &str, active: bool) -> Authenticator {
        Authenticator {
            id: id.to_owned(),
            user_id: "auth0|1".to_owned(),
            credential: Credential::Totp { secret: SecretString::from("GEZDGNBVGY3TQOJQ"), last_step: None },
            created_at: NOW,
            confirmed_at: active.then_some(NOW),
            last_used_at: None,
        }
    }

    fn recovery_code() -> Authenticator {
        let credential = Credential::RecoveryCode { digest: Digest::of("17EQHNZC2SZDYG7X4QXVX9SW") };
        Authenticator { credential, ..app("recovery-code|dev_r", true) }
    }

    fn waiting(factors: Vec<FactorType>, listed_by: ListedBy) -> Progress {
        let choice = Choice { factors, listed_by, may_remember: false };
        Progress { waiting: Some(Requirement::Challenge(choice)), ..Progress::default() }
    }

    fn outcome(progress: &Progress, held: &[Authenticator], types: &[&str], named: Option<&str>) -> String {
        let enabled = Factors::from_iter([FactorType::Otp, FactorType::RecoveryCode]);
        match choose(&enabled, progress, held, types, named) {
            Ok(chosen) => chosen.id.clone(),
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
