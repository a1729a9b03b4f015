//! Out-of-band transactions: codes that were sent, questions to phones, QR codes.

use std::time::Duration;

use futures_util::future::join_all;
use secrecy::ExposeSecret;
use serde_json::json;
use stepup_protocol::mfa::OobChannel;
use stepup_tenant::{
    model::{
        Authenticator, Credential, Digest, OobAnswer, OobOwner, OobTransaction, PhoneChannel, PhoneReach,
        PushCredentials, PushDevice, PushState,
    },
    store::{Attempt, Enrolment, Judged, Proof, Store, StoreError},
};

use super::{NOW, at, authenticator, authenticators::attempt, ids, on_every_database, recovery, totp};

fn sent(id: &str, expects: OobAnswer) -> OobTransaction {
    OobTransaction {
        id: id.to_owned(),
        user_id: "auth0|1".to_owned(),
        client_id: Some("webapp".to_owned()),
        authenticator_id: "phone|dev_1".to_owned(),
        channel: OobChannel::Sms,
        owner: OobOwner::MfaToken(Digest::of("mfa_token")),
        enrolls: false,
        expects,
        state: PushState::Pending,
        transaction_id: None,
        created_at: NOW,
        expires_at: at(300),
    }
}

fn code() -> OobAnswer {
    OobAnswer::Code { binding: Digest::of("123456"), address: None }
}

fn push(token: &str) -> OobAnswer {
    OobAnswer::Push {
        token: Digest::of(token),
        challenge: "c".to_owned(),
        payload: json!({ "dai": "dev_1" }),
    }
}

fn scan(ticket: &str, first: bool) -> OobAnswer {
    OobAnswer::Scan { ticket: Digest::of(ticket), expires_at: at(300), first }
}

fn phone() -> Authenticator {
    let reach = PhoneReach::only(PhoneChannel::Sms);
    authenticator("phone|dev_1", Credential::Phone { number: "+12025550123".to_owned(), reach })
}

fn device() -> PushDevice {
    PushDevice {
        identifier: "device-1".to_owned(),
        name: "Ada's phone".to_owned(),
        push: Some(PushCredentials { service: "GCM".to_owned(), token: "address".into() }),
        public_key: json!({ "kty": "RSA" }),
        token: Digest::of("device token"),
    }
}

async fn look(store: &dyn Store, oob_code: &str, seconds: u64) -> Judged {
    let oob_code = Digest::of(oob_code);
    let interval = Duration::from_secs(1);
    let proof = Proof::Push { oob_code: &oob_code, authenticator_id: "phone|dev_1", interval };
    store.prove(Attempt { now: at(seconds), ..attempt(Some(proof)) }).await.unwrap()
}

#[tokio::test]
async fn a_code_is_good_for_one_of_many() {
    on_every_database(async |store| {
        store.insert_authenticator(&phone()).await.unwrap();
        let oob_code = Digest::of("oob");
        store.insert_oob(&oob_code, &sent("oob_1", code()), None).await.unwrap().unwrap();
        assert_eq!(store.oob(&oob_code).await.unwrap(), Some(sent("oob_1", code())));
        let conflict =
            store.insert_oob(&Digest::of("other"), &sent("oob_1", code()), None).await.unwrap_err();
        assert!(matches!(conflict, StoreError::Conflict { .. }));

        let proof = Proof::Code { oob_code: &oob_code, authenticator_id: Some("phone|dev_1") };
        let all = join_all((0..8).map(|_| store.prove(attempt(Some(proof))))).await;
        let passed = all.into_iter().filter(|judged| matches!(judged, Ok(Judged::Passed))).count();
        assert_eq!(passed, 1);
        assert_eq!(store.oob(&oob_code).await.unwrap(), None);
        assert!(ids(&*store).await[0].1, "the first use confirms");

        let gone = Proof::Code { oob_code: &oob_code, authenticator_id: None };
        store.insert_oob(&oob_code, &sent("oob_2", code()), None).await.unwrap().unwrap();
        store.delete_authenticators("auth0|1").await.unwrap();
        let removed = Proof::Code { oob_code: &oob_code, authenticator_id: Some("phone|dev_1") };
        assert_eq!(store.prove(attempt(Some(removed))).await.unwrap(), Judged::Wrong);
        assert_eq!(store.prove(attempt(Some(gone))).await.unwrap(), Judged::AlreadyUsed);
    })
    .await;
}

