//! The decision as tables.

use FactorType::{Email, Otp, Phone, PushNotification as Push, RecoveryCode as Recovery};

use super::*;
use crate::actions::{Factor, FactorChoice, Selection};

const ALL: &[FactorType] = &[Push, Otp, Phone, Email, Recovery];

fn factors(enabled: &[FactorType], enrolled: &[FactorType]) -> Factors {
    let on_purpose = enrolled.iter().any(|factor| !matches!(factor, Email | Recovery));
    Factors { enabled: enabled.to_vec(), enrolled: enrolled.to_vec(), has_address: true, on_purpose }
}

fn choice(factors: &[FactorType]) -> FactorChoice {
    FactorChoice {
        selection: Selection::Any,
        factors: factors.iter().map(|&factor| Factor::new(factor)).collect(),
    }
}

fn challenge_with(factors: &[FactorType]) -> FactorCommand {
    FactorCommand::Challenge(choice(factors))
}

fn enroll_with(factors: &[FactorType]) -> FactorCommand {
    FactorCommand::Enroll(choice(factors))
}

fn seen(flow: Flow) -> Seen<'static> {
    Seen {
        flow,
        passed: &[],
        commands: 0,
        acr_multi_factor: false,
        for_mfa_api: false,
        session_has_mfa: false,
        browser_remembered: false,
        confidence: Confidence::High,
        mailbox_proved: false,
    }
}

fn enable(provider: MultifactorProvider) -> MultifactorRequest {
    MultifactorRequest { provider, allow_remember_browser: false, provider_options: serde_json::Value::Null }
}

/// A decision in one line.
fn told(decision: &Decision) -> String {
    let list = |choice: &Choice| {
        let names: Vec<_> = choice.factors.iter().map(|factor| factor.as_str()).collect();
        let listed = if choice.listed_by == ListedBy::Action { "listed" } else { "any" };
        format!("{listed} {}", names.join(" "))
    };
    match &decision.requirement {
        Requirement::Nothing => "nothing".to_owned(),
        Requirement::Challenge(choice) => format!("challenge {}", list(choice)),
        Requirement::Enroll(choice) => format!("enroll {}", list(choice)),
        Requirement::Refused(refusal) => format!("{refusal:?}"),
        Requirement::ProveMailbox => "prove the mailbox".to_owned(),
    }
}

#[test]
fn policy_by_flow_and_enrolment() {
    let none: &[FactorType] = &[];
    let challenge = "challenge any otp recovery-code";
    let enroll = "enroll any push-notification otp phone email";
    for (policy, flow, enrolled, expected) in [
        (Policy::Never, Flow::Interactive, &[Otp][..], "nothing"),
        (Policy::Never, Flow::Silent, &[Otp], "nothing"),
        (Policy::Never, Flow::Refresh, &[Otp], "nothing"),
        (Policy::Never, Flow::Password, &[Otp], "nothing"),
        (Policy::Always, Flow::Interactive, &[Otp, Recovery], challenge),
        (Policy::Always, Flow::Silent, &[Otp, Recovery], challenge),
        (Policy::Always, Flow::Refresh, &[Otp, Recovery], challenge),
        (Policy::Always, Flow::Password, &[Otp, Recovery], challenge),
        (Policy::Always, Flow::Interactive, none, enroll),
        (Policy::Always, Flow::Refresh, none, enroll),
        (Policy::Always, Flow::Password, none, enroll),
        (Policy::Always, Flow::Password, &[Email], "challenge any email"),
        (Policy::Always, Flow::Password, &[Recovery], enroll),
        (Policy::Adaptive, Flow::Interactive, &[Otp], "nothing"),
        (Policy::Adaptive, Flow::Refresh, &[Otp], "nothing"),
        (Policy::Adaptive, Flow::Password, &[Otp], "nothing"),
    ] {
        let decision = requirement(policy, Asked::End(None), &factors(ALL, enrolled), &seen(flow));
        assert_eq!(told(&decision), expected, "{policy:?} {flow:?} {enrolled:?}");
    }
}

