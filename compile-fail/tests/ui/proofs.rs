//! Each proof has its own parts.

use stepup::mfa::{Mfa, MfaToken, PushWait, Verify};
use stepup::SessionState;

fn a_code_of_an_app_has_no_binding_code() -> Verify {
    Verify::otp("1").binding_code("2")
}

fn a_recovery_code_has_no_binding_code() -> Verify {
    Verify::recovery_code("1").binding_code("2")
}

fn a_binding_code_comes_once() -> Verify {
    Verify::oob("1").binding_code("2").binding_code("3")
}

async fn an_oob_code_alone_is_no_proof(mfa: Mfa<'_>, session: &mut SessionState, token: &MfaToken) {
    mfa.verify(session, token, "oob code").await.unwrap();
}

async fn only_a_push_is_waited_for(mfa: Mfa<'_>, session: &mut SessionState, token: &MfaToken) {
    mfa.wait_for_push(session, token, Verify::otp("1"), PushWait::default()).await.unwrap();
}

fn main() {}
