//! The code that came.

use crate::{
    factors::{Answer, Kind, Transaction, Verdict, oob},
    oauth::error::Failure,
};

/// Judges the code.
pub(super) async fn verify(transaction: &Transaction<'_>, answer: Answer<'_>) -> Result<Verdict, Failure> {
    oob::verify(transaction, Kind::Voice, answer).await
}
