//! The recovery code: kept by the user for the day everything else is lost.

mod challenge;
mod code;
mod enroll;
mod page;
mod verify;

use std::future::ready;

use futures_util::future::BoxFuture;

pub(crate) use self::code::{digest, from_bytes, new_code};
use super::{Answer, Begun, Challenged, Details, Factor, Pages, Transaction, Verdict};
use crate::{model::Authenticator, oauth::error::Failure};

/// The recovery code: kept by the user for the day everything else is lost.
pub(super) struct RecoveryCode;

impl Factor for RecoveryCode {
    fn enroll<'a>(
        &'a self,
        _transaction: &'a Transaction<'a>,
        _details: Details<'a>,
    ) -> BoxFuture<'a, Result<Begun, Failure>> {
        Box::pin(ready(enroll::enroll()))
    }

    fn challenge<'a>(
        &'a self,
        _transaction: &'a Transaction<'a>,
        authenticator: &'a Authenticator,
    ) -> BoxFuture<'a, Result<Challenged, Failure>> {
        Box::pin(ready(challenge::challenge(authenticator)))
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
