//! Access tokens: from the session while they are good, from the tenant when they are not.

mod access_token;
mod error;
mod outcome;
mod refresh;
mod step_up;

pub use self::{
    access_token::{AccessToken, AccessTokenRequest},
    error::{AccessTokenError, RefreshError},
};
pub(crate) use self::{
    outcome::Want,
    refresh::{Denied, Refreshes},
    step_up::{SteppedUp, hand_over, step_up},
};
