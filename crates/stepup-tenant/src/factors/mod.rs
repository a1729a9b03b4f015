//! What a user can prove a second factor with: one module a factor, and [`verify`] that judges what was typed.

pub(crate) mod otp;
pub(crate) mod recovery_code;
pub(crate) mod verify;

use stepup_protocol::mfa::FactorType;

use crate::{
    config::TenantConfig,
    mfa::requirement::Factors,
    model::{Authenticator, User},
};

/// The order in which factors are offered where nothing else decides: the recovery code is never first.
const PREFERRED: [FactorType; 7] = [
    FactorType::PushNotification,
    FactorType::Otp,
    FactorType::Phone,
    FactorType::WebauthnRoaming,
    FactorType::WebauthnPlatform,
    FactorType::Email,
    FactorType::RecoveryCode,
];

/// The user's factors as the decision wants them. A verified address is a factor by itself where e-mail is on.
pub(crate) fn of_user(config: &TenantConfig, user: &User, held: &[Authenticator]) -> Factors {
    let enabled: Vec<_> = PREFERRED.into_iter().filter(|&factor| config.factors.enabled(factor)).collect();
    let has = |factor: FactorType| {
        let automatic = factor == FactorType::Email && user.email_verified && user.email.is_some();
        automatic || held.iter().any(|it| it.active() && it.credential.factor() == factor)
    };
    let enrolled = enabled.iter().copied().filter(|&factor| has(factor)).collect();
    Factors { enabled, enrolled }
}
