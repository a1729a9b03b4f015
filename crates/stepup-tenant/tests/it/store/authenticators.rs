//! Authenticators, recovery codes, and what proves a factor.

use std::time::Duration;

use futures_util::future::join_all;
use secrecy::ExposeSecret;
use stepup_tenant::{
    model::{Authenticator, BucketKind, BucketRule, Credential, Digest, Empty, PhoneChannel, PhoneReach},
    store::{Attempt, Enrolment, Judged, Proof, Store, StoreError},
};

use super::{NOW, at, authenticator, ids, on_every_database, recovery, totp};

/// The newest step of the codes here.
const NEWEST: u64 = 1000;

pub(super) fn attempt(proof: Option<Proof<'_>>) -> Attempt<'_> {
    Attempt { user_id: "auth0|1", limit: None, proof, first: None, mfa_token: None, now: at(1) }
}

async fn app(store: &dyn Store, id: &str, step: u64) -> Judged {
    store.prove(attempt(Some(Proof::Totp { authenticator_id: id, step, newest: NEWEST }))).await.unwrap()
}

async fn use_recovery_code(store: &dyn Store, user_id: &str, presented: &str, replacement: &str) -> Judged {
    let (presented, replacement) = (Digest::of(presented), Digest::of(replacement));
    let proof = Proof::RecoveryCode { presented: &presented, replacement: &replacement };
    store.prove(Attempt { user_id, ..attempt(Some(proof)) }).await.unwrap()
}

#[tokio::test]
async fn the_first_accepted_code_confirms_the_app_and_the_recovery_code_given_with_it() {
    on_every_database(async |store| {
        for (app, code) in [("totp|dev_1", "FIRST"), ("totp|dev_2", "SECOND")] {
            let both = [totp(app), recovery(&format!("recovery-code|{code}"), code, app)];
            store
                .begin_enrolment(Enrolment { authenticators: &both, oob: None, limit: None, now: NOW })
                .await
                .unwrap()
                .unwrap();
        }
        assert_eq!(ids(&*store).await.iter().filter(|(_, active)| *active).count(), 0);
        assert_eq!(use_recovery_code(&*store, "auth0|1", "SECOND", "X").await, Judged::Wrong, "pending");

        assert_eq!(app(&*store, "totp|dev_1", 100).await, Judged::Passed);
        let all = store.authenticators("auth0|1").await.unwrap();
        let left: Vec<_> = all.iter().map(|it| (it.id.as_str(), it.active())).collect();
        assert_eq!(left, [("totp|dev_1", true), ("recovery-code|FIRST", true), ("totp|dev_2", false)]);
        assert_eq!((all[0].confirmed_at, all[0].last_used_at), (Some(at(1)), Some(at(1))));
        let Credential::Totp { secret, last_step, .. } = &all[0].credential else { panic!("not an app") };
        assert_eq!((secret.expose_secret(), *last_step), ("GAXVUW2SJRRE2MJR", Some(100)));
        assert_eq!(
            use_recovery_code(&*store, "auth0|1", "SECOND", "X").await,
            Judged::Wrong,
            "not confirmed"
        );
        assert_eq!(use_recovery_code(&*store, "auth0|1", "FIRST", "X").await, Judged::Passed);
    })
    .await;
}

#[tokio::test]
async fn a_code_is_accepted_once_and_never_an_older_one() {
    on_every_database(async |store| {
        store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
        let all = join_all((0..8).map(|_| app(&*store, "totp|dev_1", 100))).await;
        assert_eq!(all.iter().filter(|judged| **judged == Judged::Passed).count(), 1);
        assert_eq!(app(&*store, "totp|dev_1", 99).await, Judged::AlreadyUsed);
        assert_eq!(app(&*store, "totp|dev_1", 101).await, Judged::Passed);
        assert_ne!(app(&*store, "totp|dev_9", 101).await, Judged::Passed);
    })
    .await;
}

#[tokio::test]
async fn a_step_that_is_yet_to_come_was_noted_before_the_clock_went_back() {
    on_every_database(async |store| {
        store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
        for (step, newest, expected) in [
            (5000, 5001, Judged::Passed),
            (100, 101, Judged::Passed),
            (101, 101, Judged::Passed),
            (100, 101, Judged::AlreadyUsed),
            (101, 101, Judged::AlreadyUsed),
        ] {
            let proof = Some(Proof::Totp { authenticator_id: "totp|dev_1", step, newest });
            assert_eq!(store.prove(attempt(proof)).await.unwrap(), expected, "{step}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_recovery_code_is_taken_once_and_replaced() {
    on_every_database(async |store| {
        store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
        store.insert_authenticator(&recovery("recovery-code|dev_1", "FIRST", "totp|dev_1")).await.unwrap();
        app(&*store, "totp|dev_1", 1).await;
        assert_eq!(use_recovery_code(&*store, "auth0|2", "FIRST", "SECOND").await, Judged::Wrong);
        let takes = join_all((0..8).map(|_| use_recovery_code(&*store, "auth0|1", "FIRST", "SECOND"))).await;
        assert_eq!(takes.iter().filter(|judged| **judged == Judged::Passed).count(), 1);
        assert_eq!(use_recovery_code(&*store, "auth0|1", "SECOND", "FIRST").await, Judged::Passed);
    })
    .await;
}

#[tokio::test]
async fn tries_are_counted_where_they_fail_and_a_right_one_is_refused_when_they_are_used_up() {
    on_every_database(async |store| {
        store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
        let rule = BucketRule { size: 2, refill: Duration::from_secs(60) };
        let limit = Some((BucketKind::Code, rule));
        let right = |step| Proof::Totp { authenticator_id: "totp|dev_1", step, newest: NEWEST };
        let try_one = async |proof| store.prove(Attempt { limit, ..attempt(proof) }).await.unwrap();
        assert_eq!(try_one(Some(right(1))).await, Judged::Passed);
        assert_eq!(try_one(Some(right(1))).await, Judged::AlreadyUsed);
        assert_eq!(try_one(Some(right(2))).await, Judged::Passed);
        assert_eq!(try_one(None).await, Judged::Wrong);
        let empty = Empty { refills_in: Duration::from_secs(60) };
        assert_eq!(try_one(Some(right(3))).await, Judged::TooMany(empty));
        let later = Attempt { limit, now: at(62), ..attempt(Some(right(3))) };
        assert_eq!(store.prove(later).await.unwrap(), Judged::Passed, "nothing was spent on the refusal");
    })
    .await;
}

#[tokio::test]
async fn an_enrolment_on_a_password_alone_is_void_once_there_is_a_factor() {
    on_every_database(async |store| {
        store.insert_authenticator(&totp("totp|dev_planted")).await.unwrap();
        store.insert_authenticator(&totp("totp|dev_own")).await.unwrap();
        let first = async |authenticator_id, step| {
            let proof = Some(Proof::Totp { authenticator_id, step, newest: NEWEST });
            store.prove(Attempt { first: Some(&["totp"]), ..attempt(proof) }).await.unwrap()
        };
        let both = tokio::join!(first("totp|dev_planted", 1), first("totp|dev_own", 1));
        assert!(
            matches!(
                both,
                (Judged::Passed, Judged::AlreadyEnrolled) | (Judged::AlreadyEnrolled, Judged::Passed)
            ),
            "{both:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn only_what_is_usable_voids_an_enrolment() {
    on_every_database(async |store| {
        let confirmed =
            |id: &str, credential| Authenticator { confirmed_at: Some(NOW), ..authenticator(id, credential) };
        let by = |preferred, both| Credential::Phone {
            number: "+12025550123".to_owned(),
            reach: PhoneReach { preferred, both },
        };
        let email = Credential::Email { address: "ada@example.com".to_owned() };
        let code = Credential::RecoveryCode { digest: Digest::of("CODE"), came_with: None };
        let app = Credential::totp("GAXVUW2SJRRE2MJR".into());
        for (held, usable, expected) in [
            (confirmed("totp|dev_0", app.clone()), &["totp"][..], Judged::AlreadyEnrolled),
            (confirmed("totp|dev_0", app), &["email", "push", "sms", "voice"], Judged::Passed),
            (confirmed("phone|dev_0", by(PhoneChannel::Sms, false)), &["sms"], Judged::AlreadyEnrolled),
            (confirmed("phone|dev_0", by(PhoneChannel::Sms, false)), &["voice", "totp"], Judged::Passed),
            (confirmed("phone|dev_0", by(PhoneChannel::Sms, true)), &["voice"], Judged::AlreadyEnrolled),
            (confirmed("phone|dev_0", by(PhoneChannel::Sms, true)), &["totp"], Judged::Passed),
            (confirmed("email|dev_0", email.clone()), &["email"], Judged::AlreadyEnrolled),
            (confirmed("email|dev_0", email.clone()), &[], Judged::Passed),
            (authenticator("email|dev_0", email), &["email"], Judged::Passed),
            (confirmed("recovery-code|dev_0", code), &["totp"], Judged::Passed),
        ] {
            store.insert_authenticator(&totp("totp|dev_new")).await.unwrap();
            store.insert_authenticator(&held).await.unwrap();
            let proof = Some(Proof::Totp { authenticator_id: "totp|dev_new", step: 1, newest: NEWEST });
            let judged = store.prove(Attempt { first: Some(usable), ..attempt(proof) }).await.unwrap();
            assert_eq!(judged, expected, "{held:?} of {usable:?}");
            store.delete_authenticators("auth0|1").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_proof_for_a_request_that_has_gone_on_is_left_alone() {
    on_every_database(async |store| {
        store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
        let gone = Digest::of("an mfa_token that was never there");
        let proof = Some(Proof::Totp { authenticator_id: "totp|dev_1", step: 7, newest: NEWEST });
        let spent = Attempt { mfa_token: Some(&gone), ..attempt(proof) };
        assert_eq!(store.prove(spent).await.unwrap(), Judged::Spent);
        assert_eq!(ids(&*store).await, [("totp|dev_1".to_owned(), false)]);
        assert_eq!(store.prove(attempt(proof)).await.unwrap(), Judged::Passed);
    })
    .await;
}

#[tokio::test]
async fn the_recovery_code_goes_with_the_last_authenticator() {
    on_every_database(async |store| {
        store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
        store.insert_authenticator(&totp("totp|dev_2")).await.unwrap();
        store.insert_authenticator(&recovery("recovery-code|dev_1", "FIRST", "totp|dev_1")).await.unwrap();
        app(&*store, "totp|dev_1", 1).await;
        app(&*store, "totp|dev_2", 1).await;
        assert!(!store.delete_authenticator("auth0|2", "totp|dev_1").await.unwrap());
        assert!(store.delete_authenticator("auth0|1", "totp|dev_1").await.unwrap());
        assert_eq!(ids(&*store).await.len(), 2);
        assert!(store.delete_authenticator("auth0|1", "totp|dev_2").await.unwrap());
        assert_eq!(ids(&*store).await, []);
        assert!(!store.delete_authenticator("auth0|1", "totp|dev_2").await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn few_pending_enrolments_of_a_kind_stay_and_none_for_long() {
    on_every_database(async |store| {
        let begin = async |id: &str, now| {
            let one = [Authenticator { created_at: now, ..totp(id) }];
            store
                .begin_enrolment(Enrolment { authenticators: &one, oob: None, limit: None, now })
                .await
                .unwrap()
                .unwrap();
        };
        for number in 0..7 {
            begin(&format!("totp|dev_{number}"), NOW).await;
        }
        let left: Vec<_> = ids(&*store).await.into_iter().map(|(id, _)| id).collect();
        assert_eq!(left, ["totp|dev_2", "totp|dev_3", "totp|dev_4", "totp|dev_5", "totp|dev_6"]);
        app(&*store, "totp|dev_3", 1).await;
        begin("totp|dev_next", at(86_401)).await;
        let left: Vec<_> = ids(&*store).await.into_iter().map(|(id, _)| id).collect();
        assert_eq!(left, ["totp|dev_3", "totp|dev_next"]);
    })
    .await;
}

#[tokio::test]
async fn a_push_enrolment_is_no_app_among_apps_and_goes_as_a_whole() {
    on_every_database(async |store| {
        let begin = async |authenticators: &[Authenticator]| {
            let enrolment = Enrolment { authenticators, oob: None, limit: None, now: NOW };
            store.begin_enrolment(enrolment).await.unwrap().unwrap();
        };
        let push = |number: u32| {
            let (push, app) = (format!("push|dev_{number}"), format!("totp|dev_of_{number}"));
            let secret = "GAXVUW2SJRRE2MJR".into();
            let twin = Credential::Totp { secret, last_step: None, push: Some(push.clone()) };
            [
                authenticator(&push, Credential::Push { device: None, totp: app.clone() }),
                authenticator(&app, twin),
            ]
        };
        begin(&push(0)).await;
        for number in 0..6 {
            begin(&[totp(&format!("totp|dev_{number}"))]).await;
        }
        let left = ids(&*store).await.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(left[..2], ["push|dev_0", "totp|dev_of_0"]);
        assert_eq!((left.len(), left[2].as_str()), (7, "totp|dev_1"));
        for number in 1..6 {
            begin(&push(number)).await;
        }
        let left = ids(&*store).await.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert!(
            !left.contains(&"push|dev_0".to_owned()) && !left.contains(&"totp|dev_of_0".to_owned()),
            "{left:?}"
        );
        assert_eq!(left.len(), 15, "five apps, five phones, each with its app: {left:?}");
    })
    .await;
}

#[tokio::test]
async fn every_credential_comes_back_as_it_was() {
    on_every_database(async |store| {
        let reach = PhoneReach { preferred: PhoneChannel::Voice, both: true };
        let phone = Credential::Phone { number: "+12025550123".to_owned(), reach };
        let email = Credential::Email { address: "Ada@example.com".to_owned() };
        store.insert_authenticator(&authenticator("phone|dev_p", phone)).await.unwrap();
        store.insert_authenticator(&authenticator("email|dev_e", email)).await.unwrap();
        let all = store.authenticators("auth0|1").await.unwrap();
        assert!(matches!(&all[0].credential, Credential::Phone { number, reach: kept }
            if number == "+12025550123" && *kept == reach));
        assert!(matches!(&all[1].credential, Credential::Email { address } if address == "Ada@example.com"));
        assert_eq!(all[0].masked_name().as_deref(), Some("XXXXXXXX0123"));
        assert_eq!(store.enrollment("dev_e").await.unwrap().unwrap().id, "email|dev_e");
        assert!(store.enrollment("dev_x").await.unwrap().is_none());

        let mut renamed = all[0].clone();
        renamed.name = Some("mine".to_owned());
        let only = PhoneReach::only(PhoneChannel::Sms);
        renamed.credential = Credential::Phone { number: "ignored".to_owned(), reach: only };
        assert!(store.update_authenticator(&renamed).await.unwrap());
        let kept = store.enrollment("dev_p").await.unwrap().unwrap();
        assert_eq!(kept.name.as_deref(), Some("mine"));
        assert!(matches!(&kept.credential, Credential::Phone { number, reach }
            if number == "+12025550123" && *reach == only));

        let again = store.insert_authenticator(&all[1]).await.unwrap_err();
        assert!(matches!(again, StoreError::Conflict { what: "the authenticator" }));
        store.delete_authenticators("auth0|1").await.unwrap();
        assert_eq!(ids(&*store).await, []);
        assert!(!store.update_authenticator(&renamed).await.unwrap());
    })
    .await;
}
