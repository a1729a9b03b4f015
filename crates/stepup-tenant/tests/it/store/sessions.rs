//! Users, sessions, what is under way, limits, events.

use std::time::Duration;

use futures_util::future::join_all;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use stepup_protocol::mfa::FactorType;
use stepup_tenant::{
    model::{
        AuthenticationMethod, Bucket, BucketKind, BucketRule, Channel, Digest, Empty, LogEvent,
        LoginTransaction, Message,
    },
    store::StoreError,
};

use super::{NOW, at, mfa, on_every_database, session, user};

#[tokio::test]
async fn users_are_found_by_id_and_by_identifier() {
    on_every_database(async |store| {
        store.insert_user(&user("auth0|1", "ada@example.com")).await.unwrap();
        store.insert_user(&user("auth0|2", "bob@example.com")).await.unwrap();
        let twice = store.insert_user(&user("auth0|3", "ADA@example.com")).await;
        assert!(matches!(twice, Err(StoreError::Conflict { .. })));

        let found = store.user("auth0|1").await.unwrap().unwrap();
        assert_eq!(found.email.as_deref(), Some("ada@example.com"));
        assert_eq!(found.password_hash.unwrap().expose_secret(), "$argon2id$");
        for identifier in ["ada@example.com", "ADA@Example.com", "name-of-auth0|1"] {
            let found = store.user_by_identifier("db", identifier).await.unwrap();
            assert_eq!(found.unwrap().user_id, "auth0|1", "{identifier}");
        }
        assert!(store.user_by_identifier("other", "ada@example.com").await.unwrap().is_none());
        assert!(store.user("auth0|9").await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn logins_are_counted_and_metadata_is_merged() {
    on_every_database(async |store| {
        store.insert_user(&user("auth0|1", "ada@example.com")).await.unwrap();
        let logins = join_all((0..8).map(|_| store.record_login("auth0|1", at(5)))).await;
        assert!(logins.iter().all(|login| login.as_ref().unwrap().is_some()));
        let found = store.user("auth0|1").await.unwrap().unwrap();
        assert_eq!((found.logins_count, found.last_login), (8, Some(at(5))));
        assert!(store.record_login("auth0|9", NOW).await.unwrap().is_none());

        let map = |value: Value| value.as_object().unwrap().clone();
        let none = Map::new();
        store.merge_metadata("auth0|1", &map(json!({"a": 1, "b": {"c": 2}})), &none, at(6)).await.unwrap();
        let (user_part, app_part) = (map(json!({"a": null, "d": 3})), map(json!({"vip": true})));
        let merged = store.merge_metadata("auth0|1", &user_part, &app_part, at(7)).await.unwrap().unwrap();
        assert_eq!(Value::Object(merged.user_metadata), json!({"b": {"c": 2}, "d": 3}));
        assert_eq!(Value::Object(merged.app_metadata), json!({"vip": true}));
        assert_eq!(store.user("auth0|1").await.unwrap().unwrap().updated_at, at(7));
    })
    .await;
}

#[tokio::test]
async fn a_session_is_opened_by_its_cookie_until_it_is_renewed_or_ended() {
    on_every_database(async |store| {
        let (old, new) = (Digest::of("old"), Digest::of("new"));
        store.insert_session(&old, &session("s1")).await.unwrap();
        assert_eq!(store.session_by_cookie(&old).await.unwrap(), Some(session("s1")));
        assert_eq!(store.session("s1").await.unwrap(), Some(session("s1")));
        assert!(store.session_by_cookie(&Digest::of("s1")).await.unwrap().is_none(), "the sid opens nothing");

        let mut changed = session("s1");
        changed.methods.push(AuthenticationMethod::mfa(FactorType::Otp, at(3)));
        assert!(store.update_session(&changed).await.unwrap());
        assert!(store.renew_session_cookie(&old, &new).await.unwrap());
        assert!(store.session_by_cookie(&old).await.unwrap().is_none());
        assert!(store.session_by_cookie(&new).await.unwrap().unwrap().has_mfa());

        assert!(store.delete_session("s1").await.unwrap());
        assert!(!store.delete_session("s1").await.unwrap());
        assert!(!store.update_session(&changed).await.unwrap(), "an ended session stays ended");
        assert!(store.session("s1").await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn logins_and_mfa_transactions_are_taken_once() {
    on_every_database(async |store| {
        let digest = Digest::of("state");
        let mut login = LoginTransaction {
            transaction_id: "txn_1".to_owned(),
            client_id: "webapp".to_owned(),
            parameters: [("scope".to_owned(), "openid".to_owned())].into(),
            browser: Digest::of("cookie"),
            user_id: None,
            session_id: None,
            progress: Value::Null,
            page: Value::Null,
            created_at: NOW,
            expires_at: at(600),
        };
        store.insert_login(&digest, &login).await.unwrap();
        login.user_id = Some("auth0|1".to_owned());
        assert!(store.update_login(&digest, &login).await.unwrap());
        assert_eq!(store.login(&digest).await.unwrap(), Some(login.clone()));
        let takes = join_all((0..8).map(|_| store.take_login(&digest))).await;
        assert_eq!(
            takes.into_iter().filter(|taken| taken.as_ref().unwrap().as_ref() == Some(&login)).count(),
            1
        );
        assert!(!store.update_login(&digest, &login).await.unwrap());

        let mfa = mfa();
        store.insert_mfa(&digest, &mfa).await.unwrap();
        assert_eq!(store.mfa(&digest).await.unwrap(), Some(mfa.clone()));
        let takes = join_all((0..8).map(|_| store.take_mfa(&digest))).await;
        assert_eq!(
            takes.into_iter().filter(|taken| taken.as_ref().unwrap().as_ref() == Some(&mfa)).count(),
            1
        );
        assert_eq!(store.mfa(&digest).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_bucket_empties_fills_again_and_survives_a_clock_that_goes_back() {
    on_every_database(async |store| {
        let rule = BucketRule { size: 10, refill: Duration::from_secs(360) };
        let bucket = Bucket { kind: BucketKind::Code, subject: "auth0|1" };
        let takes = join_all((0..16).map(|_| store.take_attempt(bucket, rule, NOW))).await;
        assert_eq!(takes.into_iter().filter(|taken| taken.as_ref().unwrap().is_ok()).count(), 10);
        let other = Bucket { kind: BucketKind::RecoveryCode, ..bucket };
        assert_eq!(store.take_attempt(other, rule, NOW).await.unwrap(), Ok(()), "buckets are apart");

        let empty = |seconds| Err(Empty { refills_in: Duration::from_secs(seconds) });
        assert_eq!(store.take_attempt(bucket, rule, NOW).await.unwrap(), empty(360));
        assert_eq!(store.take_attempt(bucket, rule, at(359)).await.unwrap(), empty(1));
        assert_eq!(store.take_attempt(bucket, rule, at(360)).await.unwrap(), Ok(()));
        assert_eq!(store.take_attempt(bucket, rule, at(361)).await.unwrap(), empty(359));
        store.return_attempt(bucket, rule).await.unwrap();
        assert_eq!(store.take_attempt(bucket, rule, at(361)).await.unwrap(), Ok(()));
        store.refill(bucket).await.unwrap();
        assert_eq!(store.take_attempt(bucket, rule, at(362)).await.unwrap(), Ok(()));

        let later = at(1_000_000);
        for _ in 0..10 {
            assert_eq!(store.take_attempt(bucket, rule, later).await.unwrap(), Ok(()));
        }
        assert_eq!(store.take_attempt(bucket, rule, NOW).await.unwrap(), Ok(()));
    })
    .await;
}

#[tokio::test]
async fn log_and_inbox_are_read_newest_first() {
    on_every_database(async |store| {
        let events = ["s", "fp", "s"].map(|kind| LogEvent::new(kind, NOW));
        store.append_log(&events, None).await.unwrap();
        let read = store.log(None, 10).await.unwrap();
        assert_eq!(read.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["s", "fp", "s"]);
        assert!(read[0].id > read[1].id && read[1].id > read[2].id);
        assert_eq!(store.log(Some("fp"), 10).await.unwrap().len(), 1);
        assert_eq!(store.log(None, 2).await.unwrap().len(), 2);

        for (id, channel, to) in
            [("1", Channel::Sms, "+1"), ("2", Channel::Email, "a@b"), ("3", Channel::Sms, "+2")]
        {
            let message = Message {
                id: id.to_owned(),
                channel,
                to: to.to_owned(),
                code: None,
                body: String::new(),
                user_id: None,
                created_at: NOW,
                undelivered: None,
            };
            store.insert_message(&message).await.unwrap();
        }
        let ids = |messages: Vec<Message>| messages.into_iter().map(|message| message.id).collect::<Vec<_>>();
        assert_eq!(ids(store.messages(None, None, 10).await.unwrap()), ["3", "2", "1"]);
        assert_eq!(ids(store.messages(None, Some(Channel::Sms), 10).await.unwrap()), ["3", "1"]);
        assert_eq!(ids(store.messages(Some("+1"), Some(Channel::Sms), 10).await.unwrap()), ["1"]);
    })
    .await;
}
