//! It comes with the first factor, and is never enrolled by itself.

use crate::{
    factors::Begun,
    oauth::error::{Failure, RequestFault},
};

/// Refuses.
pub(super) fn enroll() -> Result<Begun, Failure> {
    Err(RequestFault::UnsupportedAuthenticator("recovery-code".to_owned()).into())
}