#[tokio::test]
async fn a_phone_answers_once() {
    on_every_database(async |store| {
        store.insert_authenticator(&phone()).await.unwrap();
        for (oob_code, id, token) in [("yes", "oob_y", "ty"), ("no", "oob_n", "tn"), ("late", "oob_l", "tl")]
        {
            store.insert_oob(&Digest::of(oob_code), &sent(id, push(token)), None).await.unwrap().unwrap();
        }
        store.insert_oob(&Digest::of("sms"), &sent("oob_s", code()), None).await.unwrap().unwrap();
        assert!(!store.answer_push("oob_s", true, at(1)).await.unwrap(), "a code is not answered by a phone");
        let pending = async |user, now| -> Vec<String> {
            let all = store.pending_pushes(user, now).await.unwrap();
            all.into_iter().map(|it| it.id).collect()
        };
        assert_eq!(pending(None, at(1)).await, ["oob_y", "oob_n", "oob_l"]);
        assert_eq!(pending(Some("auth0|1"), at(1)).await.len(), 3);
        assert!(pending(Some("auth0|2"), at(1)).await.is_empty());
        assert!(pending(None, at(300)).await.is_empty());

        assert_eq!(store.oob_by_token(&Digest::of("tn")).await.unwrap().unwrap().id, "oob_n");
        assert_eq!(look(&*store, "yes", 1).await, Judged::Pending);
        assert_eq!(look(&*store, "yes", 1).await, Judged::TooFast);
        assert_eq!(look(&*store, "yes", 2).await, Judged::Pending);
        assert!(store.answer_push("oob_y", true, at(2)).await.unwrap());
        assert!(!store.answer_push("oob_y", false, at(2)).await.unwrap(), "the first answer stands");
        assert!(store.answer_push("oob_n", false, at(2)).await.unwrap());
        assert!(!store.answer_push("oob_l", true, at(300)).await.unwrap(), "too late");
        assert!(!store.answer_push("oob_x", true, at(2)).await.unwrap());
        assert_eq!(store.oob_by_id("oob_n").await.unwrap().unwrap().state, PushState::Denied);

        assert_eq!(look(&*store, "yes", 2).await, Judged::Passed, "an answer need not be waited for");
        assert_eq!(look(&*store, "yes", 3).await, Judged::AlreadyUsed);
        assert_eq!(look(&*store, "no", 3).await, Judged::Denied);
        assert_eq!(look(&*store, "no", 9).await, Judged::Denied);
    })
    .await;
}

/// A push enrolment as it begins.
async fn begin(store: &dyn Store, first: bool) {
    let push = authenticator("push|dev_1", Credential::Push { device: None, totp: "totp|dev_t".to_owned() });
    let twin = authenticator(
        "totp|dev_t",
        Credential::Totp {
            secret: "GAXVUW2SJRRE2MJR".into(),
            last_step: None,
            push: Some("push|dev_1".to_owned()),
        },
    );
    let waiting = OobTransaction {
        authenticator_id: "push|dev_1".to_owned(),
        channel: OobChannel::Auth0,
        enrolls: true,
        ..sent("oob_e", scan("ticket", first))
    };
    let all = [push, twin, recovery("recovery-code|dev_r", "CODE", "push|dev_1")];
    let oob = Some((&Digest::of("enrol"), &waiting));
    store
        .begin_enrolment(Enrolment { authenticators: &all, oob, limit: None, now: NOW })
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn one_phone_gets_the_qr_code_and_twins_live_and_die_together() {
    on_every_database(async |store| {
        begin(&*store, true).await;
        let (ticket, device) = (Digest::of("ticket"), device());
        assert!(store.pending_pushes(None, at(1)).await.unwrap().is_empty(), "a QR code is no question");
        assert!(store.attach_device(&ticket, &device, &["totp"], at(300)).await.unwrap().is_none(), "over");
        let all = join_all((0..4).map(|_| store.attach_device(&ticket, &device, &["totp"], at(1)))).await;
        let attached: Vec<_> = all.into_iter().filter_map(|it| it.unwrap()).collect();
        assert_eq!(attached.len(), 1);
        assert_eq!((attached[0].push.id.as_str(), attached[0].totp.active()), ("push|dev_1", true));
        assert!(ids(&*store).await.iter().all(|(_, active)| *active), "the recovery code too");
        assert_eq!(store.oob_by_id("oob_e").await.unwrap().unwrap().state, PushState::Approved);

        let kept = store.enrollment("dev_1").await.unwrap().unwrap();
        let Credential::Push { device: Some(phone), totp } = &kept.credential else { panic!("not a push") };
        assert_eq!(totp, "totp|dev_t");
        assert_eq!((phone.identifier.as_str(), phone.name.as_str()), ("device-1", "Ada's phone"));
        let address = phone.push.as_ref().unwrap();
        assert_eq!((address.service.as_str(), address.token.expose_secret()), ("GCM", "address"));
        assert!(phone.token.same(&Digest::of("device token")));

        let mut moved = kept.clone();
        let renamed = PushDevice { name: "Her new phone".to_owned(), push: None, ..(**phone).clone() };
        moved.credential =
            Credential::Push { device: Some(Box::new(renamed)), totp: "totp|dev_t".to_owned() };
        assert!(store.update_authenticator(&moved).await.unwrap());
        let kept = store.enrollment("dev_1").await.unwrap().unwrap();
        assert_eq!(kept.masked_name().as_deref(), Some("Her new phone"));

        assert!(store.delete_authenticator("auth0|1", "totp|dev_t").await.unwrap());
        assert_eq!(ids(&*store).await, []);
    })
    .await;
}

#[tokio::test]
async fn an_enrolment_begun_on_a_password_alone_is_void_once_there_is_a_factor() {
    on_every_database(async |store| {
        begin(&*store, true).await;
        store.insert_authenticator(&totp("totp|dev_own")).await.unwrap();
        let proof = Proof::Totp { authenticator_id: "totp|dev_own", step: 1, newest: 1 };
        assert_eq!(store.prove(attempt(Some(proof))).await.unwrap(), Judged::Passed);
        let ticket = Digest::of("ticket");
        assert!(store.attach_device(&ticket, &device(), &["totp"], at(2)).await.unwrap().is_none());
        store.clear().await.unwrap();

        begin(&*store, false).await;
        store.insert_authenticator(&totp("totp|dev_own")).await.unwrap();
        assert_eq!(store.prove(attempt(Some(proof))).await.unwrap(), Judged::Passed);
        assert!(store.attach_device(&ticket, &device(), &["totp"], at(2)).await.unwrap().is_some());
    })
    .await;
}
