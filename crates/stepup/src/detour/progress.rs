//! How far a detour has come: what the pages have to remember from one to the next.

use serde::{Deserialize, Serialize};

use crate::mfa::MfaToken;

/// How far it has come, and what is left to do it with.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The pending step-up; absent once nothing is pending, and on the way over the tenant's pages.
    #[serde(rename = "tok", default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<MfaToken>,
    #[serde(rename = "stg")]
    pub(crate) stage: Stage,
}

/// What the user does now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub(crate) enum Stage {
    /// Nobody has looked yet at what may be done.
    Begin,
    /// Nothing is left to do here: back to where the user was.
    Done,
}

impl Progress {
    pub(super) fn new(token: MfaToken) -> Self {
        Self { token: Some(token), stage: Stage::Begin }
    }

    /// The tenant's pages do everything; what is left is the way back.
    pub(super) fn by_login() -> Self {
        Self { token: None, stage: Stage::Done }
    }
}
