//! What a value says around its payload.

use serde::de::DeserializeOwned;
use stepup_protocol::time::UnixTime;

use super::{
    OpenError, Unsealed,
    nextjs_auth0::{self, Header},
};

/// What an authentic value says around its payload.
pub(super) struct Envelope {
    /// Whether one of the older secrets opened it.
    pub(super) stale_secret: bool,
    pub(super) time: Time,
}

/// Where its time stands.
pub(super) enum Time {
    /// In the authenticated header, and it is not over.
    Header(UnixTime),
    /// nextjs-auth0's: in the payload, or in a header of version 3.
    Payload(Header),
    /// Nowhere.
    Nowhere,
}

impl Envelope {
    /// Reads the payload.
    pub(super) fn read<T: DeserializeOwned>(
        self,
        json: &[u8],
        now: UnixTime,
    ) -> Result<Unsealed<T>, OpenError> {
        let plain = |expires_at| {
            let payload = serde_json::from_slice(json).map_err(|_| OpenError::Invalid)?;
            Ok(Unsealed { payload, expires_at, stale_secret: self.stale_secret, legacy_issued_at: None })
        };
        match self.time {
            Time::Header(expires_at) => plain(Some(expires_at)),
            Time::Payload(header) => nextjs_auth0::read(json, header, self.stale_secret, now),
            Time::Nowhere => plain(None),
        }
    }
}
