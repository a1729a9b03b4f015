//! A question on a phone with the Guardian app.

mod answer;
mod challenge;
mod enroll;
mod page;
mod payload;
mod verify;

use futures_util::future::BoxFuture;

pub(crate) use self::answer::{answer, attach, scanned};
use super::{Answer, Begun, Challenged, Details, Factor, Pages, Transaction, Verdict};
use crate::{model::Authenticator, oauth::error::Failure};

/// A question on a phone with the Guardian app.
pub(super) struct Push;

impl Factor for Push {
    fn enroll<'a>(
        &'a self,
        transaction: &'a Transaction<'a>,
        details: Details<'a>,
    ) -> BoxFuture<'a, Result<Begun, Failure>> {
        Box::pin(enroll::enroll(transaction, details))
    }

    fn challenge<'a>(
        &'a self,
        transaction: &'a Transaction<'a>,
        authenticator: &'a Authenticator,
    ) -> BoxFuture<'a, Result<Challenged, Failure>> {
        Box::pin(challenge::challenge(transaction, authenticator))
    }

    fn verify<'a>(
        &'a self,
        transaction: &'a Transaction<'a>,
        answer: Answer<'a>,
    ) -> BoxFuture<'a, Result<Verdict, Failure>> {
        Box::pin(verify::verify(transaction, answer))
    }

    fn pages(&self) -> Pages {
        page::PAGES
    }
}
