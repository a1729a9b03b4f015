//! What the pages keep: tickets, remembered browsers, consents, and changes of a user's own account.

use std::time::Duration;

use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use stepup_protocol::scope::Scopes;
use stepup_tenant::model::{Digest, Ticket, TicketPurpose, User};

use super::{NOW, at, mfa, on_every_database, session, user};

const DAY: u64 = 86_400;

#[tokio::test]
async fn a_ticket_is_taken_once() {
    on_every_database(async |store| {
        let ticket = Ticket {
            user_id: "auth0|1".to_owned(),
            purpose: TicketPurpose::Enrollment { factor: None, allow_multiple: true },
            created_at: NOW,
            expires_at: at(5 * DAY),
        };
        let digest = Digest::of("ticket");
        store.insert_ticket(&digest, &ticket).await.unwrap();
        assert_eq!(store.ticket(&digest).await.unwrap(), Some(ticket));
        assert!(store.ticket(&Digest::of("another")).await.unwrap().is_none());
        let taken = join_all((0..8).map(|_| store.take_ticket(&digest))).await;
        assert_eq!(taken.iter().filter(|taken| matches!(taken, Ok(Some(_)))).count(), 1);
        assert!(store.ticket(&digest).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_browser_is_remembered_for_its_user_and_as_long_as_it_is_used() {
    on_every_database(async |store| {
        let browser = Digest::of("browser");
        store.remember_browser(&browser, "auth0|1", NOW).await.unwrap();
        let remembered =
            async |user, seconds| store.browser_remembered(&browser, user, at(seconds)).await.unwrap();
        assert!(remembered("auth0|1", 7 * DAY - 1).await);
        assert!(!remembered("auth0|1", 7 * DAY).await, "a week unused");
        assert!(!remembered("auth0|2", 0).await, "another user's");
        assert!(!store.browser_remembered(&Digest::of("other"), "auth0|1", NOW).await.unwrap());

        assert!(store.renew_browser(&browser, "auth0|1", at(6 * DAY)).await.unwrap());
        assert!(remembered("auth0|1", 12 * DAY).await);
        assert!(!store.renew_browser(&browser, "auth0|1", at(13 * DAY)).await.unwrap(), "too late");
        store.forget_browsers("auth0|2").await.unwrap();
        assert!(remembered("auth0|1", 12 * DAY).await);
        store.forget_browsers("auth0|1").await.unwrap();
        assert!(!remembered("auth0|1", 12 * DAY).await);

        store.remember_browser(&browser, "auth0|1", NOW).await.unwrap();
        store.sweep(at(8 * DAY)).await.unwrap();
        assert!(!remembered("auth0|1", 1).await, "swept");
    })
    .await;
}

#[tokio::test]
async fn consents_add_up_for_one_user_client_and_api() {
    on_every_database(async |store| {
        let give = async |client, audience, scope: &str| {
            store.consent("auth0|1", client, audience, &Scopes::from(scope), NOW).await.unwrap();
        };
        give("app", "https://api", "read write").await;
        give("app", "https://api", "write delete").await;
        give("app", "", "openid").await;
        give("other", "https://api", "admin").await;
        let held = store.consented("auth0|1", "app", "https://api").await.unwrap();
        assert_eq!(held.to_string(), "delete read write");
        assert_eq!(store.consented("auth0|1", "app", "").await.unwrap().to_string(), "openid");
        assert!(store.consented("auth0|2", "app", "https://api").await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_its_user() {
    on_every_database(async |store| {
        store.insert_user(&user("auth0|1", "ada@example.com")).await.unwrap();
        for (id, owner) in [("one", "auth0|1"), ("two", "auth0|2")] {
            let mut session = session(id);
            owner.clone_into(&mut session.user_id);
            store.insert_session(&Digest::of(id), &session).await.unwrap();
        }
        store.insert_mfa(&Digest::of("mfa_token"), &mfa()).await.unwrap();
        let hash = SecretString::from("$argon2id$new");
        assert!(store.change_password("auth0|1", &hash, 0, at(9)).await.unwrap());
        assert!(!store.change_password("auth0|9", &hash, 0, at(9)).await.unwrap());
        let found = store.user("auth0|1").await.unwrap().unwrap();
        assert_eq!(found.password_hash.unwrap().expose_secret(), "$argon2id$new");
        assert_eq!(found.last_password_reset, Some(at(9)));
        assert!(store.session("one").await.unwrap().is_none());
        assert!(store.session("two").await.unwrap().is_some());
        assert!(store.mfa(&Digest::of("mfa_token")).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn earlier_passwords_are_remembered_as_long_as_is_asked_for() {
    on_every_database(async |store| {
        store.insert_user(&user("auth0|1", "ada@example.com")).await.unwrap();
        store.insert_user(&user("auth0|2", "eve@example.com")).await.unwrap();
        let hash = |name: &str| SecretString::from(format!("$argon2id${name}"));
        let held = async |user_id, limit| {
            let hashes = store.earlier_passwords(user_id, limit).await.unwrap();
            hashes.iter().map(|hash| hash.expose_secret().to_owned()).collect::<Vec<_>>()
        };
        store.change_password("auth0|1", &hash("one"), 0, NOW).await.unwrap();
        assert!(held("auth0|1", 24).await.is_empty(), "nothing is kept that nobody asked to keep");
        for name in ["two", "three"] {
            store.change_password("auth0|1", &hash(name), 2, NOW).await.unwrap();
        }
        let rename = |user: &mut User| user.name = "Ada".to_owned();
        store.change_user("auth0|1", 2, &rename).await.unwrap().unwrap();
        assert_eq!(held("auth0|1", 24).await, ["$argon2id$two", "$argon2id$one"]);
        let change = |user: &mut User| user.password_hash = Some(hash("four"));
        store.change_user("auth0|1", 2, &change).await.unwrap().unwrap();
        assert_eq!(held("auth0|1", 24).await, ["$argon2id$three", "$argon2id$two"]);
        assert_eq!(held("auth0|1", 1).await, ["$argon2id$three"]);
        assert!(held("auth0|2", 24).await.is_empty());
        store.delete_user("auth0|1").await.unwrap();
        assert!(held("auth0|1", 24).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_address_is_verified_while_it_is_the_users() {
    on_every_database(async |store| {
        let mut ada = user("auth0|1", "ada@example.com");
        ada.email_verified = false;
        store.insert_user(&ada).await.unwrap();
        assert!(!store.verify_email("auth0|1", "old@example.com", NOW).await.unwrap());
        assert!(!store.user("auth0|1").await.unwrap().unwrap().email_verified);
        assert!(store.verify_email("auth0|1", "ADA@example.com", NOW).await.unwrap());
        assert!(store.user("auth0|1").await.unwrap().unwrap().email_verified);
    })
    .await;
}

#[tokio::test]
async fn a_ticket_is_swept_a_day_after_its_end() {
    on_every_database(async |store| {
        let ticket = Ticket {
            user_id: "auth0|1".to_owned(),
            purpose: TicketPurpose::EmailVerification { email: "ada@example.com".to_owned() },
            created_at: NOW,
            expires_at: NOW + Duration::from_secs(60),
        };
        assert!(ticket.expired(at(60)) && !ticket.expired(at(59)));
        store.insert_ticket(&Digest::of("t"), &ticket).await.unwrap();
        store.sweep(at(60)).await.unwrap();
        assert!(store.ticket(&Digest::of("t")).await.unwrap().is_some());
        store.sweep(at(61 + DAY)).await.unwrap();
        assert!(store.ticket(&Digest::of("t")).await.unwrap().is_none());
    })
    .await;
}