#[test]
fn adaptive_asks_for_a_factor_or_for_the_mailbox_where_the_confidence_is_low() {
    let none: &[FactorType] = &[];
    for (flow, enrolled, has_address, expected) in [
        (Flow::Interactive, &[Otp][..], true, "challenge any otp"),
        (Flow::Silent, &[Otp], true, "challenge any otp"),
        (Flow::Refresh, &[Otp], true, "nothing"),
        (Flow::Password, &[Otp], true, "challenge any otp"),
        (Flow::Interactive, none, true, "prove the mailbox"),
        (Flow::Interactive, &[Recovery], true, "prove the mailbox"),
        (Flow::Silent, none, true, "prove the mailbox"),
        (Flow::Refresh, none, true, "nothing"),
        (Flow::Password, none, true, "nothing"),
        (Flow::Interactive, none, false, "nothing"),
        (Flow::Silent, none, false, "nothing"),
    ] {
        let factors = Factors { has_address, ..factors(ALL, enrolled) };
        let low = Seen { confidence: Confidence::Low, ..seen(flow) };
        let decision = requirement(Policy::Adaptive, Asked::End(None), &factors, &low);
        assert_eq!(told(&decision), expected, "{flow:?} {enrolled:?} {has_address}");
        let in_vain = flow == Flow::Interactive && !has_address;
        let left_out: &[Dropped] = if in_vain { &[Dropped::NoAddress] } else { &[] };
        assert_eq!(decision.dropped, left_out, "{flow:?} {enrolled:?} {has_address}");
    }
}

/// What the caller or an Action asks for is no way past it: an enrolment says nothing of who enrols.
#[test]
fn adaptive_has_the_mailbox_proved_before_a_doubtful_login_enrols() {
    let none: &[FactorType] = &[];
    let enroll = "enroll any push-notification otp phone email";
    let any = enable(MultifactorProvider::Any);
    let app = enable(MultifactorProvider::GoogleAuthenticator);
    let off = enable(MultifactorProvider::None);
    let low = Seen { confidence: Confidence::Low, ..seen(Flow::Interactive) };
    let by_acr = Seen { acr_multi_factor: true, ..low.clone() };
    let proved = Seen { mailbox_proved: true, ..by_acr.clone() };
    let password = Seen { flow: Flow::Password, ..low.clone() };
    for (policy, seen, enabled, enrolled, has_address, expected) in [
        (Policy::Adaptive, &by_acr, None, none, true, "prove the mailbox"),
        (Policy::Adaptive, &by_acr, None, &[Recovery], true, "prove the mailbox"),
        (Policy::Adaptive, &low, Some(&any), none, true, "prove the mailbox"),
        (Policy::Adaptive, &low, Some(&app), none, true, "prove the mailbox"),
        (Policy::Adaptive, &proved, None, none, true, enroll),
        (Policy::Adaptive, &proved, Some(&any), none, true, enroll),
        (Policy::Adaptive, &by_acr, None, &[Otp], true, "challenge any otp"),
        (Policy::Adaptive, &by_acr, None, none, false, enroll),
        (Policy::Adaptive, &by_acr, Some(&off), none, true, "nothing"),
        (Policy::Adaptive, &password, Some(&any), none, true, enroll),
        (Policy::Always, &by_acr, None, none, true, enroll),
        (Policy::Never, &by_acr, None, none, true, enroll),
    ] {
        let factors = Factors { has_address, ..factors(ALL, enrolled) };
        let decision = requirement(policy, Asked::End(enabled), &factors, seen);
        assert_eq!(told(&decision), expected, "{policy:?} {seen:?} {enabled:?} {enrolled:?} {has_address}");
    }
    let command = enroll_with(&[Otp]);
    let decision = requirement(Policy::Adaptive, Asked::Command(&command), &factors(ALL, none), &by_acr);
    assert_eq!(told(&decision), "enroll listed otp", "an Action's command stands over the policy");
}

