//! Rate limits of the Authentication API.

use crate::rig::{Config, Rig};

#[tokio::test]
async fn calls_are_counted_by_the_minute_where_the_tenant_says_so() {
    let rig =
        Rig::with(&Config { stepup: "{ authentication_calls_per_minute: 3 }", ..Config::default() }).await;
    rig.advance(10);
    for remaining in ["2", "1", "0"] {
        let answer = rig.password(&[]).await;
        assert_eq!(
            (answer.status, answer.header("x-ratelimit-remaining")),
            (200, remaining),
            "{}",
            answer.body
        );
        assert_eq!(answer.header("x-ratelimit-limit"), "3");
        assert_eq!(answer.header("x-ratelimit-reset"), "1767225660");
        assert_eq!(answer.header("retry-after"), "");
    }
    let refused = rig.get("/userinfo").await;
    assert_eq!(refused.failure(), "429 too_many_requests: Global limit has been reached");
    assert_eq!((refused.header("x-ratelimit-remaining"), refused.header("retry-after")), ("0", "50"));
    assert!(rig.log().await.contains(&"api_limit".to_owned()));
    assert_eq!(rig.get("/.well-known/openid-configuration").await.status, 200, "not counted");
    rig.advance(50);
    assert_eq!(rig.password(&[]).await.status, 200, "another minute");

    let rig = Rig::with(&Config::default()).await;
    assert_eq!(rig.password(&[]).await.header("x-ratelimit-limit"), "", "not limited");
}
