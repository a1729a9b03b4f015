//! It comes with the first factor, and is never enrolled by itself.

use crate::{
    factors::{Begun, Details, Transaction},
    oauth::error::{Failure, RequestFault},
};

/// Refuses.
pub(super) async fn enroll(_transaction: &Transaction<'_>, _details: Details<'_>) -> Result<Begun, Failure> {
    Err(RequestFault::UnsupportedAuthenticator("recovery-code".to_owned()).into())
}
