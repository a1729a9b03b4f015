//! What the type codes of the tenant log mean, in words.

/// How an event went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Bad,
    Good,
    Plain,
    Warning,
}

impl Tone {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Good => "good",
            Self::Plain => "plain",
            Self::Warning => "warning",
        }
    }
}

/// The words for a type code, and how it went.
pub(super) fn of(kind: &str) -> (&str, Tone) {
    match KNOWN.binary_search_by_key(&kind, |(kind, ..)| kind) {
        Ok(found) => (KNOWN[found].1, KNOWN[found].2),
        Err(_) => (kind, Plain),
    }
}

use Tone::{Bad, Good, Plain, Warning};

/// Sorted by code.
const KNOWN: &[(&str, &str, Tone)] = &[
    ("actions_execution_failed", "Action failed", Bad),
    ("actions_execution_succeeded", "Action ran", Plain),
    ("api_limit", "Rate limit reached", Warning),
    ("cls", "Login link sent", Plain),
    ("cs", "Login code sent", Plain),
    ("f", "Login failed", Bad),
    ("fce", "Email change failed", Bad),
    ("fcp", "Password change failed", Bad),
    ("fcpr", "Password reset request failed", Bad),
    ("feacft", "Code exchange failed", Bad),
    ("feccft", "Client credentials refused", Bad),
    ("feoobft", "Out-of-band factor refused", Bad),
    ("feotpft", "One-time code refused", Bad),
    ("fepft", "Password exchange failed", Bad),
    ("fercft", "Recovery code refused", Bad),
    ("ferrt", "Refresh token reused", Bad),
    ("fertft", "Refresh refused", Bad),
    ("flo", "Logout failed", Bad),
    ("fp", "Wrong password", Bad),
    ("fpar", "Pushed request refused", Bad),
    ("fs", "Sign-up failed", Bad),
    ("fsa", "Silent login failed", Warning),
    ("fu", "Unknown user", Bad),
    ("fv", "Email verification failed", Bad),
    ("gd_auth_failed", "Second factor failed", Bad),
    ("gd_auth_rejected", "Push denied", Bad),
    ("gd_auth_succeed", "Second factor passed", Good),
    ("gd_enrollment_complete", "Factor enrolled", Good),
    ("gd_otp_rate_limit_exceed", "Too many wrong codes", Warning),
    ("gd_recovery_failed", "Recovery code wrong", Bad),
    ("gd_recovery_rate_limit_exceed", "Too many wrong recovery codes", Warning),
    ("gd_recovery_succeed", "Recovery code used", Good),
    ("gd_send_email", "Email code sent", Plain),
    ("gd_send_email_failure", "Email could not be sent", Bad),
    ("gd_send_pn", "Push sent", Plain),
    ("gd_send_pn_failure", "Push could not be sent", Bad),
    ("gd_send_sms", "SMS code sent", Plain),
    ("gd_send_sms_failure", "SMS could not be sent", Bad),
    ("gd_send_voice", "Voice code sent", Plain),
    ("gd_send_voice_failure", "Voice call could not be made", Bad),
    ("gd_start_auth", "Second factor asked for", Plain),
    ("gd_start_enroll", "Enrollment begun", Plain),
    ("gd_start_enroll_failed", "Enrollment failed", Bad),
    ("gd_tenant_update", "Factors changed", Plain),
    ("gd_unenroll", "Factor removed", Warning),
    ("gd_update_device_account", "Device updated", Plain),
    ("limit_mu", "Address blocked", Warning),
    ("limit_sul", "Too many logins of a user", Warning),
    ("limit_wc", "Account blocked", Warning),
    ("mfar", "Second factor required", Warning),
    ("oidc_backchannel_logout_failed", "Back-channel logout failed", Bad),
    ("oidc_backchannel_logout_succeeded", "Back-channel logout delivered", Good),
    ("pwd_leak", "Breached password", Warning),
    ("s", "Logged in", Good),
    ("sapi", "Management API call", Plain),
    ("sce", "Email changed", Good),
    ("scp", "Password changed", Good),
    ("scpr", "Password reset requested", Plain),
    ("sdu", "User deleted", Warning),
    ("seacft", "Code exchanged", Good),
    ("seccft", "Client credentials granted", Good),
    ("seoobft", "Out-of-band factor exchanged", Good),
    ("seotpft", "One-time code exchanged", Good),
    ("sepft", "Password exchanged", Good),
    ("sercft", "Recovery code exchanged", Good),
    ("sertft", "Refreshed", Good),
    ("slo", "Logged out", Plain),
    ("srrt", "Refresh token revoked", Plain),
    ("ss", "Signed up", Good),
    ("ssa", "Silent login", Good),
    ("sv", "Email verified", Good),
    ("svr", "Verification email sent", Plain),
    ("w", "Warning", Warning),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found() {
        assert!(KNOWN.is_sorted_by_key(|(kind, ..)| kind));
        assert_eq!(of("seotpft"), ("One-time code exchanged", Good));
        assert_eq!(of("not_known"), ("not_known", Plain));
    }
}
