//! A code by e-mail.

mod automatic;
mod challenge;
mod enroll;
mod page;
mod verify;

use futures_util::future::BoxFuture;

pub(crate) use self::{
    automatic::{automatic, is_automatic, of_profile},
    enroll::is_address,
};
use super::{Answer, Begun, Challenged, Details, Factor, Pages, Transaction, Verdict};
use crate::{model::Authenticator, oauth::error::Failure};

/// A code by e-mail.
pub(super) struct Email;

impl Factor for Email {
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
