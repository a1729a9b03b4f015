//! Sealed values: a payload that only the application can read, good for one purpose until it expires.

mod auth0_server_python;
mod claims;
mod envelope;
mod keys;
mod nextjs_auth0;
mod packed;
mod stepup;
mod text_member;

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};
use stepup_protocol::time::UnixTime;

use crate::{Random, Secrets, jwe::Compact};
use envelope::Envelope;
use keys::KeyCache;

/// Longest sealed value that is read, in bytes: a session in 30 chunks.
pub const MAX_VALUE_BYTES: usize = 128 * 1024;

/// How values are sealed, and whose they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// auth0-server-python's: A256CBC-HS512, one key an identifier, **no expiry inside**.
    Auth0ServerPython,
    /// nextjs-auth0's: A256GCM, one key for all purposes, `exp` in the payload, accepted for 14 seconds longer.
    NextjsAuth0,
    /// Ours: A256GCM, one key a purpose and context, purpose, version and expiry in the authenticated header; to the second.
    #[default]
    Stepup,
}

impl Format {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Stepup, Self::NextjsAuth0, Self::Auth0ServerPython];

    /// Its name in options and in what is printed; [`FromStr`] reads it back.
    ///
    /// ```
    /// use stepup_seal::Format;
    ///
    /// assert_eq!(Format::NextjsAuth0.name(), "nextjs-auth0");
    /// assert_eq!("nextjs-auth0".parse(), Ok(Format::NextjsAuth0));
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth0ServerPython => "auth0-server-python",
            Self::NextjsAuth0 => "nextjs-auth0",
            Self::Stepup => "stepup",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or(UnknownFormat)
    }
}

/// A name that no [`Format`] has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is none of stepup, nextjs-auth0 and auth0-server-python")]
pub struct UnknownFormat;

/// What a value is sealed for. In [`Format::Stepup`] it opens as nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Access tokens of federated connections, in cookies of their own.
    ConnectionTokens,
    /// A step-up under way on the SDK's own pages.
    Detour,
    /// A pending step-up.
    MfaToken,
    /// A session that is kept in the browser.
    Session,
    /// The id of a session that is kept in a store.
    StatefulId,
    /// A login under way.
    Transaction,
}

impl Purpose {
    /// Every purpose, in order.
    pub const ALL: [Self; 6] = [
        Self::ConnectionTokens,
        Self::Detour,
        Self::MfaToken,
        Self::Session,
        Self::StatefulId,
        Self::Transaction,
    ];

    /// Its name in the keys and headers of [`Format::Stepup`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConnectionTokens => "connection-tokens",
            Self::Detour => "detour",
            Self::MfaToken => "mfa-token",
            Self::Session => "session",
            Self::StatefulId => "stateful-id",
            Self::Transaction => "transaction",
        }
    }
}

/// A value that does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It is authentic and its time is over.
    #[error("the value has expired")]
    Expired,
    /// It is not a sealed value, was tampered with, was sealed with another secret or for another purpose, or holds a
    /// payload of another type.
    #[error("the value is not one that was sealed here for this purpose")]
    Invalid,
}

/// An opened value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed<T> {
    /// What was sealed.
    pub payload: T,
    /// When it expires. `None` where the form carries no expiry (auth0-server-python): then the payload's own times and
    /// the reader's lifetimes decide.
    pub expires_at: Option<UnixTime>,
    /// Whether one of the older secrets opened it: seal it anew.
    pub stale_secret: bool,
    /// When it was first issued, where nextjs-auth0 before version 4 wrote it: the payload is then of that version's
    /// shape. `None` for every other value.
    pub legacy_issued_at: Option<UnixTime>,
}

impl<T> Unsealed<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Unsealed<U> {
        let Self { payload, expires_at, stale_secret, legacy_issued_at } = self;
        Unsealed { payload: change(payload), expires_at, stale_secret, legacy_issued_at }
    }
}

/// Seals and opens values in one form. Prepares each key once; cheap to clone.
///
/// ```
/// # #[derive(Debug)] struct Fixed;
/// # impl stepup_seal::Random for Fixed { fn fill(&self, destination: &mut [u8]) { destination.fill(7) } }
/// use std::time::Duration;
/// use stepup_protocol::time::UnixTime;
/// use stepup_seal::{Format, OpenError, Purpose, Sealer, Secrets};
///
/// let sealer = Sealer::new(&Secrets::new(["a secret of thirty-two bytes, or more".into()])?, Format::Stepup);
/// let now = UnixTime::from_seconds(1_767_225_600);
/// let value = sealer.seal(Purpose::Session, "", &"ada", now + Duration::from_secs(60), &Fixed);
///
/// assert_eq!(sealer.open::<String>(Purpose::Session, "", &value, now)?.payload, "ada");
/// assert_eq!(sealer.open::<String>(Purpose::MfaToken, "", &value, now), Err(OpenError::Invalid));
/// let later = now + Duration::from_secs(60);
/// assert_eq!(sealer.open::<String>(Purpose::Session, "", &value, later), Err(OpenError::Expired));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Sealer(Arc<KeyCache>);

impl Sealer {
    /// A sealer for values of `format`.
    #[must_use]
    pub fn new(secrets: &Secrets, format: Format) -> Self {
        Self(Arc::new(KeyCache::new(secrets, format)))
    }

    /// The form of the values.
    #[must_use]
    pub fn format(&self) -> Format {
        self.0.format()
    }

