//! The sealed token that stands for a pending step-up, and what is inside.
//!
//! A tenant answers `mfa_required` with a raw `mfa_token`: whoever holds it may list, enrol and challenge in the
//! user's name. It never leaves this module's neighbours. What callers and browsers hold is an [`MfaToken`]: the
//! raw token sealed together with what it is for and whose it is.

use std::{fmt, str::FromStr, sync::OnceLock, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use stepup_protocol::{
    mfa::{FactorType, MfaRequirements},
    scope::Scopes,
    time::UnixTime,
};
use stepup_seal::{Format, OpenError, Purpose, Random, Sealer, digest};

use super::{
    error::MfaTokenError,
    form::{self, Form},
    requirement,
};
use crate::{lately::Digest, provider::Bearer};

/// A sealed value longer than this is not ours: a raw token has about 2000 characters.
const LONGEST: usize = 16 * 1024;

/// A pending step-up, safe to hand to a browser and to take back: opaque, sealed, bound to the audience, scope,
/// requirements, issuer and user it was made for, and good for `mfa_context_ttl` (600 s unless set).
///
/// It is a credential: it prints nothing. Write it with [`MfaToken::as_str`] into a form field or a JSON body, and
/// read it back with [`MfaToken::from`] (or serde); whether it is any good is found out where it is used.
///
/// ```
/// use stepup::mfa::MfaToken;
///
/// let token = MfaToken::from("eyJ…".to_owned());
/// assert_eq!(format!("{token:?}"), "MfaToken(…)");
/// assert_eq!(token.as_str(), "eyJ…");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MfaToken(String);

impl MfaToken {
    /// The sealed text: header-safe and URL-safe.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for MfaToken {
    fn from(sealed: String) -> Self {
        Self(sealed)
    }
}

impl From<&str> for MfaToken {
    fn from(sealed: &str) -> Self {
        Self(sealed.to_owned())
    }
}

impl FromStr for MfaToken {
    type Err = std::convert::Infallible;

    fn from_str(sealed: &str) -> Result<Self, Self::Err> {
        Ok(Self::from(sealed))
    }
}

impl fmt::Debug for MfaToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MfaToken(…)")
    }
}

/// The tenant's own `mfa_token`, or the user's own access token in its place. Erased when dropped; only this room may read
/// it.
#[derive(Clone)]
pub(super) struct RawToken {
    secret: SecretString,
    is_access_token: bool,
    digest: OnceLock<Digest>,
}

impl RawToken {
    /// `None` for an empty one, which stands for nothing.
    pub(super) fn new(raw: String) -> Option<Self> {
        let is_empty = raw.is_empty();
        let token = Self { secret: raw.into(), is_access_token: false, digest: OnceLock::new() };
        (!is_empty).then_some(token)
    }

    /// The same for an access token.
    pub(super) fn of_access_token(raw: String) -> Option<Self> {
        Self::new(raw).map(|token| Self { is_access_token: true, ..token })
    }

    pub(super) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    /// What it is known by where it is remembered.
    pub(super) fn digest(&self) -> &Digest {
        self.digest.get_or_init(|| digest::sha256(self.expose().as_bytes()))
    }

    /// As the header of a call carries it.
    pub(super) fn bearer(&self) -> Bearer<'_> {
        if self.is_access_token {
            Bearer::AccessToken(self.expose())
        } else {
            Bearer::MfaToken(self.expose())
        }
    }
}

impl fmt::Debug for RawToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RawToken(…)")
    }
}

/// What an [`MfaToken`] stands for.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(super) raw: RawToken,
    /// The audience that the tokens will be for; `None`: the default one.
    pub(super) audience: Option<String>,
    /// What was asked for, merged with the configuration.
    pub(super) scope: Scopes,
    pub(super) requirements: Option<MfaRequirements>,
    /// Absent in a token that another SDK sealed.
    pub(super) issuer: Option<String>,
    /// Whose step-up it is. Absent before anybody is logged in, and in a token that another SDK sealed.
    pub(super) subject: Option<String>,
    pub(super) created_at: UnixTime,
    /// The factors proved so far, where one is asked for after the other.
    pub(super) proved: Vec<FactorType>,
}

