use std::sync::{Arc, atomic::{AtomicI64, Ordering::Relaxed}};
use stepup::{Clock, SystemClock, UnixTime};

/// How many seconds the tenant's clock is ahead.
#[derive(Clone, Debug, Default)]
struct ControlTime(Arc<AtomicI64>);

impl Clock for ControlTime {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(SystemClock.now().seconds() + self.0.load(Relaxed))
    }
}

impl ControlTime {
    async fn read(&self, control_url: &str, key: &str) -> reqwest::Result<()> {
        let asked = reqwest::Client::new().get(format!("{control_url}/clock")).bearer_auth(key).send().await?;
        let clock: serde_json::Value = asked.error_for_status()?.json().await?;
        let now = SystemClock.now().seconds();
        self.0.store(clock["unix"].as_i64().unwrap_or(now) - now, Relaxed);
        Ok(())
    }
}
