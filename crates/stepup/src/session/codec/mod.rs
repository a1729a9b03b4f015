//! A session as it is written inside its sealed cookie: with nextjs-auth0's members (ours too), or with
//! auth0-server-python's.

mod nextjs;
mod python;

use stepup_protocol::time::UnixTime;
use stepup_seal::{Format, Purpose, Random, Sealer};

use super::Session;

/// What came out of a cookie.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) session: Session,
    /// Absent in auth0-server-python's form.
    pub(super) expires_at: Option<UnixTime>,
    /// Sealed with an older secret, or by an older version of nextjs-auth0: to be written anew.
    pub(super) outdated: bool,
}

/// The sealed text of `session`, for a cookie of this name.
pub(super) fn seal(
    sealer: &Sealer,
    name: &str,
    session: &Session,
    expires_at: UnixTime,
    random: &dyn Random,
) -> String {
    match sealer.format() {
        Format::Auth0ServerPython => {
            sealer.seal(Purpose::Session, name, &python::Written::from(session), expires_at, random)
        }
        Format::NextjsAuth0 | Format::Stepup => {
            sealer.seal(Purpose::Session, "", &nextjs::Written::from(session), expires_at, random)
        }
    }
}

/// The session in `value`; `None` for whatever is none. `default_audience` is the configured one.
pub(super) fn open(
    sealer: &Sealer,
    name: &str,
    default_audience: Option<&str>,
    value: &str,
    now: UnixTime,
) -> Option<Opened> {
    match sealer.format() {
        Format::Auth0ServerPython => {
            let opened = sealer.open::<python::Read>(Purpose::Session, name, value, now).ok()?;
            let session = opened.payload.into_session(default_audience)?;
            Some(Opened { session, expires_at: opened.expires_at, outdated: opened.stale_secret })
        }
        Format::NextjsAuth0 | Format::Stepup => {
            let opened = sealer.open::<nextjs::Read>(Purpose::Session, "", value, now).ok()?;
            let session = match opened.legacy_issued_at {
                Some(issued_at) => opened.payload.into_session_of_version_3(issued_at)?,
                None => opened.payload.into_session()?,
            };
            let outdated = opened.stale_secret || opened.legacy_issued_at.is_some();
            Some(Opened { session, expires_at: opened.expires_at, outdated })
        }
    }
}

/// The same for a value of a form that is read and not written, or under a name that is not ours: to be written anew,
/// without what only that form has a use for.
pub(super) fn take_over(
    sealer: &Sealer,
    name: &str,
    default_audience: Option<&str>,
    value: &str,
    now: UnixTime,
) -> Option<Opened> {
    let mut opened = open(sealer, name, default_audience, value, now)?;
    for member in python::MEMBERS {
        opened.session.data.remove(member);
    }
    Some(Opened { outdated: true, ..opened })
}
