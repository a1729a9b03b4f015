//! A token request that waits for a second factor, as its `mfa_token` names it.

use serde::Deserialize as _;

use crate::{
    config::Client,
    factors::{Acceptable, Transaction},
    model::{Authenticator, Digest, MfaTransaction, OobOwner, User},
    oauth::error::{ClientFault, Failure, GrantFault, TenantFault},
    pipeline::{Caller, Progress},
    state::Shared,
};

/// A pending transaction, opened by its `mfa_token`.
#[derive(Debug)]
pub(crate) struct Pending {
    /// What it is kept under.
    pub(crate) digest: Digest,
    /// What it stands for.
    pub(crate) transaction: MfaTransaction,
    /// How far it has come.
    pub(crate) progress: Progress,
}

impl Pending {
    /// Opens `mfa_token`, and spends nothing: it is good for many calls and is taken when a factor was passed.
    /// The caller's request becomes one of the transaction's.
    ///
    /// # Errors
    /// It was never one, is spent, or its client is gone ([`GrantFault::MfaTokenMalformed`]); it is too old ([`GrantFault::MfaTokenExpired`]).
    pub(crate) async fn open(shared: &Shared, caller: &Caller, mfa_token: &str) -> Result<Self, Failure> {
        let digest = Digest::of(mfa_token);
        let transaction = shared.store.mfa(&digest).await?.ok_or(GrantFault::MfaTokenMalformed)?;
        caller.correlation.join(&transaction.transaction_id);
        if shared.config.client(&transaction.client_id).is_none() {
            return Err(GrantFault::MfaTokenMalformed.into());
        }
        if shared.clock.now() >= transaction.expires_at {
            return Err(GrantFault::MfaTokenExpired.into());
        }
        let progress = Progress::deserialize(&transaction.progress).map_err(TenantFault::Kept)?;
        Ok(Self { digest, transaction, progress })
    }

    /// As [`Self::open`], for the client that it was issued to.
    ///
    /// # Errors
    /// As [`Self::open`]; or it is another client's.
    pub(crate) async fn open_for(
        shared: &Shared,
        caller: &Caller,
        mfa_token: &str,
        client: &Client,
    ) -> Result<Self, Failure> {
        let pending = Self::open(shared, caller, mfa_token).await?;
        if pending.transaction.client_id != client.client_id {
            return Err(ClientFault::MfaTokenOfOtherClient.into());
        }
        Ok(pending)
    }

    /// The transaction as the factors see it.
    pub(crate) fn transaction<'a>(
        &'a self,
        shared: &'a Shared,
        caller: &'a Caller,
        user: &'a User,
        held: &'a [Authenticator],
    ) -> Transaction<'a> {
        Transaction {
            shared,
            caller,
            client: shared.config.client(&self.transaction.client_id),
            user,
            held,
            owner: OobOwner::MfaToken(self.digest),
            acceptable: Acceptable::Asked(&self.progress),
        }
    }
}
