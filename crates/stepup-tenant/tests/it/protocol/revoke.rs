//! What a revocation takes along.

use stepup_tenant::Tenant;

use crate::rig::{API, Config, Rig, WEBAPP, WEBAPP_SECRET};

const DEAD: &str = "403 invalid_grant: Unknown or invalid refresh token.";

async fn revoke(rig: &Rig, token: &str) {
    let fields = [("client_id", WEBAPP), ("client_secret", WEBAPP_SECRET), ("token", token)];
    assert_eq!(rig.form("/oauth/revoke", &fields).await.status, 200);
}

#[tokio::test]
async fn the_whole_grant_goes_unless_the_tenant_says_otherwise() {
    let rig = Rig::with(&Config::default()).await;
    let (one, other) = (rig.refresh_token().await, rig.refresh_token().await);
    let scope = ("scope", "openid offline_access");
    let for_api = rig.password(&[("audience", API), scope]).await.text("refresh_token");
    revoke(&rig, &one).await;
    assert_eq!(rig.refresh(&one, &[]).await.failure(), DEAD);
    assert_eq!(rig.refresh(&other, &[]).await.failure(), DEAD, "another login of the same user");
    assert_eq!(rig.refresh(&for_api, &[]).await.status, 200, "another API");

    let flags = "tenant:\n  flags: { revoke_refresh_token_grant: false }\n";
    let yaml = Config::default().yaml().replacen("tenant:\n", flags, 1);
    let rig = Rig::built(Tenant::builder().config_yaml(&yaml)).await;
    let (one, other) = (rig.refresh_token().await, rig.refresh_token().await);
    revoke(&rig, &one).await;
    assert_eq!(rig.refresh(&one, &[]).await.failure(), DEAD);
    assert_eq!(rig.refresh(&other, &[]).await.status, 200);
}