/// The mailbox was proved here: that the address counts as a factor from now on changes nothing for this login.
#[test]
fn whoever_has_proved_the_mailbox_is_asked_no_more_by_adaptive() {
    let proved = Seen { confidence: Confidence::Low, mailbox_proved: true, ..seen(Flow::Interactive) };
    let decide = |policy, asked| told(&requirement(policy, asked, &factors(ALL, &[Email]), &proved));
    assert_eq!(decide(Policy::Adaptive, Asked::End(None)), "nothing");
    assert_eq!(decide(Policy::Always, Asked::End(None)), "challenge any email", "it is no second factor");
    let request = enable(MultifactorProvider::Any);
    assert_eq!(decide(Policy::Adaptive, Asked::End(Some(&request))), "challenge any email");
}

#[test]
fn a_policy_without_an_enabled_factor_asks_nothing_and_says_so() {
    let decision =
        requirement(Policy::Always, Asked::End(None), &factors(&[], &[]), &seen(Flow::Interactive));
    assert_eq!(decision.requirement, Requirement::Nothing);
    assert_eq!(decision.dropped, [Dropped::NothingEnabled]);
}

#[test]
fn multifactor_enable_stands_over_the_policy() {
    for (policy, provider, expected) in [
        (Policy::Never, MultifactorProvider::Any, "challenge any otp"),
        (Policy::Never, MultifactorProvider::Guardian, "challenge any otp"),
        (Policy::Always, MultifactorProvider::None, "nothing"),
        (Policy::Always, MultifactorProvider::Any, "challenge any otp"),
    ] {
        for flow in [Flow::Interactive, Flow::Refresh, Flow::Password] {
            let request = enable(provider);
            let decision =
                requirement(policy, Asked::End(Some(&request)), &factors(ALL, &[Otp]), &seen(flow));
            assert_eq!(told(&decision), expected, "{policy:?} {provider:?} {flow:?}");
        }
    }
}

#[test]
fn a_recovery_code_stands_in_once() {
    let passed = [Passed { factor: Recovery, how: How::Challenged }];
    for (passed, expected) in
        [(&[][..], "challenge listed otp recovery-code"), (&passed, "challenge listed otp")]
    {
        let seen = Seen { passed, ..seen(Flow::Password) };
        let command = challenge_with(&[Otp]);
        let decision =
            requirement(Policy::Never, Asked::Command(&command), &factors(ALL, &[Otp, Recovery]), &seen);
        assert_eq!(told(&decision), expected);
    }
}

#[test]
fn google_authenticator_means_the_app_where_there_is_one() {
    let request = enable(MultifactorProvider::GoogleAuthenticator);
    for (enrolled, expected) in [
        (&[Push, Otp, Recovery][..], "challenge any otp recovery-code"),
        (&[Push, Phone], "challenge any push-notification phone"),
        (&[], "enroll any otp"),
    ] {
        let state = seen(Flow::Interactive);
        let decision =
            requirement(Policy::Never, Asked::End(Some(&request)), &factors(ALL, enrolled), &state);
        assert_eq!(told(&decision), expected, "{enrolled:?}");
    }
}

#[test]
fn what_was_passed_ends_the_policys_turn() {
    let passed = [Passed { factor: Otp, how: How::Challenged }];
    for state in [
        Seen { passed: &passed, ..seen(Flow::Refresh) },
        Seen { session_has_mfa: true, ..seen(Flow::Interactive) },
        Seen { session_has_mfa: true, ..seen(Flow::Silent) },
        Seen { browser_remembered: true, ..seen(Flow::Interactive) },
    ] {
        let decision = requirement(Policy::Always, Asked::End(None), &factors(ALL, &[Otp]), &state);
        assert_eq!(told(&decision), "nothing", "{state:?}");
    }
    for (state, why) in [
        (
            Seen { session_has_mfa: true, ..seen(Flow::Refresh) },
            "an earlier login does not count at a refresh",
        ),
        (Seen { commands: 1, ..seen(Flow::Refresh) }, "a command that was skipped proves nothing"),
    ] {
        let decision = requirement(Policy::Always, Asked::End(None), &factors(ALL, &[Otp]), &state);
        assert_eq!(told(&decision), "challenge any otp", "{why}");
    }
}

