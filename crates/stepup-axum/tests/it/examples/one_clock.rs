use std::{error::Error, time::Duration};
use stepup::{Client, Clock, UnixTime};
use stepup_tenant::{Tenant, clock::VirtualClock};

#[derive(Debug)]
struct TenantTime(VirtualClock);

impl Clock for TenantTime {
    fn now(&self) -> UnixTime {
        self.0.now()
    }
}

/// The client of an application that the test serves at `address`.
fn client(tenant: &Tenant, address: &str) -> Result<Client, Box<dyn Error>> {
    let webapp = tenant.client("webapp").ok_or("the built-in client")?;
    Ok(Client::builder()
        .domain(tenant.issuer())
        .client_id(webapp.client_id)
        .client_secret(webapp.client_secret.unwrap_or_default())
        .secret("a secret of the test, thirty-two bytes at least")
        .app_base_url(address)
        .clock(TenantTime(tenant.clock().clone()))
        .build()?)
}

#[tokio::test]
async fn five_minutes_pass() -> Result<(), Box<dyn Error>> {
    let tenant = Tenant::builder().start().await?;
    let _client = client(&tenant, "http://localhost:3000")?;
    tenant.clock().advance(Duration::from_secs(300));
    Ok(())
}
