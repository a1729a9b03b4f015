//! What users prove second factors with.

use stepup_protocol::time::UnixTime;

use super::Stored;
use crate::model::{Authenticator, BucketKind, BucketRule, Digest, Empty, OobTransaction, PushDevice};

/// What users prove second factors with.
pub trait Authenticators: Send + Sync {
    /// All of a user's, pending ones included, in the order of enrolment.
    ///
    /// # Errors
    /// The store failed.
    fn authenticators<'a>(&'a self, user_id: &'a str) -> Stored<'a, Vec<Authenticator>>;

    /// The enrolment `dev_…`, whatever its factor: for callers that know no prefix.
    ///
    /// # Errors
    /// The store failed.
    fn enrollment<'a>(&'a self, device_id: &'a str) -> Stored<'a, Option<Authenticator>>;

    /// Adds `authenticator`. An active recovery code takes the place of every other one of the user.
    ///
    /// # Errors
    /// [`StoreError::Conflict`](super::StoreError::Conflict) where the id is taken.
    fn insert_authenticator<'a>(&'a self, authenticator: &'a Authenticator) -> Stored<'a, ()>;

    /// Adds everything that an enrolment consists of, as one. Of the user's pending ones of the same kinds, those older
    /// than a day go, and all but the newest few. Nothing is kept where too much was sent.
    ///
    /// # Errors
    /// [`StoreError::Conflict`](super::StoreError::Conflict) where an id or the `oob_code` is taken.
    fn begin_enrolment<'a>(&'a self, enrolment: Enrolment<'a>) -> Stored<'a, Result<(), Empty>>;

    /// Writes name, reach of a phone, and device of a push enrolment; false where the authenticator is gone.
    ///
    /// # Errors
    /// The store failed.
    fn update_authenticator<'a>(&'a self, authenticator: &'a Authenticator) -> Stored<'a, bool>;

    /// A phone scanned the QR code `ticket`: it becomes the device of the push enrolment, which is active from now on with
    /// its twin, and with the recovery code that was given with it. Of two phones, one gets it; nothing where the code is unknown,
    /// over or taken, or the enrolment is void because the user has enrolled something else since that is `usable`.
    ///
    /// # Errors
    /// The store failed.
    fn attach_device<'a>(
        &'a self,
        ticket: &'a Digest,
        device: &'a PushDevice,
        usable: Usable<'a>,
        now: UnixTime,
    ) -> Stored<'a, Option<Attached>>;

    /// Removes one authenticator of the user, and its twin; when the last active one other than a recovery code goes, the
    /// recovery code goes too. Returns whether there was one.
    ///
    /// # Errors
    /// The store failed.
    fn delete_authenticator<'a>(&'a self, user_id: &'a str, id: &'a str) -> Stored<'a, bool>;

    /// Puts `authenticators` in the place of all that the user has, as one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`](super::StoreError::Conflict) where an id is taken.
    fn replace_authenticators<'a>(
        &'a self,
        user_id: &'a str,
        authenticators: &'a [Authenticator],
    ) -> Stored<'a, ()>;

    /// Removes all of a user's.
    ///
    /// # Errors
    /// The store failed.
    fn delete_authenticators<'a>(&'a self, user_id: &'a str) -> Stored<'a, ()>;
}

/// The kinds of authenticators that count as a user's, by their prefixes: `email`, `push`, `sms`, `totp`, `voice`. One of a
/// kind that the tenant has off is as good as none.
pub type Usable<'a> = &'a [&'a str];

/// An enrolment that begins.
#[derive(Clone, Copy, Debug)]
pub struct Enrolment<'a> {
    /// The authenticators that it makes, all of one user, all pending.
    pub authenticators: &'a [Authenticator],
    /// How it is confirmed, if out of band.
    pub oob: Option<(&'a Digest, &'a OobTransaction)>,
    /// How sending is counted, if something is sent; none: it is not.
    pub limit: Option<(BucketKind, BucketRule)>,
    /// When.
    pub now: UnixTime,
}

/// A push enrolment that got its device.
#[derive(Clone, Debug)]
pub struct Attached {
    /// The push authenticator as it now is.
    pub push: Authenticator,
    /// The authenticator app that came with it.
    pub totp: Authenticator,
}
