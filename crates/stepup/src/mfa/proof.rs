//! The proof that a user gives.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use stepup_protocol::{
    mfa::{FactorType, MfaRequirements},
    token::GrantType,
};
use stepup_seal::digest;

use super::requirement;

/// The proof that the user gives: a code, or that something was answered on another device.
///
/// Prints none of its codes.
///
/// ```
/// use stepup::mfa::Verify;
///
/// let app = Verify::otp("123456");
/// let message = Verify::oob("oob-1").binding_code("654321");
/// let push = Verify::from(Verify::oob("oob-1"));
/// let recovery = Verify::recovery_code("17EQHNZC…");
/// assert_eq!(format!("{app:?}"), "Verify(otp)");
/// ```
#[derive(Clone)]
pub struct Verify(Proof);

/// An out-of-band transaction: a push that is answered on the phone, and proof by itself; or a message, whose code goes along by
/// [`OutOfBand::binding_code`]. From [`Verify::oob`].
#[derive(Clone)]
pub struct OutOfBand {
    oob_code: SecretString,
    factor: Option<FactorType>,
}

#[derive(Clone)]
enum Proof {
    Message { oob_code: SecretString, binding_code: SecretString, factor: Option<FactorType> },
    Otp(SecretString),
    Push { oob_code: SecretString },
    RecoveryCode(SecretString),
}

impl Verify {
    /// The six digits of an authenticator app. Spaces around and within are dropped: people copy them along.
    #[must_use]
    pub fn otp(code: impl AsRef<str>) -> Self {
        Self(Proof::Otp(without_spaces(code.as_ref())))
    }

    /// What `challenge` or `enroll` answered as `oob_code`; as it is for a push, otherwise with
    /// [`OutOfBand::binding_code`].
    #[must_use]
    pub fn oob(oob_code: impl AsRef<str>) -> OutOfBand {
        OutOfBand { oob_code: SecretString::from(oob_code.as_ref()), factor: None }
    }

    /// The recovery code. It is spent by this, and the tenant answers with a new one to show to the user.
    #[must_use]
    pub fn recovery_code(code: impl AsRef<str>) -> Self {
        Self(Proof::RecoveryCode(SecretString::from(code.as_ref().trim())))
    }

    pub(super) const fn grant(&self) -> GrantType {
        match self.0 {
            Proof::Message { .. } | Proof::Push { .. } => GrantType::MfaOob,
            Proof::Otp(_) => GrantType::MfaOtp,
            Proof::RecoveryCode(_) => GrantType::MfaRecoveryCode,
        }
    }

    /// The factor that this proves, as far as it is known: by its grant and channel, or because the requirements leave no
    /// other.
    pub(super) fn factor_for(&self, requirements: Option<&MfaRequirements>) -> Option<FactorType> {
        let told = match &self.0 {
            Proof::Otp(_) => return Some(FactorType::Otp),
            Proof::RecoveryCode(_) => return Some(FactorType::RecoveryCode),
            Proof::Push { .. } => return Some(FactorType::PushNotification),
            Proof::Message { factor, .. } => *factor,
        };
        let is_message = |factor: &FactorType| matches!(factor, FactorType::Email | FactorType::Phone);
        let asked = requirement::challenge_factors(requirements).into_iter();
        let mut left = asked.chain(requirement::enrollment_factors(requirements)).filter(is_message);
        let only = left.next().filter(|first| left.all(|other| other == *first));
        told.filter(is_message).or(only)
    }

    /// For the counts. By which channel a code was sent is not known here.
    pub(super) const fn counted_as(&self) -> Option<&'static str> {
        match self.0 {
            Proof::Message { .. } => None,
            Proof::Otp(_) => Some("otp"),
            Proof::Push { .. } => Some("push"),
            Proof::RecoveryCode(_) => Some("recovery-code"),
        }
    }

    /// The form fields that carry the proof.
    pub(super) fn parameters(&self) -> Vec<(&'static str, &str)> {
        match &self.0 {
            Proof::Message { oob_code, binding_code, .. } => {
                vec![("oob_code", oob_code.expose_secret()), ("binding_code", binding_code.expose_secret())]
            }
            Proof::Otp(code) => vec![("otp", code.expose_secret())],
            Proof::Push { oob_code } => vec![("oob_code", oob_code.expose_secret())],
            Proof::RecoveryCode(code) => vec![("recovery_code", code.expose_secret())],
        }
    }

    pub(super) const fn is_push(&self) -> bool {
        matches!(self.0, Proof::Push { .. })
    }

    /// Tells one proof from another.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(self.parameters());
        digest::sha256(form.finish().as_bytes())
    }
}

