//! Authenticators and recovery codes.

use futures_util::future::join_all;
use secrecy::ExposeSecret;
use stepup_tenant::model::{Credential, Digest};

use super::{NOW, at, ids, on_every_database, recovery, totp};

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
