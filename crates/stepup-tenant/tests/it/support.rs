//! What several subjects need.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::Value;
use stepup_tenant::Tenant;

/// A folder of one test, gone with it.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn database(&self) -> String {
        format!("sqlite://{}", self.path("tenant.sqlite").display())
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The control API of a tenant.
pub(crate) struct Remote {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Remote {
    pub(crate) fn of(tenant: &Tenant) -> Self {
        let (url, key) = tenant.control().unwrap();
        Self { http: reqwest::Client::builder().build().unwrap(), url, key: key.to_owned() }
    }

    pub(crate) async fn get(&self, call: &str) -> (u16, Value) {
        self.send(self.http.get(format!("{}/{call}", self.url))).await
    }

    pub(crate) async fn delete(&self, call: &str) -> (u16, Value) {
        self.send(self.http.delete(format!("{}/{call}", self.url))).await
    }

    pub(crate) async fn post(&self, call: &str, body: Value) -> (u16, Value) {
        self.send(self.http.post(format!("{}/{call}", self.url)).body(body.to_string())).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let answer = request.bearer_auth(&self.key).send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
    }
}

/// An error with all its causes, one a line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