#[test]
fn acr_values_demand_a_factor_in_this_very_transaction() {
    let demanded = Seen {
        acr_multi_factor: true,
        session_has_mfa: true,
        browser_remembered: true,
        ..seen(Flow::Interactive)
    };
    let none = enable(MultifactorProvider::None);
    for (policy, enabled, enrolled, expected) in [
        (Policy::Never, None, &[Otp][..], "challenge any otp"),
        (Policy::Always, None, &[Otp], "challenge any otp"),
        (Policy::Never, None, &[], "enroll any push-notification otp phone email"),
        (Policy::Never, Some(&none), &[Otp], "nothing"),
    ] {
        let decision = requirement(policy, Asked::End(enabled), &factors(ALL, enrolled), &demanded);
        assert_eq!(told(&decision), expected, "{policy:?} {enrolled:?}");
    }
}

#[test]
fn the_mfa_apis_token_needs_a_factor_of_whoever_has_one() {
    let passed = [Passed { factor: Otp, how: How::Challenged }];
    let none = enable(MultifactorProvider::None);
    for (enrolled, passed, enabled, expected) in [
        (&[][..], &[][..], None, "nothing"),
        (&[Email], &[], None, "nothing"),
        (&[Recovery], &[], None, "nothing"),
        (&[Otp], &[], None, "challenge any otp"),
        (&[Otp], &[], Some(&none), "challenge any otp"),
        (&[Otp], &passed, None, "nothing"),
    ] {
        let state = Seen {
            for_mfa_api: true,
            browser_remembered: true,
            session_has_mfa: true,
            passed,
            ..seen(Flow::Password)
        };
        let decision = requirement(Policy::Never, Asked::End(enabled), &factors(ALL, enrolled), &state);
        assert_eq!(told(&decision), expected, "{enrolled:?}");
    }
}

#[test]
fn challenge_commands() {
    let otp_passed: &[Passed] = &[Passed { factor: Otp, how: How::Challenged }];
    let otp_enrolled: &[Passed] = &[Passed { factor: Otp, how: How::Enrolled }];
    for (listed, enrolled, passed, expected) in [
        (&[Otp, Phone][..], &[Otp][..], &[][..], "challenge listed otp"),
        (&[Phone, Otp], &[Otp, Phone], &[], "challenge listed phone otp"),
        (&[Otp, Otp], &[Otp], &[], "challenge listed otp"),
        (&[Otp], &[Otp, Recovery], &[], "challenge listed otp recovery-code"),
        (&[Recovery, Otp], &[Otp, Recovery], &[], "challenge listed recovery-code otp"),
        (&[Recovery], &[Otp, Recovery], &[], "challenge listed recovery-code"),
        (&[Otp], &[], &[], "NoFactorToChallenge"),
        (&[Phone], &[Otp, Recovery], &[], "NoFactorToChallenge"),
        (&[Otp], &[Otp], otp_passed, "nothing"),
        (&[Otp, Phone], &[Otp, Phone], otp_passed, "nothing"),
        (&[Otp], &[Otp], otp_enrolled, "nothing"),
        (&[Phone], &[Otp, Phone], otp_passed, "challenge listed phone"),
    ] {
        let state = Seen { passed, commands: passed.len(), ..seen(Flow::Refresh) };
        let command = challenge_with(listed);
        let decision = requirement(Policy::Always, Asked::Command(&command), &factors(ALL, enrolled), &state);
        assert_eq!(told(&decision), expected, "{listed:?} of {enrolled:?} after {passed:?}");
    }
}

#[test]
fn enrol_commands() {
    let otp_challenged: &[Passed] = &[Passed { factor: Otp, how: How::Challenged }];
    let otp_enrolled: &[Passed] = &[Passed { factor: Otp, how: How::Enrolled }];
    for (listed, enrolled, passed, expected) in [
        (&[Otp, Phone, Push][..], &[][..], &[][..], "enroll listed otp phone push-notification"),
        (&[Otp], &[Email], &[], "enroll listed otp"),
        (&[Otp], &[Recovery], &[], "enroll listed otp"),
        (&[Otp], &[Otp], &[], "nothing"),
        (&[Otp, Phone], &[Otp], &[], "AlreadyEnrolled"),
        (&[Phone], &[Otp], &[], "AlreadyEnrolled"),
        (&[Phone], &[Otp], otp_challenged, "enroll listed phone"),
        (&[Otp, Phone], &[Otp], otp_enrolled, "nothing"),
        (&[Email], &[], &[], "NoFactorToEnroll"),
        (&[Recovery], &[Otp], otp_challenged, "NoFactorToEnroll"),
    ] {
        let state = Seen { passed, commands: passed.len(), ..seen(Flow::Password) };
        let command = enroll_with(listed);
        let decision = requirement(Policy::Never, Asked::Command(&command), &factors(ALL, enrolled), &state);
        assert_eq!(told(&decision), expected, "{listed:?} with {enrolled:?} after {passed:?}");
    }
}

