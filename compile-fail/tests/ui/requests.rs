//! Each enrolment and challenge takes what it needs, and nothing else.

use stepup::mfa::{Challenge, Enroll};

fn a_message_needs_a_phone_number() -> Enroll {
    Enroll::sms()
}

fn a_call_needs_a_phone_number() -> Enroll {
    Enroll::voice()
}

fn an_app_has_no_phone_number() -> Enroll {
    Enroll::otp("+12025550123")
}

fn a_challenge_is_not_told_the_code() -> Challenge {
    Challenge::otp("123456")
}

fn an_app_has_no_channel() -> Challenge {
    Challenge::otp().channel("sms")
}

fn main() {}
