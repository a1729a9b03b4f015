//! Virtual devices: authenticator apps and phones that scanned a QR code, for tests and for people without one.
//!
//! They are the user's side of the wire. A phone has a key of its own and speaks the phone's API as a real one does; what
//! devices know lives here and not in the store, and goes with the process.

mod app;
mod phone;
mod push;

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;
use stepup_protocol::time::UnixTime;
use totp_rs::Totp;
use url::Url;

use self::phone::Phone;
pub use self::push::{Decision, PushRequest};
pub(crate) use self::{app::totp, push::pending};
use crate::{
    factors,
    model::{OobAnswer, PushState},
    pipeline::Caller,
    state::State,
    store::StoreError,
};

/// The devices of one tenant.
#[derive(Default)]
pub(crate) struct Devices(Mutex<BTreeMap<String, Device>>);

#[derive(Clone)]
enum Device {
    App(Totp),
    Phone(Phone),
}

/// A virtual device as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VirtualDevice {
    /// `device_{16 characters}`.
    #[serde(rename = "device_id")]
    pub id: String,
    /// What it is.
    pub kind: DeviceKind,
    /// Whose it is, as far as it knows.
    pub user_id: Option<String>,
    /// The push enrolment that it belongs to: `dev_{16 characters}`.
    pub enrollment_id: Option<String>,
}

/// What a virtual device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// An app that shows codes.
    Otpauth,
    /// A phone that is asked, with an app that shows codes.
    Push,
}

/// Why a virtual device cannot do what it is asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// What it scanned is no QR code for it.
    #[error("`barcode_uri` is neither the QR code of an authenticator app nor that of a push enrolment: {0}")]
    Barcode(String),
    /// Its key could not be made.
    #[error("the device's key could not be made")]
    Key,
    /// There is nothing (any more) to be answered.
    #[error("no push `{0}` is pending: it was answered, or is over, or never was")]
    NothingAsked(String),
    /// The tenant refused it.
    #[error("the phone was refused")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Devices {
    /// A new device scans a QR code. A phone enrols at once.
    ///
    /// # Errors
    /// The code is no device's, or it is over or taken.
    pub(crate) async fn scan(
        &self,
        shared: &std::sync::Arc<State>,
        barcode_uri: &str,
    ) -> Result<VirtualDevice, DeviceError> {
        let device = match ticket(barcode_uri) {
            Some(ticket) => Device::Phone(Phone::enroll(shared, &ticket).await?),
            None => Device::App(app::scan(barcode_uri)?),
        };
        let id = format!("device_{}", stepup_seal::base62(&*shared.random, 16));
        let described = device.described(&id);
        self.lock().insert(id, device);
        Ok(described)
    }

    /// Every device, by id.
    pub(crate) fn list(&self) -> Vec<VirtualDevice> {
        self.lock().iter().map(|(id, device)| device.described(id)).collect()
    }

    /// The code that the device shows at `now`.
    pub(crate) fn code(&self, id: &str, now: UnixTime) -> Option<String> {
        Some(app::code(self.lock().get(id)?.totp()?, now))
    }

    /// For how many seconds it shows that code.
    pub(crate) fn seconds_left(&self, id: &str, now: UnixTime) -> Option<u64> {
        Some(app::seconds_left(self.lock().get(id)?.totp()?, now))
    }

    /// Answers a pending push as the user's device would: by the virtual phone that was asked, or in the name of one that
    /// is elsewhere.
    ///
    /// # Errors
    /// Nothing of that name is pending.
    pub(crate) async fn answer(
        &self,
        shared: &std::sync::Arc<State>,
        id: &str,
        decision: Decision,
    ) -> Result<(), DeviceError> {
        let approved = decision == Decision::Approve;
        let now = shared.clock.now();
        let asked = shared.store.oob_by_id(id).await?;
        let asked = asked.filter(|it| it.state == PushState::Pending && now < it.expires_at);
        let nothing = || DeviceError::NothingAsked(id.to_owned());
        let asked = asked.ok_or_else(nothing)?;
        let OobAnswer::Push { challenge, .. } = &asked.expects else { return Err(nothing()) };
        match self.phone_of(&asked.authenticator_id) {
            Some(phone) => phone.answer(shared, &asked, challenge, approved).await,
            None => match factors::push::answer(shared, id, approved).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(nothing()),
                Err(failure) => Err(DeviceError::Refused(failure.into())),
            },
        }
    }

    /// Forgets every device.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn phone_of(&self, authenticator_id: &str) -> Option<Phone> {
        self.lock().values().find_map(|device| match device {
            Device::Phone(phone) if phone.is(authenticator_id) => Some(phone.clone()),
            Device::Phone(_) | Device::App(_) => None,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Device>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Device {
    fn totp(&self) -> Option<&Totp> {
        match self {
            Self::App(totp) => Some(totp),
            Self::Phone(phone) => phone.totp(),
        }
    }

    fn described(&self, id: &str) -> VirtualDevice {
        let id = id.to_owned();
        match self {
            Self::App(_) => {
                VirtualDevice { id, kind: DeviceKind::Otpauth, user_id: None, enrollment_id: None }
            }
            Self::Phone(phone) => VirtualDevice {
                id,
                kind: DeviceKind::Push,
                user_id: Some(phone.user_id().to_owned()),
                enrollment_id: Some(phone.enrollment_id().to_owned()),
            },
        }
    }
}

impl std::fmt::Debug for Devices {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Devices").field(&self.list()).finish()
    }
}

/// The ticket of a push enrolment's QR code.
fn ticket(barcode_uri: &str) -> Option<String> {
    let url = Url::parse(barcode_uri).ok()?;
    let mut pairs = url.query_pairs();
    pairs.find(|(name, _)| name == "enrollment_tx_id").map(|(_, ticket)| ticket.into_owned())
}

/// What a device calls itself in the log.
fn caller() -> Caller {
    Caller { ip: "127.0.0.1".to_owned(), user_agent: "stepup virtual device".to_owned(), ..Caller::default() }
}
