//! Sweeping, clearing, files, several processes.

use std::sync::Arc;

use futures_util::future::join_all;
use stepup_tenant::{
    model::{Digest, LogEvent},
    store::{CodeTaken, Events as _, Presented, SqliteStore, Store, StoreError, Vault},
};

use super::{NOW, at, code, ids, on_every_database, present, session, token, totp, user, valid};
use crate::support::Scratch;

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
async fn of_the_log_the_newest_are_kept() {
    on_every_database(async |store| {
        let events: Vec<_> = (0..5_003).map(|_| LogEvent::new("s", NOW)).collect();
        store.append_log(&events, None).await.unwrap();
        store.append_log(&events, None).await.unwrap();
        store.tidy().await.unwrap();
        let kept = store.log(None, 20_000).await.unwrap();
        assert_eq!(kept.len(), 10_000);
        assert_eq!(kept[0].id, format!("900{:026}", 10_006));
        assert_eq!(kept[9_999].id, format!("900{:026}", 7));
    })
    .await;
}

#[tokio::test]
async fn tidying_moves_what_was_written_into_the_file() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(&scratch.database(), Vault::new(&[7; 32])).unwrap();
    let file = scratch.database().replace("sqlite://", "");
    let size = || std::fs::metadata(&file).unwrap().len();
    store.tidy().await.unwrap();
    let before = size();
    let events: Vec<_> = (0..5_000).map(|_| LogEvent::new("s", NOW)).collect();
    store.append_log(&events, None).await.unwrap();
    assert_eq!(size(), before, "no writer waits for it");
    store.tidy().await.unwrap();
    assert!(size() > before + 100_000, "{} after {before} bytes", size());
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
    let open = |key| SqliteStore::open(&scratch.database(), Vault::new(&[key; 32])).unwrap();
    let store: Arc<dyn Store> = Arc::new(open(7));
    store.insert_refresh_token(&Digest::of("the-token"), &token("a", None)).await.unwrap();
    store.insert_authenticator(&totp("totp|dev_1")).await.unwrap();
    // Neither closed nor dropped: as if the process had been killed.
    let again: Arc<dyn Store> = Arc::new(open(7));
    assert!(again.refresh_token(&Digest::of("the-token")).await.unwrap().is_some());
    assert_eq!(ids(&*again).await.len(), 1);
    again.close().await;
    store.close().await;

    let content = std::fs::read(scratch.path("tenant.sqlite")).unwrap();
    for secret in ["the-token", "GAXVUW2SJRRE2MJR"] {
        assert!(!content.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    let other_key: Arc<dyn Store> = Arc::new(open(8));
    let unreadable = other_key.authenticators("auth0|1").await;
    assert!(matches!(unreadable, Err(StoreError::Corrupt { .. })));
}

#[tokio::test]
async fn two_processes_share_a_file() {
    let scratch = Scratch::new();
    let open = || SqliteStore::open(&scratch.database(), Vault::new(&[7; 32])).unwrap();
    let stores: [Arc<dyn Store>; 2] = [Arc::new(open()), Arc::new(open())];
    stores[0].insert_code(&Digest::of("code"), &code()).await.unwrap();
    let digest = Digest::of("code");
    let takes = join_all(stores.iter().map(|store| store.take_code(&digest, NOW))).await;
    let now =
        takes.into_iter().filter(|taken| matches!(taken.as_ref().unwrap(), Some(CodeTaken::Now(_)))).count();
    assert_eq!(now, 1);
}

#[tokio::test]
async fn addresses_that_name_no_database_are_refused() {
    let refused = SqliteStore::open("mysql://localhost/x", Vault::new(&[7; 32])).unwrap_err();
    assert!(refused.to_string().contains("use sqlite::memory: or sqlite://FILE"));
    let missing = SqliteStore::open("sqlite:///no/such/folder/x.sqlite", Vault::new(&[7; 32])).unwrap_err();
    assert!(matches!(missing, StoreError::Open { .. }));
}
