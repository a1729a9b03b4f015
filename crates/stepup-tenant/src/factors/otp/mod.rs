//! The authenticator app (RFC 6238).

mod challenge;
mod enroll;
mod page;
mod totp;
mod verify;

use std::future::ready;

use futures_util::future::BoxFuture;

pub(crate) use self::totp::{barcode_uri, label, new_secret};
use super::{Answer, Begun, Challenged, Details, Factor, Pages, Transaction, Verdict};
use crate::{model::Authenticator, oauth::error::Failure};

/// The authenticator app (RFC 6238).
pub(super) struct Otp;

impl Factor for Otp {
    fn enroll<'a>(
        &'a self,
        transaction: &'a Transaction<'a>,
        details: Details<'a>,
    ) -> BoxFuture<'a, Result<Begun, Failure>> {
        Box::pin(enroll::enroll(transaction, details))
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
