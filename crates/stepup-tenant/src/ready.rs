//! The ready file: what a script needs to know of a tenant that has just started.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{data_dir::replace_whole, tenant::Tenant};

/// The content of a ready file; `ca_certificate` is a path, or the PEM itself where it is not kept.
pub(crate) struct ReadyFile(Value);

impl ReadyFile {
    pub(crate) fn of(tenant: &Tenant) -> Self {
        let clients: Vec<_> = tenant
            .clients()
            .into_iter()
            .map(|client| json!({ "client_id": client.client_id, "client_secret": client.client_secret, "name": client.name }))
            .collect();
        let authority = match tenant.ca_certificate_path() {
            Some(path) => Some(path.to_string_lossy().into_owned()),
            None => tenant.ca_certificate().map(str::to_owned),
        };
        Self(json!({
            "issuer": tenant.issuer(),
            "domain": tenant.domain(),
            "pid": std::process::id(),
            "ca_certificate": authority,
            "control": tenant.control().map(|(url, key)| json!({ "url": url, "key": key })),
            "clients": clients,
        }))
    }

    /// Writes it so that it appears whole.
    pub(crate) fn write(&self, path: &Path) -> Result<(), ReadyFileError> {
        replace_whole(path, self.0.to_string().as_bytes())
            .map_err(|source| ReadyFileError { path: path.to_owned(), source })
    }
}

/// The ready file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the ready file {} cannot be written", path.display())]
pub struct ReadyFileError {
    path: PathBuf,
    #[source]
    source: io::Error,
}
