//! An Auth0-compatible tenant for development and tests: an OpenID provider with Auth0's MFA API, policies, post-login
//! Actions and login pages, so that the whole flow runs with no account, no phone and no network.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let tenant = stepup_tenant::Tenant::builder().start().await?; // in memory, on a free port
//! let webapp = tenant.client("webapp").ok_or("it is built in")?;
//! println!("{} {}", tenant.issuer(), webapp.client_id);
//! tenant.clock().advance(std::time::Duration::from_secs(3600));
//! tenant.shutdown().await;
//! # Ok(()) }
//! ```

pub mod actions;
mod allowance;
pub mod clock;
pub mod config;
mod control;
mod dashboard;
mod data_dir;
mod dbconnections;
pub mod delivery;
pub mod devices;
mod factors;
mod guardian;
mod import;
pub mod keys;
pub mod log;
mod login;
mod management;
pub mod mfa;
pub mod model;
mod oauth;
pub mod outbound;
pub mod pages;
pub mod passwords;
mod pipeline;
mod random;
mod ready;
pub mod risk;
mod routes;
mod seed;
mod server;
pub mod state;
pub mod store;
mod tenant;

pub use self::{
    data_dir::DataDirError,
    random::SystemRandom,
    ready::ReadyFileError,
    seed::SeedError,
    server::{
        BindError, Peer, TlsError,
        faults::Fault,
        recorder::{Answered, Exchange},
        tls::Tls,
    },
    tenant::{Builder, ClientCredentials, StartError, Tenant},
};