impl Context {
    /// Whether a challenge was asked for, and the factors of which one is to be enrolled.
    pub(crate) fn asked_for(&self) -> (bool, Vec<FactorType>) {
        let requirements = self.requirements.as_ref();
        let challenge = !requirement::challenge_factors(requirements).is_empty();
        (challenge, requirement::enrollment_factors(requirements))
    }

    /// A token is for the user it was made for: the session's, if there is one.
    pub(super) fn check_subject(&self, session: Option<&str>) -> Result<(), MfaTokenError> {
        match (self.subject.as_deref(), session) {
            (Some(bound), Some(present)) if bound != present => Err(MfaTokenError::NotFound),
            _ => Ok(()),
        }
    }
}

/// What sealing and opening need: one of these a request.
pub(super) struct Sealing<'a> {
    pub(super) sealer: &'a Sealer,
    /// For tokens in other forms, which are read too.
    pub(super) peers: &'a [Sealer],
    pub(super) issuer: &'a str,
    pub(super) ttl: Duration,
    pub(super) now: UnixTime,
    pub(super) random: &'a dyn Random,
}

impl Sealing<'_> {
    pub(super) fn seal(&self, context: &Context) -> MfaToken {
        MfaToken(match self.sealer.format() {
            Format::Auth0ServerPython => self.seal_form::<form::Python>(context),
            Format::NextjsAuth0 => self.seal_form::<form::Nextjs>(context),
            Format::Stepup => self.seal_form::<form::Stepup>(context),
        })
    }

    fn seal_form<F: Form>(&self, context: &Context) -> String {
        let raw = (F::RAW, context.raw.expose());
        let expires_at = context.created_at + self.ttl;
        self.sealer.seal_with_text(Purpose::MfaToken, "", raw, &F::of(context), expires_at, self.random)
    }

    /// # Errors
    ///
    /// `Expired` past its life; `Invalid` for everything else that is not a token of this issuer in a form that is read.
    pub(super) fn open(&self, token: &MfaToken) -> Result<Context, MfaTokenError> {
        let mut opened = self.open_with(self.sealer, token);
        for peer in self.peers {
            // What is authentic in one form opens in no other.
            let Err(MfaTokenError::Invalid) = opened else { break };
            opened = self.open_with(peer, token);
        }
        opened
    }

    /// What `token` stands for, past its life too.
    pub(super) fn raw(&self, token: &MfaToken) -> Option<RawToken> {
        let before = Self { now: UnixTime::from_seconds(0), ..*self };
        before.open(token).ok().map(|context| context.raw)
    }

    fn open_with(&self, sealer: &Sealer, token: &MfaToken) -> Result<Context, MfaTokenError> {
        let context = match sealer.format() {
            Format::Auth0ServerPython => {
                let (context, _) = self.open_form::<form::Python>(sealer, token)?;
                // This form has no expiry of its own: the reader's time to live counts, and its last second is good.
                if self.now > context.created_at + self.ttl {
                    return Err(MfaTokenError::Expired);
                }
                context
            }
            Format::NextjsAuth0 => {
                let (context, expires_at) = self.open_form::<form::Nextjs>(sealer, token)?;
                expires_at.ok_or(MfaTokenError::Invalid)?;
                context
            }
            Format::Stepup => self.open_form::<form::Stepup>(sealer, token)?.0,
        };
        match context.issuer.as_deref() {
            Some(issuer) if issuer != self.issuer => Err(MfaTokenError::Invalid),
            _ => Ok(context),
        }
    }

    fn open_form<F: Form>(
        &self,
        sealer: &Sealer,
        token: &MfaToken,
    ) -> Result<(Context, Option<UnixTime>), MfaTokenError> {
        if token.0.len() > LONGEST {
            return Err(MfaTokenError::Invalid);
        }
        let opened = sealer.open_with_text::<F>(Purpose::MfaToken, "", &token.0, F::RAW, self.now).map_err(
            |error| match error {
                OpenError::Expired => MfaTokenError::Expired,
                _ => MfaTokenError::Invalid,
            },
        )?;
        let (raw, form) = opened.payload;
        let raw = RawToken::new(raw).ok_or(MfaTokenError::Invalid)?;
        Ok((form.context(raw)?, opened.expires_at))
    }
}

#[cfg(test)]
mod tests;
