//! Details of MFA: lifetimes, limits, words and switches.

use std::time::Duration;

use super::yaml;
use crate::model::BucketRule;

/// Details of MFA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MfaSettings {
    /// Life of an `mfa_token`; default 300 s.
    pub token_lifetime: Duration,
    /// Life of an `oob_code` and of the code that was sent for it; default 300 s.
    pub oob_code_lifetime: Duration,
    /// How long the QR code of a push enrolment can be scanned; default 300 s.
    pub push_qr_lifetime: Duration,
    /// How long a client has to wait between two looks at a push; default 1 s, zero: not at all.
    pub push_poll_interval: Duration,
    /// Time steps before and after the present one whose codes of an app are taken; default 1.
    pub totp_window: u16,
    /// Whether Actions may name factors ("Customize MFA Factors using Actions"); default true.
    pub factors_in_actions: bool,
    /// Whether `acr_values` with the multi-factor word alone demands a second factor; default true.
    pub acr_values_demand_mfa: bool,
    /// How a code reaches a phone.
    pub message_types: MessageTypes,
    /// The words around a code.
    pub templates: MessageTemplates,
    /// What a user may do how often.
    pub limits: MfaLimits,
    /// Whether a rejected push is told as documents have it, `invalid_grant` with 403, and not as the wire has it,
    /// `access_denied` with 400; default false.
    pub push_rejected_as_invalid_grant: bool,
    /// Whether an `mfa_token` removes authenticators, as some SDKs try; default false: only an access token for the MFA API
    /// does.
    pub mfa_token_removes_authenticators: bool,
    /// Whether an entry `oob` is added to `mfa_requirements` that name a factor out of band, for clients which look for
    /// that word; default false.
    pub oob_in_requirements: bool,
}

impl Default for MfaSettings {
    fn default() -> Self {
        Self {
            token_lifetime: Duration::from_secs(300),
            oob_code_lifetime: Duration::from_secs(300),
            push_qr_lifetime: Duration::from_secs(300),
            push_poll_interval: Duration::from_secs(1),
            totp_window: 1,
            factors_in_actions: true,
            acr_values_demand_mfa: true,
            message_types: MessageTypes { sms: true, voice: true },
            templates: MessageTemplates::default(),
            limits: MfaLimits::default(),
            push_rejected_as_invalid_grant: false,
            mfa_token_removes_authenticators: false,
            oob_in_requirements: false,
        }
    }
}

/// How a code reaches a phone: `guardianPhoneFactorMessageTypes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageTypes {
    /// By text message.
    pub sms: bool,
    /// By a call that reads it out.
    pub voice: bool,
}

impl MessageTypes {
    /// Whether there is any.
    #[must_use]
    pub const fn any(self) -> bool {
        self.sms || self.voice
    }
}

/// The words around a code, with `{{code}}` and `{{tenant.friendly_name}}`: `guardianFactorTemplates`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageTemplates {
    /// At an enrolment.
    pub enrollment: String,
    /// At a challenge.
    pub verification: String,
}

impl Default for MessageTemplates {
    fn default() -> Self {
        Self {
            enrollment: "{{code}} is your code to finish setting up {{tenant.friendly_name}}.".to_owned(),
            verification: "{{code}} is your code for {{tenant.friendly_name}}.".to_owned(),
        }
    }
}

/// What a user may do how often; none: without limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MfaLimits {
    /// Wrong codes of apps, text messages, calls and e-mails together; default 10, one more every 6 minutes.
    pub codes: Option<BucketRule>,
    /// Wrong recovery codes; default 10, one more every 6 minutes.
    pub recovery_codes: Option<BucketRule>,
    /// Text messages and calls; default 10, one more every hour.
    pub phone_sends: Option<BucketRule>,
    /// E-mails; default 10, one more every hour.
    pub email_sends: Option<BucketRule>,
    /// Push notifications; default 10, one more every hour.
    pub push_sends: Option<BucketRule>,
}

impl Default for MfaLimits {
    fn default() -> Self {
        let codes = BucketRule { size: 10, refill: Duration::from_secs(360) };
        let sends = BucketRule { size: 10, refill: Duration::from_secs(3600) };
        Self {
            codes: Some(codes),
            recovery_codes: Some(codes),
            phone_sends: Some(sends),
            email_sends: Some(sends),
            push_sends: Some(sends),
        }
    }
}

impl MfaSettings {
    /// What a configuration says, over the defaults.
    pub(super) fn read(
        stepup: &yaml::Stepup,
        message_types: Option<&yaml::PhoneMessageTypes>,
        templates: &[yaml::FactorTemplate],
    ) -> Self {
        let defaults = Self::default();
        let seconds = |set: Option<u64>, default| set.map_or(default, Duration::from_secs);
        Self {
            token_lifetime: seconds(stepup.mfa_token_lifetime, defaults.token_lifetime),
            oob_code_lifetime: seconds(stepup.oob_code_lifetime, defaults.oob_code_lifetime),
            push_qr_lifetime: seconds(stepup.push_qr_lifetime, defaults.push_qr_lifetime),
            push_poll_interval: seconds(stepup.push_poll_interval, defaults.push_poll_interval),
            totp_window: stepup.totp_window.unwrap_or(defaults.totp_window),
            factors_in_actions: stepup.factors_in_actions.unwrap_or(defaults.factors_in_actions),
            acr_values_demand_mfa: stepup.acr_values_demand_mfa.unwrap_or(defaults.acr_values_demand_mfa),
            // A tenant that never chose sends text messages.
            message_types: message_types.map_or(MessageTypes { sms: true, voice: false }, |set| {
                MessageTypes {
                    sms: set.message_types.contains(&yaml::MessageType::Sms),
                    voice: set.message_types.contains(&yaml::MessageType::Voice),
                }
            }),
            templates: templates_of(templates, defaults.templates),
            limits: limits(stepup, defaults.limits),
            mfa_token_removes_authenticators: stepup.mfa_token_removes_authenticators,
            push_rejected_as_invalid_grant: stepup.push_rejected_as_invalid_grant,
            oob_in_requirements: stepup.oob_in_requirements,
        }
    }
}

fn templates_of(set: &[yaml::FactorTemplate], defaults: MessageTemplates) -> MessageTemplates {
    let Some(set) = set.iter().find(|it| it.name == "sms") else { return defaults };
    MessageTemplates {
        enrollment: set.enrollment_message.clone().unwrap_or(defaults.enrollment),
        verification: set.verification_message.clone().unwrap_or(defaults.verification),
    }
}

fn limits(stepup: &yaml::Stepup, defaults: MfaLimits) -> MfaLimits {
    let rule = |size: Option<u32>, refill: Option<u64>, default: Option<BucketRule>| {
        let default = default?;
        let size = size.unwrap_or(default.size);
        let refill = refill.map_or(default.refill, Duration::from_secs);
        (size > 0).then_some(BucketRule { size, refill })
    };
    MfaLimits {
        codes: rule(stepup.code_attempts, stepup.code_refill, defaults.codes),
        recovery_codes: rule(
            stepup.recovery_code_attempts.or(stepup.code_attempts),
            stepup.recovery_code_refill.or(stepup.code_refill),
            defaults.recovery_codes,
        ),
        phone_sends: rule(stepup.phone_sends, stepup.send_refill, defaults.phone_sends),
        email_sends: rule(stepup.email_sends, stepup.send_refill, defaults.email_sends),
        push_sends: rule(stepup.push_sends, stepup.send_refill, defaults.push_sends),
    }
}