impl OutOfBand {
    /// Which factor was challenged: the wire does not tell whether a code that was typed came by phone or by e-mail. Say
    /// what you know yourself, never what the browser says; it is what
    /// [`Session::second_factor`](crate::Session::second_factor) tells afterwards.
    #[must_use]
    pub fn factor(self, factor: FactorType) -> Self {
        Self { factor: Some(factor), ..self }
    }

    /// The code that the user received and typed. Spaces are dropped.
    #[must_use]
    pub fn binding_code(self, code: impl AsRef<str>) -> Verify {
        let binding_code = without_spaces(code.as_ref());
        Verify(Proof::Message { oob_code: self.oob_code, binding_code, factor: self.factor })
    }
}

/// A push.
impl From<OutOfBand> for Verify {
    fn from(push: OutOfBand) -> Self {
        Self(Proof::Push { oob_code: push.oob_code })
    }
}

impl fmt::Debug for Verify {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Proof::Message { .. } => "Verify(oob with binding code)",
            Proof::Otp(_) => "Verify(otp)",
            Proof::Push { .. } => "Verify(oob)",
            Proof::RecoveryCode(_) => "Verify(recovery-code)",
        })
    }
}

impl fmt::Debug for OutOfBand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OutOfBand(…)")
    }
}

fn without_spaces(code: &str) -> SecretString {
    SecretString::from(code.split_whitespace().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_tells_its_factor_as_far_as_it_is_known() {
        use FactorType::{Email, Otp, Phone, PushNotification, RecoveryCode};
        let requirements = |list: &str| serde_json::from_str::<MfaRequirements>(list).unwrap();
        let any = requirements("{}");
        let phone =
            requirements(r#"{"challenge":[{"type":"phone"},{"type":"otp"},{"type":"push-notification"}]}"#);
        let enroll = requirements(r#"{"enroll":[{"type":"email"}]}"#);
        let both = requirements(r#"{"challenge":[{"type":"phone"},{"type":"email"}]}"#);
        let oob = || Verify::oob("oob-1");
        for (proof, requirements, expected) in [
            (Verify::otp("1"), &any, Some(Otp)),
            (Verify::recovery_code("1"), &any, Some(RecoveryCode)),
            (oob().into(), &any, Some(PushNotification)),
            (oob().factor(Phone).into(), &phone, Some(PushNotification)),
            (oob().binding_code("1"), &any, None),
            (oob().binding_code("1"), &phone, Some(Phone)),
            (oob().binding_code("1"), &enroll, Some(Email)),
            (oob().binding_code("1"), &both, None),
            (oob().factor(Email).binding_code("1"), &both, Some(Email)),
            (oob().factor(PushNotification).binding_code("1"), &any, None),
            (oob().factor(Otp).binding_code("1"), &phone, Some(Phone)),
        ] {
            assert_eq!(proof.factor_for(Some(requirements)), expected, "{proof:?} {requirements:?}");
        }
    }

    #[test]
    fn a_proof_becomes_its_grant_and_fields() {
        for (proof, grant, fields) in [
            (Verify::otp(" 123 456 "), GrantType::MfaOtp, vec![("otp", "123456")]),
            (Verify::oob("oob-1").into(), GrantType::MfaOob, vec![("oob_code", "oob-1")]),
            (
                Verify::oob("oob-1").binding_code("654 321"),
                GrantType::MfaOob,
                vec![("oob_code", "oob-1"), ("binding_code", "654321")],
            ),
            (
                Verify::recovery_code(" 17EQ-HNZC\n"),
                GrantType::MfaRecoveryCode,
                vec![("recovery_code", "17EQ-HNZC")],
            ),
        ] {
            assert_eq!(proof.grant(), grant);
            assert_eq!(proof.parameters(), fields);
            assert!(!format!("{proof:?}").contains(fields[0].1), "{proof:?}");
        }
    }

    #[test]
    fn proofs_are_told_apart() {
        let print = |proof: Verify| proof.fingerprint();
        assert_eq!(print(Verify::otp("1 2")), print(Verify::otp("12")));
        assert_ne!(print(Verify::otp("12")), print(Verify::recovery_code("12")));
        assert_ne!(print(Verify::oob("a").into()), print(Verify::oob("a").binding_code("")));
    }
}