#[test]
fn an_e_mail_that_was_enrolled_counts_but_for_the_mfa_api() {
    let chosen = Factors { on_purpose: true, ..factors(ALL, &[Email]) };
    let command = enroll_with(&[Otp]);
    let decision = requirement(Policy::Never, Asked::Command(&command), &chosen, &seen(Flow::Password));
    assert_eq!(told(&decision), "AlreadyEnrolled");
    let for_mfa_api = Seen { for_mfa_api: true, ..seen(Flow::Password) };
    let decision = requirement(Policy::Never, Asked::End(None), &chosen, &for_mfa_api);
    assert_eq!(told(&decision), "nothing");
}

#[test]
fn what_the_tenant_has_off_is_never_offered() {
    let only_otp = &[Otp, Recovery];
    for (command, enrolled, expected, dropped) in [
        (
            enroll_with(&[Otp, Phone, Push]),
            &[][..],
            "enroll listed otp",
            &[Dropped::NotEnabled(Phone), Dropped::NotEnabled(Push)][..],
        ),
        (enroll_with(&[Phone]), &[], "NoFactorToEnroll", &[Dropped::NotEnabled(Phone)]),
        (
            challenge_with(&[Otp, Phone, Email]),
            &[Otp, Phone],
            "challenge listed otp",
            &[Dropped::NotEnabled(Phone), Dropped::NotEnabled(Email)],
        ),
        (challenge_with(&[Phone]), &[Phone], "NoFactorToChallenge", &[Dropped::NotEnabled(Phone)]),
        (challenge_with(&[Otp]), &[], "NoFactorToChallenge", &[Dropped::NotEnrolled(Otp)]),
    ] {
        let decision = requirement(
            Policy::Never,
            Asked::Command(&command),
            &factors(only_otp, enrolled),
            &seen(Flow::Refresh),
        );
        assert_eq!(told(&decision), expected, "{command:?}");
        assert_eq!(decision.dropped, dropped, "{command:?}");
    }
}

#[test]
fn the_fifth_command_fails_the_flow() {
    let command = challenge_with(&[Otp]);
    for (commands, expected) in [(3, "challenge listed otp"), (4, "TooManyCommands")] {
        let state = Seen { commands, ..seen(Flow::Interactive) };
        let decision = requirement(Policy::Never, Asked::Command(&command), &factors(ALL, &[Otp]), &state);
        assert_eq!(told(&decision), expected, "after {commands}");
    }
}

#[test]
fn remembering_the_browser_is_offered_by_policy_and_by_option_only() {
    let remember = MultifactorRequest { allow_remember_browser: true, ..enable(MultifactorProvider::Any) };
    let plain = enable(MultifactorProvider::Any);
    for (policy, enabled, acr, expected) in [
        (Policy::Always, None, false, true),
        (Policy::Always, None, true, false),
        (Policy::Never, Some(&remember), false, true),
        (Policy::Never, Some(&plain), false, false),
        (Policy::Always, Some(&plain), false, false),
    ] {
        let state = Seen { acr_multi_factor: acr, ..seen(Flow::Interactive) };
        let decision = requirement(policy, Asked::End(enabled), &factors(ALL, &[Otp]), &state);
        let Requirement::Challenge(choice) = decision.requirement else { panic!("{decision:?}") };
        assert_eq!(choice.may_remember, expected, "{policy:?} {enabled:?} {acr}");
    }
}
