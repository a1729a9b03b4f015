//! Starting and stopping.

use stepup_tenant::Tenant;

#[tokio::test]
async fn starts_on_a_free_port_and_stops() {
    let tenant = Tenant::builder().start().await.unwrap();
    assert_eq!(tenant.issuer(), format!("http://localhost:{}/", tenant.port()));
    assert_eq!(tenant.domain(), format!("localhost:{}", tenant.port()));
    let webapp = tenant.client("webapp").unwrap();
    assert_eq!(webapp.client_id, "stepup-webapp");
    assert_eq!(webapp.client_secret.as_deref(), Some("stepup-webapp-secret"));

    let answer = reqwest::get(format!("{}nothing-here", tenant.issuer())).await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(tenant.requests()[0].path, "/nothing-here");
    tenant.shutdown().await;
    assert!(reqwest::get(tenant.issuer()).await.is_err());
}
