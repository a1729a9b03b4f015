//! What a user has, and in which order it is offered.

use stepup_protocol::mfa::FactorType;

use super::{Kind, email};
use crate::{
    config::TenantConfig,
    mfa::requirement::Factors,
    model::{Authenticator, Credential, PhoneChannel, User},
    oauth::error::Failure,
    state::Shared,
};

/// The order in which factors are offered where nothing else decides: the recovery code is never first.
pub(crate) const PREFERRED: [FactorType; 7] = [
    FactorType::PushNotification,
    FactorType::Otp,
    FactorType::Phone,
    FactorType::WebauthnRoaming,
    FactorType::WebauthnPlatform,
    FactorType::Email,
    FactorType::RecoveryCode,
];

/// All of a user's authenticators in the order of enrolment, pending ones included; the automatic e-mail is the last.
///
/// # Errors
/// The store failed.
pub(crate) async fn held(shared: &Shared, user: &User) -> Result<Vec<Authenticator>, Failure> {
    let mut held = shared.store.authenticators(&user.user_id).await?;
    // Each enrolment that begins brings a code of its own; only the newest is worth telling.
    let newest = held.iter().rposition(is_recovery_code);
    let mut position = 0..;
    held.retain(|it| position.next() == newest || it.active() || !is_recovery_code(it));
    if let Some(automatic) = email::automatic(&shared.config, user, &held) {
        held.push(automatic);
    }
    Ok(held)
}

fn is_recovery_code(authenticator: &Authenticator) -> bool {
    authenticator.factor() == FactorType::RecoveryCode
}

/// The user's factors as the decision wants them; `held` as [`held`] or the store gives it.
pub(crate) fn of_user(config: &TenantConfig, user: &User, held: &[Authenticator]) -> Factors {
    let enabled: Vec<_> = PREFERRED.into_iter().filter(|&factor| config.factors.enabled(factor)).collect();
    let has = |factor: FactorType| {
        let automatic = factor == FactorType::Email && email::automatic(config, user, held).is_some();
        automatic || held.iter().any(|it| it.active() && it.factor() == factor && is_usable(config, it))
    };
    let enrolled = enabled.iter().copied().filter(|&factor| has(factor)).collect();
    let (has_address, on_purpose) = (user.email.is_some(), enrolled_on_purpose(config, held));
    Factors { enabled, enrolled, has_address, on_purpose }
}

/// Whether the user has an active authenticator that the tenant lets them use and that did not come by itself, as the
/// automatic e-mail and recovery codes do.
pub(crate) fn enrolled_on_purpose<'a>(
    config: &TenantConfig,
    held: impl IntoIterator<Item = &'a Authenticator>,
) -> bool {
    held.into_iter().any(|it| {
        it.active()
            && it.factor() != FactorType::RecoveryCode
            && !email::is_automatic(&it.user_id, &it.id)
            && is_usable(config, it)
    })
}

fn is_usable(config: &TenantConfig, authenticator: &Authenticator) -> bool {
    kinds_of(authenticator).any(|kind| kind.enabled(config))
}

/// The kinds by which an authenticator can be used: a phone is one enrolment with a channel or two.
pub(crate) fn kinds_of(authenticator: &Authenticator) -> impl Iterator<Item = Kind> + use<> {
    let kinds = match &authenticator.credential {
        Credential::Email { .. } => [Some(Kind::Email), None],
        Credential::Phone { reach, .. } => {
            let kind = |channel| match channel {
                PhoneChannel::Sms => Kind::Sms,
                PhoneChannel::Voice => Kind::Voice,
            };
            let mut channels = reach.channels().map(kind);
            [channels.next(), channels.next()]
        }
        Credential::Push { .. } => [Some(Kind::Push), None],
        Credential::RecoveryCode { .. } => [Some(Kind::RecoveryCode), None],
        Credential::Totp { .. } => [Some(Kind::Otp), None],
    };
    kinds.into_iter().flatten()
}

/// The id of an authenticator in the MFA API: a phone has one for each of its channels.
pub(crate) fn wire_id(authenticator: &Authenticator, kind: Kind) -> String {
    format!("{}|{}", kind.prefix(), authenticator.device_id())
}

/// The active authenticators of `held` that the tenant has on, each by the ways in which it can be used, best first: the
/// last used before the others, then in the order of [`PREFERRED`], a phone by its preferred channel first.
pub(crate) fn by_preference<'a>(
    config: &TenantConfig,
    held: &'a [Authenticator],
) -> Vec<(Kind, &'a Authenticator)> {
    let mut usable: Vec<_> = held
        .iter()
        .filter(|it| it.active())
        .flat_map(|it| kinds_of(it).map(move |kind| (kind, it)))
        .filter(|(kind, _)| kind.enabled(config))
        .collect();
    usable.sort_by_key(|(kind, it)| {
        let is_spare = *kind == Kind::RecoveryCode;
        let rank = PREFERRED.iter().position(|&factor| factor == kind.factor());
        let last_used = it.last_used_at.map(|at| -at.seconds());
        (is_spare, last_used.unwrap_or(i64::MAX), rank, !is_preferred(*kind, it))
    });
    usable
}

fn is_preferred(kind: Kind, authenticator: &Authenticator) -> bool {
    match &authenticator.credential {
        Credential::Phone { reach, .. } => kind.prefix() == reach.preferred.as_str(),
        _ => true,
    }
}
