//! The rules of the store, held against every kind of database.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use stepup_protocol::{mfa::FactorType, time::UnixTime, token::GrantType};
use stepup_tenant::{
    actions::Changes,
    model::{
        AuthenticationMethod, Authenticator, AuthorizationCode, Bucket, BucketKind, BucketRule, Channel,
        CodeChallenge, CodeChallengeMethod, Credential, Digest, LogEvent, LoginTransaction, Message,
        MfaTransaction, RefreshToken, TenantSession, User,
    },
    store::{CodeTaken, Presented, SqliteStore, Store, StoreError, Vault},
};

use crate::support::Scratch;

const NOW: UnixTime = UnixTime::from_seconds(1_767_225_600);

fn at(seconds: u64) -> UnixTime {
    NOW + Duration::from_secs(seconds)
}

/// Runs a case on a database in memory and on one in a file.
async fn on_every_database(case: impl AsyncFn(Arc<dyn Store>)) {
    let memory = SqliteStore::open("sqlite::memory:", Vault::new(&[7; 32])).await.unwrap();
    case(Arc::new(memory)).await;
    let scratch = Scratch::new();
    let file = Arc::new(SqliteStore::open(&scratch.database(), Vault::new(&[7; 32])).await.unwrap());
    case(Arc::clone(&file) as Arc<dyn Store>).await;
    file.close().await;
}

