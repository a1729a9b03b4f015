//! What is written inside a sealed token: our form, nextjs-auth0's and auth0-server-python's.
//!
//! The other SDKs ignore members that they do not know, so `iss`, `sub` and `proved` travel along in their forms. A
//! default audience is `default`, except there, where it is the empty text and therefore never sent.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
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

#[derive(Serialize, Deserialize)]
pub(super) struct Stepup {
    #[serde(serialize_with = "unescaped")]
    tok: String,
    aud: String,
    scp: Scopes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    req: Option<MfaRequirements>,
    iss: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    iat: UnixTime,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    prf: Vec<FactorType>,
}

impl From<&Context> for Stepup {
    fn from(context: &Context) -> Self {
        Self {
            tok: context.raw.expose().to_owned(),
            aud: audience_word(context),
            scp: context.scope.clone(),
            req: context.requirements.clone(),
            iss: context.issuer.clone().unwrap_or_default(),
            sub: context.subject.clone(),
            iat: context.created_at,
            prf: context.proved.clone(),
        }
    }
}

impl TryFrom<Stepup> for Context {
    type Error = MfaTokenError;

    fn try_from(form: Stepup) -> Result<Self, Self::Error> {
        Ok(Self {
            raw: RawToken::new(form.tok).ok_or(MfaTokenError::Invalid)?,
            audience: named(form.aud),
            scope: form.scp,
            requirements: form.req,
            issuer: Some(form.iss),
            subject: form.sub,
            created_at: form.iat,
            proved: form.prf,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Nextjs {
    mfa_token: String,
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

impl From<&Context> for Nextjs {
    fn from(context: &Context) -> Self {
        Self {
            mfa_token: context.raw.expose().to_owned(),
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
}

impl TryFrom<Nextjs> for Context {
    type Error = MfaTokenError;

    fn try_from(form: Nextjs) -> Result<Self, Self::Error> {
        if form.pur.is_some_and(|purpose| purpose != PURPOSE) {
            return Err(MfaTokenError::Invalid);
        }
        Ok(Self {
            raw: RawToken::new(form.mfa_token).ok_or(MfaTokenError::Invalid)?,
            audience: named(form.audience),
            scope: form.scope,
            requirements: form.mfa_requirements,
            issuer: form.iss,
            subject: form.sub,
            created_at: UnixTime::from_seconds(form.created_at.div_euclid(1000)),
            proved: form.proved,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Python {
    mfa_token: String,
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

impl From<&Context> for Python {
    fn from(context: &Context) -> Self {
        Self {
            mfa_token: context.raw.expose().to_owned(),
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
}

impl TryFrom<Python> for Context {
    type Error = MfaTokenError;

    fn try_from(form: Python) -> Result<Self, Self::Error> {
        Ok(Self {
            raw: RawToken::new(form.mfa_token).ok_or(MfaTokenError::Invalid)?,
            audience: named(form.audience),
            scope: form.scope,
            requirements: form
                .mfa_requirements
                .map(|PythonRequirements { enroll, challenge }| MfaRequirements { challenge, enroll }),
            issuer: form.iss,
            subject: form.sub,
            created_at: form.created_at,
            proved: form.proved,
        })
    }
}

fn audience_word(context: &Context) -> String {
    context.audience.clone().unwrap_or_else(|| DEFAULT_AUDIENCE.to_owned())
}

fn named(audience: String) -> Option<String> {
    (!audience.is_empty() && audience != DEFAULT_AUDIENCE).then_some(audience)
}

/// A text that hardly ever has anything to escape. To look for it byte by byte would take a third of the time of sealing.
fn unescaped<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let raw = (!text.contains('\\')).then(|| RawValue::from_string(format!("\"{text}\"")));
    match raw {
        Some(Ok(raw)) => raw.serialize(serializer),
        _ => serializer.serialize_str(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_what_it_is_whatever_is_in_it() {
        #[derive(Serialize)]
        struct Text(#[serde(serialize_with = "unescaped")] String);

        for text in
            ["", "Fe26.2*SERVER_1*a-_b", "é", "\"", "a\",\"b", "\\", "\\u0041", "\n", "\u{0}", "\u{7f}"]
        {
            assert_eq!(
                serde_json::to_string(&Text(text.to_owned())).unwrap(),
                serde_json::to_string(text).unwrap(),
                "{text}"
            );
        }
    }
}
