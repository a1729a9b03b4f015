//! What is written inside a sealed token: our form, nextjs-auth0's and auth0-server-python's.
//!
//! The other SDKs ignore members that they do not know, so `iss`, `sub` and `proved` travel along in their forms. A
//! default audience is `default`, but in nextjs-auth0's form the empty text, which is never sent.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use stepup_protocol::{
    mfa::{FactorType, MfaRequirements, RequiredFactor},
    scope::Scopes,
    time::UnixTime,
};

use super::{
    error::MfaTokenError,
    token::{Context, RawToken},
};

const DEFAULT_AUDIENCE: &str = "default";
const PURPOSE: &str = "mfa";

/// One SDK's words for what is sealed beside a raw token.
pub(super) trait Form: Serialize + DeserializeOwned {
    /// The member that holds the raw token.
    const RAW: &str;

    fn of(context: &Context) -> Self;

    /// # Errors
    /// `Invalid` where it was not sealed for a step-up.
    fn context(self, raw: RawToken) -> Result<Context, MfaTokenError>;
}

#[derive(Serialize, Deserialize)]
pub(super) struct Stepup {
    aud: String,
    scp: Scopes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    req: Option<RequiredWords>,
    iss: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    iat: UnixTime,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    prf: Vec<FactorType>,
}

impl Form for Stepup {
    const RAW: &str = "tok";

    fn of(context: &Context) -> Self {
        Self {
            aud: audience_word(context),
            scp: context.scope.clone(),
            req: context.requirements.clone().map(RequiredWords::from),
            iss: context.issuer.clone().unwrap_or_default(),
            sub: context.subject.clone(),
            iat: context.created_at,
            prf: context.proved.clone(),
        }
    }

    fn context(self, raw: RawToken) -> Result<Context, MfaTokenError> {
        Ok(Context {
            raw,
            audience: named(self.aud),
            scope: self.scp,
            requirements: self.req.map(MfaRequirements::from),
            issuer: Some(self.iss),
            subject: self.sub,
            created_at: self.iat,
            proved: self.prf,
        })
    }
}

/// The words alone, for they travel in headers.
#[derive(Serialize, Deserialize)]
struct RequiredWords {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    challenge: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enroll: Option<Vec<String>>,
}

impl From<MfaRequirements> for RequiredWords {
    fn from(MfaRequirements { challenge, enroll }: MfaRequirements) -> Self {
        let words = |factors: Vec<RequiredFactor>| factors.into_iter().map(|factor| factor.kind).collect();
        Self { challenge: challenge.map(words), enroll: enroll.map(words) }
    }
}

impl From<RequiredWords> for MfaRequirements {
    fn from(RequiredWords { challenge, enroll }: RequiredWords) -> Self {
        let factors = |words: Vec<String>| words.into_iter().map(|kind| RequiredFactor { kind }).collect();
        Self { challenge: challenge.map(factors), enroll: enroll.map(factors) }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Nextjs {
    audience: String,
    scope: Scopes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mfa_requirements: Option<MfaRequirements>,
    /// Milliseconds.
    created_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pur: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    proved: Vec<FactorType>,
}

impl Form for Nextjs {
    const RAW: &str = "mfaToken";

    fn of(context: &Context) -> Self {
        Self {
            audience: context.audience.clone().unwrap_or_default(),
            scope: context.scope.clone(),
            mfa_requirements: context.requirements.clone(),
            created_at: context.created_at.milliseconds(),
            iss: context.issuer.clone(),
            sub: context.subject.clone(),
            pur: Some(PURPOSE.to_owned()),
            proved: context.proved.clone(),
        }
    }

    fn context(self, raw: RawToken) -> Result<Context, MfaTokenError> {
        if self.pur.is_some_and(|purpose| purpose != PURPOSE) {
            return Err(MfaTokenError::Invalid);
        }
        Ok(Context {
            raw,
            audience: named(self.audience),
            scope: self.scope,
            requirements: self.mfa_requirements,
            issuer: self.iss,
            subject: self.sub,
            created_at: UnixTime::from_seconds(self.created_at.div_euclid(1000)),
            proved: self.proved,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Python {
    audience: String,
    scope: Scopes,
    mfa_requirements: Option<PythonRequirements>,
    created_at: UnixTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    proved: Vec<FactorType>,
}

/// Both members are written, absent ones as `null`: the other side's model says so.
#[derive(Serialize, Deserialize)]
struct PythonRequirements {
    #[serde(default)]
    enroll: Option<Vec<RequiredFactor>>,
    #[serde(default)]
    challenge: Option<Vec<RequiredFactor>>,
}

impl Form for Python {
    const RAW: &str = "mfa_token";

    fn of(context: &Context) -> Self {
        Self {
            audience: audience_word(context),
            scope: context.scope.clone(),
            mfa_requirements: context
                .requirements
                .clone()
                .map(|MfaRequirements { challenge, enroll }| PythonRequirements { enroll, challenge }),
            created_at: context.created_at,
            iss: context.issuer.clone(),
            sub: context.subject.clone(),
            proved: context.proved.clone(),
        }
    }

    fn context(self, raw: RawToken) -> Result<Context, MfaTokenError> {
        Ok(Context {
            raw,
            audience: named(self.audience),
            scope: self.scope,
            requirements: self
                .mfa_requirements
                .map(|PythonRequirements { enroll, challenge }| MfaRequirements { challenge, enroll }),
            issuer: self.iss,
            subject: self.sub,
            created_at: self.created_at,
            proved: self.proved,
        })
    }
}

fn audience_word(context: &Context) -> String {
    context.audience.clone().unwrap_or_else(|| DEFAULT_AUDIENCE.to_owned())
}

fn named(audience: String) -> Option<String> {
    (!audience.is_empty() && audience != DEFAULT_AUDIENCE).then_some(audience)
}
