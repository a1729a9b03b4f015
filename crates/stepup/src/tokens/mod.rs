//! Access tokens: from the session while they are good, from the tenant when they are not.

mod access_token;
mod error;
mod refresh;

pub(crate) use self::refresh::Refreshes;
pub use self::{
    access_token::{AccessToken, AccessTokenRequest},
    error::{AccessTokenError, RefreshError},
};
