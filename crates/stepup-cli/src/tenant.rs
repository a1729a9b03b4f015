//! `stepup tenant`: the tenant alone, for any SDK.

use std::{env, path::PathBuf, pin::pin};

use clap::Args;
use stepup_tenant::{BindError, SeedError, StartError, Tenant, Tls, passwords::Cost, store::StoreError};
use url::Url;

use crate::{
    config,
    failure::Failure,
    output,
    stop::{HangUps, Signals},
};

/// How the tenant is started. Every option is also a variable, `STEPUP_TENANT_<NAME>`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Port to listen on; 0 takes a free one
    #[arg(long, env = "STEPUP_TENANT_PORT", default_value_t = 4400, value_name = "N")]
    port: u16,
    /// Host in the issuer; other than loopback needs --issuer
    #[arg(long, env = "STEPUP_TENANT_HOST", default_value = "localhost")]
    host: String,
    /// What goes into `iss`; default: http(s)://HOST:PORT/
    #[arg(long, env = "STEPUP_TENANT_ISSUER", value_name = "URL", value_parser = issuer)]
    issuer: Option<Url>,
    /// Serve HTTPS, with a certificate from a local CA that is kept in the data folder
    #[arg(long, env = "STEPUP_TENANT_TLS", value_parser = switch)]
    tls: bool,
    /// Serve HTTPS with this certificate
    #[arg(long, env = "STEPUP_TENANT_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key
    #[arg(long, env = "STEPUP_TENANT_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Configuration as code: YAML of auth0-deploy-cli, a file or a folder; default: a built-in one
    #[arg(long, env = "STEPUP_TENANT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Users, JSON as for Auth0's bulk import; default: ada@example.com
    #[arg(long, env = "STEPUP_TENANT_USERS", value_name = "FILE")]
    users: Option<PathBuf>,
    /// `sqlite::memory:`, or `sqlite://FILE`
    #[arg(long, env = "STEPUP_TENANT_DATABASE", default_value = "sqlite::memory:", value_name = "URL")]
    database: String,
    /// Folder of keys and CA; default: the platform's data folder
    #[arg(long, env = "STEPUP_TENANT_DATA_DIR", value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Serve the control API, on loopback only
    #[arg(long, env = "STEPUP_TENANT_CONTROL", value_parser = switch)]
    control: bool,
    /// Write what a script needs to know to this file, once connections are accepted
    #[arg(long, env = "STEPUP_TENANT_READY_FILE", value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl Arguments {
    /// Starts the tenant that they describe.
    pub(crate) async fn start(&self) -> Result<Tenant, Failure> {
        let mut builder = Tenant::builder()
            .port(self.port)
            .host(&self.host)
            .database(&self.database)
            .control(self.control)
            .record(false)
            .argon2(Cost::default());
        if let Some(issuer) = &self.issuer {
            builder = builder.issuer(issuer.clone());
        }
        if let (Some(cert), Some(key)) = (self.tls_cert.clone(), self.tls_key.clone()) {
            builder = builder.tls(Tls::Files { cert, key });
        } else if self.tls {
            builder = builder.tls(Tls::LocalCa);
        }
        if let Some(config) = &self.config {
            builder = builder.config_file(config);
        }
        if let Some(users) = &self.users {
            builder = builder.users_file(users);
        }
        if let Some(folder) = self.data_dir.clone().or_else(platform_data_folder) {
            builder = builder.data_dir(folder);
        }
        if let Some(file) = &self.ready_file {
            builder = builder.ready_file(file);
        }
        builder.start().await.map_err(|error| {
            config::show(error.excerpt());
            failure(&error)
        })
    }

    /// Whether the users are the built-in ones.
    pub(crate) const fn has_ada(&self) -> bool {
        self.users.is_none()
    }
}

/// Runs the tenant until it is told to stop.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut signals = Signals::watch()?;
    let mut hang_ups = HangUps::watch()?;
    let tenant = arguments.start().await?;
    output::line(format_args!("The tenant is ready at {}", tenant.issuer()));
    if let Some(certificate) = tenant.ca_certificate_path() {
        output::line(format_args!("Clients must trust {}", certificate.display()));
    }
    if let Some((url, key)) = tenant.control() {
        output::line(format_args!("Control it at {url} with the key {key}"));
    }
    if let Some(dashboard) = tenant.dashboard() {
        output::line(format_args!("Watch and set it up at {dashboard}"));
    }
    let mut stopped = pin!(tenant.stopped());
    loop {
        tokio::select! {
            () = &mut stopped => return Ok(()),
            () = signals.stop() => {
                tokio::join!(tenant.shutdown(), stopped);
                return Ok(());
            }
            () = hang_ups.next() => reload(&tenant).await,
        }
    }
}

/// Reads the configuration again. What cannot be used is told, and the tenant goes on with what it has.
async fn reload(tenant: &Tenant) {
    if let Err(error) = tenant.reload().await {
        let excerpt = error.excerpt().map(|excerpt| format!("\n{excerpt}")).unwrap_or_default();
        tracing::error!("the configuration stays as it was: {error}{excerpt}");
    }
}

/// An address as it stands in `iss`.
fn issuer(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Err(error) if text.starts_with("http") => Err(error.to_string()),
        _ => Err("write it as https://HOST/".to_owned()),
    }
}

/// What a variable says that stands for an option without a value.
fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "on" | "t" | "true" | "y" | "yes" => Ok(true),
        "0" | "f" | "false" | "n" | "no" | "off" => Ok(false),
        _ => Err("write `true` or `false`".to_owned()),
    }
}

/// What the person who typed the command can mend is bad usage.
fn failure(error: &StartError) -> Failure {
    match error {
        StartError::Bind(BindError::Host { .. })
        | StartError::Config(_)
        | StartError::Seed(SeedError::Config(_))
        | StartError::Issuer { .. }
        | StartError::IssuerNeeded { .. }
        | StartError::Store(StoreError::Unsupported { .. })
        | StartError::System(_)
        | StartError::Tls(_) => Failure::usage(error),
        _ => Failure::other(error),
    }
}

/// Where programs keep their data on this platform, by its variables.
fn platform_data_folder() -> Option<PathBuf> {
    let folder = |variable| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        folder("XDG_DATA_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/share")))
    };
    base.map(|base| base.join("stepup"))
}