    /// Seals `payload` with the first secret, for `purpose`, until `expires_at`.
    ///
    /// `context` binds a value more closely, to the state of a login or the name of a cookie; it must be the same when
    /// the value is opened. [`Format::NextjsAuth0`] has no such thing and ignores it; in
    /// [`Format::Auth0ServerPython`] it is the state of a transaction and the identifier of a session (`_a0_session`
    /// where it is empty). That form does not carry `expires_at`.
    ///
    /// # Panics
    /// Where `payload` does not serialise to JSON or, for [`Format::NextjsAuth0`], not to an object: a fault of its type.
    pub fn seal<T: Serialize + ?Sized>(
        &self,
        purpose: Purpose,
        context: &str,
        payload: &T,
        expires_at: UnixTime,
        random: &dyn Random,
    ) -> String {
        let mut json = Vec::with_capacity(JSON_BYTES);
        write_json(payload, &mut json);
        self.seal_json(purpose, context, json, expires_at, random)
    }

    /// The same for a payload with a long text, `(name, text)`: that is the first member of its object, and takes less time
    /// than if it were a member of `T`. In [`Format::Stepup`] it is shorter too, and opens with
    /// [`open_with_text`](Self::open_with_text) alone; in the others what is sealed is the same.
    ///
    /// ```
    /// # #[derive(Debug)] struct Fixed;
    /// # impl stepup_seal::Random for Fixed { fn fill(&self, destination: &mut [u8]) { destination.fill(7) } }
    /// # use std::{collections::BTreeMap, time::Duration};
    /// # use stepup_protocol::time::UnixTime;
    /// # use stepup_seal::{Format, Purpose, Sealer, Secrets};
    /// # let sealer = Sealer::new(&Secrets::new(["a secret of thirty-two bytes, or more".into()])?, Format::Stepup);
    /// # let now = UnixTime::from_seconds(1_767_225_600);
    /// # let later = now + Duration::from_secs(60);
    /// let rest = BTreeMap::from([("aud".to_owned(), "api".to_owned())]);
    /// let value = sealer.seal_with_text(Purpose::MfaToken, "", ("tok", "Fe26.2*…"), &rest, later, &Fixed);
    ///
    /// let opened = sealer.open_with_text(Purpose::MfaToken, "", &value, "tok", now)?;
    /// assert_eq!(opened.payload, ("Fe26.2*…".to_owned(), rest));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// Where `payload` does not serialise to a JSON object: a fault of its type.
    pub fn seal_with_text<T: Serialize + ?Sized>(
        &self,
        purpose: Purpose,
        context: &str,
        text: (&str, &str),
        payload: &T,
        expires_at: UnixTime,
        random: &dyn Random,
    ) -> String {
        let mut json = Vec::with_capacity(JSON_BYTES);
        let write = if self.format() == Format::Stepup { packed::pack } else { packed::leave };
        text_member::put(text, write, payload, &mut json);
        self.seal_json(purpose, context, json, expires_at, random)
    }

    fn seal_json(
        &self,
        purpose: Purpose,
        context: &str,
        json: Vec<u8>,
        expires_at: UnixTime,
        random: &dyn Random,
    ) -> String {
        self.0.seal(purpose, context, |key| match self.format() {
            Format::Auth0ServerPython => auth0_server_python::seal(key, json, random),
            Format::NextjsAuth0 => nextjs_auth0::seal(key, json, expires_at, random),
            Format::Stepup => stepup::seal(key, purpose, json, expires_at, random),
        })
    }

    /// Opens `value` at the time `now`, with whichever secret sealed it.
    ///
    /// # Errors
    /// [`OpenError::Expired`] for an authentic value whose time is over, whichever secret sealed it, else
    /// [`OpenError::Invalid`].
    pub fn open<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        context: &str,
        value: &str,
        now: UnixTime,
    ) -> Result<Unsealed<T>, OpenError> {
        let (json, envelope) = self.decrypt(purpose, context, value, now)?;
        envelope.read(&json, now)
    }

    /// The same for a payload with a text as the member `name` of its object, which `T` then does not see: the other side of
    /// [`seal_with_text`](Self::seal_with_text).
    ///
    /// # Errors
    /// Those of [`open`](Self::open). A payload without that text is [`OpenError::Invalid`].
    pub fn open_with_text<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        context: &str,
        value: &str,
        name: &str,
        now: UnixTime,
    ) -> Result<Unsealed<(String, T)>, OpenError> {
        let (mut json, envelope) = self.decrypt(purpose, context, value, now)?;
        let (text, rest) = text_member::take(name, &mut json).map_err(|_| OpenError::Invalid)?;
        Ok(envelope.read(&rest, now)?.map(|payload| (text, payload)))
    }

    /// The JSON of the payload, and what else the value says.
    fn decrypt(
        &self,
        purpose: Purpose,
        context: &str,
        value: &str,
        now: UnixTime,
    ) -> Result<(Vec<u8>, Envelope), OpenError> {
        let value = Compact::split(value, MAX_VALUE_BYTES).map_err(|_| OpenError::Invalid)?;
        match self.format() {
            Format::Auth0ServerPython => auth0_server_python::decrypt(&value, &self.0, purpose, context),
            Format::NextjsAuth0 => nextjs_auth0::decrypt(&value, &self.0, purpose),
            Format::Stepup => stepup::decrypt(&value, &self.0, purpose, context, now),
        }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sealer").field("format", &self.format()).finish_non_exhaustive()
    }
}

/// Writes the JSON text of a payload.
#[expect(
    clippy::expect_used,
    reason = "the documented panic of `Sealer::seal`: a fault of the payload's type"
)]
fn write_json<T: Serialize + ?Sized>(payload: &T, json: &mut Vec<u8>) {
    serde_json::to_writer(json, payload).expect("the payload serialises to JSON");
}

/// Room for the payload of a pending step-up, so that it need not be moved while it is written.
const JSON_BYTES: usize = 3072;
