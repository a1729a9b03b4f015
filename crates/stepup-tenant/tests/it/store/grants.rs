//! Codes and refresh tokens.

use std::sync::Arc;

use futures_util::future::join_all;
use stepup_tenant::{
    model::{Digest, RefreshToken},
    store::{CodeTaken, Presented, StoreError},
};

use super::{NOW, at, branch, code, on_every_database, present, rotate, token, valid};

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
        assert!(valid(&branch(&*store, "a", "b", at(1)).await));
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
async fn a_second_factor_is_a_use_of_the_token_it_was_for() {
    on_every_database(async |store| {
        store.insert_refresh_token(&Digest::of("a"), &token("a", None)).await.unwrap();
        for (from, to) in [("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")] {
            assert!(valid(&branch(&*store, from, to, at(1)).await));
            assert!(valid(&present(&*store, from, 0, at(2)).await), "{from} is good beside {to}");
        }
        assert!(valid(&present(&*store, "e", 0, at(3)).await));
        assert!(matches!(present(&*store, "c", 0, at(4)).await, Presented::Reused(_)));
        for name in ["d", "e"] {
            assert_eq!(present(&*store, name, 0, at(5)).await, Presented::Invalid, "{name}");
        }
        assert_eq!(branch(&*store, "e", "f", at(6)).await, Presented::Invalid, "the family is revoked");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_is_kept_outlives_any_number_of_its_children() {
    on_every_database(async |store| {
        store.insert_refresh_token(&Digest::of("kept"), &token("kept", None)).await.unwrap();
        for number in 0..203 {
            assert!(valid(&branch(&*store, "kept", &format!("c{number}"), at(1)).await));
        }
        assert!(valid(&present(&*store, "kept", 0, at(2)).await));
        assert_eq!(store.refresh_tokens_of("auth0|1", at(2)).await.unwrap().len(), 4);
        // Of step-ups that cross, the one whose answer came last is as good.
        assert!(valid(&present(&*store, "c200", 0, at(2)).await));
        assert_eq!(present(&*store, "c199", 0, at(2)).await, Presented::Invalid);

        // What was exchanged without a second factor has children in use.
        assert!(valid(&rotate(&*store, "kept", "next", 0, at(3)).await));
        for number in 0..5 {
            branch(&*store, "kept", &format!("late{number}"), at(4)).await;
        }
        assert!(valid(&present(&*store, "next", 0, at(5)).await));
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

        let mut touched = token("a", None);
        touched.idle_expires_at = Some(at(50));
        touched.last_exchanged_at = Some(at(20));
        assert!(store.touch_refresh_token(&Digest::of("a"), &touched).await.unwrap());
        assert_eq!(store.refresh_token(&Digest::of("a")).await.unwrap().unwrap(), touched);
        assert_eq!(present(&*store, "a", 0, at(50)).await, Presented::Invalid);
        store.revoke_family("f1", at(21)).await.unwrap();
        assert!(!store.touch_refresh_token(&Digest::of("a"), &touched).await.unwrap());
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