fn user(id: &str, email: &str) -> User {
    User {
        user_id: id.to_owned(),
        connection: "db".to_owned(),
        email: Some(email.to_owned()),
        email_verified: true,
        username: Some(format!("name-of-{id}")),
        phone_number: None,
        phone_verified: false,
        name: "Ada".to_owned(),
        nickname: "ada".to_owned(),
        given_name: None,
        family_name: None,
        picture: None,
        password_hash: Some("$argon2id$".into()),
        user_metadata: Map::new(),
        app_metadata: Map::new(),
        blocked: false,
        logins_count: 0,
        last_login: None,
        last_password_reset: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

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

fn authenticator(id: &str, credential: Credential) -> Authenticator {
    Authenticator {
        id: id.to_owned(),
        user_id: "auth0|1".to_owned(),
        credential,
        created_at: NOW,
        confirmed_at: None,
        last_used_at: None,
    }
}

fn totp(id: &str) -> Authenticator {
    authenticator(id, Credential::Totp { secret: "GAXVUW2SJRRE2MJR".into(), last_step: None })
}

fn recovery(id: &str, code: &str) -> Authenticator {
    authenticator(id, Credential::RecoveryCode { digest: Digest::of(code) })
}

async fn ids(store: &dyn Store) -> Vec<(String, bool)> {
    let all = store.authenticators("auth0|1").await.unwrap();
    all.iter().map(|authenticator| (authenticator.id.clone(), authenticator.active())).collect()
}

#[tokio::test]
async fn the_first_accepted_code_confirms_app_and_recovery_code() {
    on_every_database(async |store| {
        store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
        store.insert_authenticator(&recovery("recovery-code|dev_1", "FIRST")).await.unwrap();
        store.insert_authenticator(&recovery("recovery-code|dev_2", "SECOND")).await.unwrap();
        let pending = [("totp|dev_1".to_owned(), false), ("recovery-code|dev_2".to_owned(), false)];
        assert_eq!(ids(&*store).await, pending);
        assert!(
            !store.take_recovery_code("auth0|1", &Digest::of("SECOND"), &Digest::of("X"), NOW).await.unwrap()
        );

        assert!(store.accept_totp_step("totp|dev_1", 100, at(1)).await.unwrap());
        assert!(ids(&*store).await.iter().all(|(_, active)| *active));
        let all = store.authenticators("auth0|1").await.unwrap();
        assert_eq!((all[0].confirmed_at, all[0].last_used_at), (Some(at(1)), Some(at(1))));
        let Credential::Totp { secret, last_step } = &all[0].credential else { panic!("not an app") };
        assert_eq!((secret.expose_secret(), *last_step), ("GAXVUW2SJRRE2MJR", Some(100)));
    })
    .await;
}

#[tokio::test]
async fn a_code_is_accepted_once_and_never_an_older_one() {
    on_every_database(async |store| {
        store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
        let both = join_all((0..8).map(|_| store.accept_totp_step("totp|dev_1", 100, NOW))).await;
        assert_eq!(both.into_iter().filter(|accepted| *accepted.as_ref().unwrap()).count(), 1);
        assert!(!store.accept_totp_step("totp|dev_1", 99, NOW).await.unwrap());
        assert!(store.accept_totp_step("totp|dev_1", 101, NOW).await.unwrap());
        assert!(!store.accept_totp_step("totp|dev_9", 101, NOW).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_recovery_code_is_taken_once_and_replaced() {
    on_every_database(async |store| {
        store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
        store.insert_authenticator(&recovery("recovery-code|dev_1", "FIRST")).await.unwrap();
        store.accept_totp_step("totp|dev_1", 1, NOW).await.unwrap();
        let (old, new) = (Digest::of("FIRST"), Digest::of("SECOND"));
        assert!(!store.take_recovery_code("auth0|2", &old, &new, NOW).await.unwrap());
        let takes = join_all((0..8).map(|_| store.take_recovery_code("auth0|1", &old, &new, NOW))).await;
        assert_eq!(takes.into_iter().filter(|taken| *taken.as_ref().unwrap()).count(), 1);
        assert!(store.take_recovery_code("auth0|1", &new, &old, NOW).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn the_recovery_code_goes_with_the_last_authenticator() {
    on_every_database(async |store| {
        store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
        store.insert_authenticator(&totp("totp|dev_2")).await.unwrap();
        store.insert_authenticator(&recovery("recovery-code|dev_1", "FIRST")).await.unwrap();
        store.accept_totp_step("totp|dev_1", 1, NOW).await.unwrap();
        store.accept_totp_step("totp|dev_2", 1, NOW).await.unwrap();
        assert!(!store.delete_authenticator("auth0|2", "totp|dev_1").await.unwrap());
        assert!(store.delete_authenticator("auth0|1", "totp|dev_1").await.unwrap());
        assert_eq!(ids(&*store).await.len(), 2);
        assert!(store.delete_authenticator("auth0|1", "totp|dev_2").await.unwrap());
        assert_eq!(ids(&*store).await, []);
        assert!(!store.delete_authenticator("auth0|1", "totp|dev_2").await.unwrap());
    })
    .await;
}

fn session(id: &str) -> TenantSession {
    TenantSession {
        id: id.to_owned(),
        user_id: "auth0|1".to_owned(),
        methods: vec![AuthenticationMethod::password(NOW)],
        clients: vec!["webapp".to_owned()],
        authenticated_at: NOW,
        created_at: NOW,
        last_interacted_at: NOW,
        idle_expires_at: at(60),
        expires_at: at(600),
        initial_ip: "127.0.0.1".to_owned(),
        initial_user_agent: "test".to_owned(),
    }
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

fn code() -> AuthorizationCode {
    AuthorizationCode {
        client_id: "webapp".to_owned(),
        user_id: "auth0|1".to_owned(),
        session_id: "s1".to_owned(),
        family: "f1".to_owned(),
        redirect_uri: Some("http://localhost:3000/callback".to_owned()),
        code_challenge: Some(CodeChallenge { value: "c".to_owned(), method: CodeChallengeMethod::S256 }),
        nonce: Some("n".to_owned()),
        audience: Some("https://api.example.com".to_owned()),
        scope: "openid offline_access".into(),
        auth_time: Some(NOW),
        mfa: true,
        changes: Changes::default(),
        methods: vec![AuthenticationMethod::password(NOW)],
        created_at: NOW,
        expires_at: at(600),
    }
}

#[tokio::test]
async fn of_two_takes_of_one_code_exactly_one_wins() {
    on_every_database(async |store| {
        let digest = Digest::of("code");
        store.insert_code(&digest, &code()).await.unwrap();
        assert!(matches!(store.insert_code(&digest, &code()).await, Err(StoreError::Conflict { .. })));
        let takes: Vec<_> = (0..8)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { store.take_code(&digest, at(1)).await.unwrap().unwrap() })
            })
            .collect();
        let takes: Vec<_> = join_all(takes).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(takes.iter().filter(|taken| **taken == CodeTaken::Now(code())).count(), 1);
        assert_eq!(takes.iter().filter(|taken| **taken == CodeTaken::Before(code())).count(), 7);
        assert_eq!(store.take_code(&Digest::of("other"), NOW).await.unwrap(), None);
    })
    .await;
}

fn token(id: &str, parent: Option<&str>) -> RefreshToken {
    RefreshToken {
        id: id.to_owned(),
        family: "f1".to_owned(),
        parent: parent.map(str::to_owned),
        client_id: "webapp".to_owned(),
        user_id: "auth0|1".to_owned(),
        session_id: Some("s1".to_owned()),
        grant: GrantType::AuthorizationCode,
        audience: None,
        scope: "openid offline_access".into(),
        methods: Vec::new(),
        rotating: true,
        created_at: NOW,
        expires_at: Some(at(1000)),
        idle_expires_at: None,
        last_exchanged_at: None,
        metadata: Map::new(),
    }
}

/// Exchanges the token `from` for `to`.
async fn rotate(store: &dyn Store, from: &str, to: &str, leeway: u64, now: UnixTime) -> Presented {
    let child = token(to, Some(from));
    store.rotate_refresh_token(&Digest::of(from), &Digest::of(to), &child, leeway, now).await.unwrap()
}

async fn present(store: &dyn Store, name: &str, leeway: u64, now: UnixTime) -> Presented {
    store.present_refresh_token(&Digest::of(name), "webapp", leeway, now).await.unwrap()
}

fn valid(presented: &Presented) -> bool {
    matches!(presented, Presented::Valid(_))
}

#[tokio::test]
async fn a_replayed_refresh_token_revokes_its_family() {
    on_every_database(async |store| {
        store.insert_refresh_token(&Digest::of("a"), &token("a", None)).await.unwrap();
        assert_eq!(present(&*store, "a", 0, NOW).await, Presented::Valid(token("a", None)));
        assert_eq!(
            present(&*store, "a", 0, NOW).await,
            Presented::Valid(token("a", None)),
            "presenting spends nothing"
        );
        assert!(valid(&rotate(&*store, "a", "b", 0, at(1)).await));
        assert!(valid(&rotate(&*store, "b", "c", 0, at(2)).await));
        assert_eq!(present(&*store, "a", 0, at(3)).await, Presented::Reused(token("a", None)));
        for name in ["a", "b", "c"] {
            assert_eq!(present(&*store, name, 0, at(4)).await, Presented::Invalid, "{name}");
        }
        store.insert_refresh_token(&Digest::of("d"), &token("d", Some("c"))).await.unwrap();
        assert_eq!(
            present(&*store, "d", 0, at(5)).await,
            Presented::Invalid,
            "a child that comes late is revoked too"
        );
    })
    .await;
}

#[tokio::test]
async fn of_two_exchanges_of_one_refresh_token_one_wins_and_the_family_goes() {
    on_every_database(async |store| {
        store.insert_refresh_token(&Digest::of("a"), &token("a", None)).await.unwrap();
        let names = ["b", "c", "d", "e"];
        let exchanges = join_all(names.map(|name| rotate(&*store, "a", name, 0, NOW))).await;
        assert_eq!(exchanges.iter().filter(|presented| valid(presented)).count(), 1);
        assert_eq!(exchanges.iter().filter(|presented| matches!(presented, Presented::Reused(_))).count(), 1);
        for name in names {
            assert_eq!(present(&*store, name, 0, at(1)).await, Presented::Invalid);
        }
    })
    .await;
}

#[tokio::test]
async fn within_the_leeway_two_requests_may_cross() {
    on_every_database(async |store| {
        store.insert_refresh_token(&Digest::of("a"), &token("a", None)).await.unwrap();
        assert!(valid(&rotate(&*store, "a", "b", 30, at(0)).await));
        assert!(valid(&rotate(&*store, "a", "c", 30, at(29)).await));
        assert!(
            valid(&present(&*store, "b", 30, at(29)).await)
                && valid(&present(&*store, "c", 30, at(29)).await)
        );
        assert!(
            matches!(present(&*store, "a", 30, at(30)).await, Presented::Reused(_)),
            "the leeway is over"
        );
        assert_eq!(present(&*store, "c", 30, at(31)).await, Presented::Invalid);
    })
    .await;
}

#[tokio::test]
async fn the_leeway_ends_when_a_child_is_used() {
    on_every_database(async |store| {
        store.insert_refresh_token(&Digest::of("a"), &token("a", None)).await.unwrap();
        assert!(valid(&rotate(&*store, "a", "b", 30, at(0)).await));
        assert!(valid(&rotate(&*store, "b", "c", 30, at(1)).await));
        assert!(matches!(present(&*store, "a", 30, at(2)).await, Presented::Reused(_)));
    })
    .await;
}

#[tokio::test]
async fn a_parent_outlives_its_mfa_child_until_the_child_is_used() {
    on_every_database(async |store| {
        store.insert_refresh_token(&Digest::of("a"), &token("a", None)).await.unwrap();
        store.insert_refresh_token(&Digest::of("b"), &token("b", Some("a"))).await.unwrap();
        // An application that keeps the parent goes on with it ...
        assert!(valid(&present(&*store, "a", 0, at(500)).await));
        // ... and one that took the child has the parent retired by using it.
        assert!(valid(&rotate(&*store, "b", "c", 0, at(501)).await));
        assert!(matches!(present(&*store, "a", 0, at(502)).await, Presented::Reused(_)));
        assert_eq!(present(&*store, "c", 0, at(503)).await, Presented::Invalid);
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_is_good_for_its_client_until_it_expires() {
    on_every_database(async |store| {
        store.insert_refresh_token(&Digest::of("a"), &token("a", None)).await.unwrap();
        let foreign = store.present_refresh_token(&Digest::of("a"), "spa", 0, NOW).await.unwrap();
        assert_eq!(foreign, Presented::Invalid);
        assert!(valid(&present(&*store, "a", 0, at(999)).await), "another client's attempt changes nothing");
        assert_eq!(present(&*store, "a", 0, at(1000)).await, Presented::Invalid);
        assert_eq!(present(&*store, "never", 0, NOW).await, Presented::Invalid);

        assert!(store.touch_refresh_token(&Digest::of("a"), Some(at(50)), at(20)).await.unwrap());
        assert_eq!(
            store.refresh_token(&Digest::of("a")).await.unwrap().unwrap().last_exchanged_at,
            Some(at(20))
        );
        assert_eq!(present(&*store, "a", 0, at(50)).await, Presented::Invalid);
        store.revoke_family("f1", at(21)).await.unwrap();
        assert!(!store.touch_refresh_token(&Digest::of("a"), None, at(22)).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_user_holds_at_most_200_refresh_tokens_of_a_client() {
    on_every_database(async |store| {
        for number in 0..203 {
            let name = format!("t{number}");
            let value = RefreshToken { family: name.clone(), ..token(&name, None) };
            store.insert_refresh_token(&Digest::of(&name), &value).await.unwrap();
        }
        for gone in ["t0", "t1", "t2"] {
            assert_eq!(present(&*store, gone, 0, NOW).await, Presented::Invalid);
        }
        assert!(
            valid(&present(&*store, "t3", 0, NOW).await) && valid(&present(&*store, "t202", 0, NOW).await)
        );
    })
    .await;
}

#[tokio::test]
async fn logins_and_mfa_transactions_are_taken_once() {
    on_every_database(async |store| {
        let digest = Digest::of("state");
        let mut login = LoginTransaction {
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

        let mfa = MfaTransaction {
            client_id: "webapp".to_owned(),
            user_id: "auth0|1".to_owned(),
            connection: "db".to_owned(),
            grant: GrantType::RefreshToken,
            audience: None,
            scope: "openid".into(),
            session_id: None,
            refresh_token: Some(Digest::of("a")),
            progress: json!({"step": 1}),
            request: Map::new(),
            created_at: NOW,
            expires_at: at(300),
        };
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
        assert_eq!(takes.into_iter().filter(|taken| *taken.as_ref().unwrap()).count(), 10);
        let other = Bucket { kind: BucketKind::RecoveryCode, ..bucket };
        assert!(store.take_attempt(other, rule, NOW).await.unwrap(), "buckets are apart");

        assert!(!store.take_attempt(bucket, rule, at(359)).await.unwrap());
        assert!(store.take_attempt(bucket, rule, at(360)).await.unwrap());
        assert!(!store.take_attempt(bucket, rule, at(361)).await.unwrap());
        store.return_attempt(bucket, rule).await.unwrap();
        assert!(store.take_attempt(bucket, rule, at(361)).await.unwrap());
        store.refill(bucket).await.unwrap();
        assert!(store.take_attempt(bucket, rule, at(362)).await.unwrap());

        let later = at(1_000_000);
        for _ in 0..10 {
            assert!(store.take_attempt(bucket, rule, later).await.unwrap());
        }
        assert!(store.take_attempt(bucket, rule, NOW).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn log_and_inbox_are_read_newest_first() {
    on_every_database(async |store| {
        let events = ["s", "fp", "s"].map(|kind| LogEvent::new(kind, NOW));
        store.append_log(&events).await.unwrap();
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

#[tokio::test]
async fn sweeping_removes_what_is_over_and_nothing_else() {
    on_every_database(async |store| {
        store.insert_session(&Digest::of("c"), &session("s1")).await.unwrap();
        store.insert_code(&Digest::of("code"), &code()).await.unwrap();
        store.insert_refresh_token(&Digest::of("a"), &token("a", None)).await.unwrap();
        store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
        store.sweep(at(59)).await.unwrap();
        assert!(store.session("s1").await.unwrap().is_some());
        store.sweep(at(700)).await.unwrap();
        assert!(store.session("s1").await.unwrap().is_none());
        assert!(
            store.take_code(&Digest::of("code"), at(700)).await.unwrap().is_some(),
            "replays are told for a day"
        );
        assert!(valid(&present(&*store, "a", 0, at(700)).await));
        store.sweep(at(90_000)).await.unwrap();
        assert!(store.take_code(&Digest::of("code"), at(90_000)).await.unwrap().is_none());
        assert_eq!(store.refresh_token(&Digest::of("a")).await.unwrap(), None);
        assert_eq!(ids(&*store).await, [], "an enrolment that nobody finished");
    })
    .await;
}

#[tokio::test]
async fn clearing_forgets_everything() {
    on_every_database(async |store| {
        store.insert_user(&user("auth0|1", "ada@example.com")).await.unwrap();
        store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
        store.insert_refresh_token(&Digest::of("a"), &token("a", None)).await.unwrap();
        store.clear().await.unwrap();
        assert!(store.user("auth0|1").await.unwrap().is_none());
        assert_eq!(ids(&*store).await, []);
        assert_eq!(present(&*store, "a", 0, NOW).await, Presented::Invalid);
    })
    .await;
}

#[tokio::test]
async fn a_file_keeps_what_was_acknowledged_and_hides_secrets() {
    let scratch = Scratch::new();
    let open = async |key| SqliteStore::open(&scratch.database(), Vault::new(&[key; 32])).await.unwrap();
    let store: Arc<dyn Store> = Arc::new(open(7).await);
    store.insert_refresh_token(&Digest::of("the-token"), &token("a", None)).await.unwrap();
    store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
    // Neither closed nor dropped: as if the process had been killed.
    let again: Arc<dyn Store> = Arc::new(open(7).await);
    assert!(again.refresh_token(&Digest::of("the-token")).await.unwrap().is_some());
    assert_eq!(ids(&*again).await.len(), 1);
    again.close().await;
    store.close().await;

    let content = std::fs::read(scratch.path("tenant.sqlite")).unwrap();
    for secret in ["the-token", "GAXVUW2SJRRE2MJR"] {
        assert!(!content.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    let other_key: Arc<dyn Store> = Arc::new(open(8).await);
    let unreadable = other_key.authenticators("auth0|1").await;
    assert!(matches!(unreadable, Err(StoreError::Corrupt { .. })));
}

#[tokio::test]
async fn two_processes_share_a_file() {
    let scratch = Scratch::new();
    let open = async || SqliteStore::open(&scratch.database(), Vault::new(&[7; 32])).await.unwrap();
    let stores: [Arc<dyn Store>; 2] = [Arc::new(open().await), Arc::new(open().await)];
    stores[0].insert_code(&Digest::of("code"), &code()).await.unwrap();
    let digest = Digest::of("code");
    let takes = join_all(stores.iter().map(|store| store.take_code(&digest, NOW))).await;
    let now =
        takes.into_iter().filter(|taken| matches!(taken.as_ref().unwrap(), Some(CodeTaken::Now(_)))).count();
    assert_eq!(now, 1);
}

#[tokio::test]
async fn addresses_that_name_no_database_are_refused() {
    let refused = SqliteStore::open("mysql://localhost/x", Vault::new(&[7; 32])).await.unwrap_err();
    assert!(refused.to_string().contains("use sqlite::memory: or sqlite://FILE"));
    let missing =
        SqliteStore::open("sqlite:///no/such/folder/x.sqlite", Vault::new(&[7; 32])).await.unwrap_err();
    assert!(matches!(missing, StoreError::Open { .. }));
}
