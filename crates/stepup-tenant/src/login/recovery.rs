//! `/u/mfa-recovery-code-enrollment`: a new recovery code, to be kept by the user and by nobody else.
//!
//! The code is derived from the browser's secret and the login's name, of which the store knows digests only. So it is the
//! same each time the page is loaded during this login, and nowhere at rest.

use axum::response::Response;
use http::StatusCode;
use stepup_seal::hkdf;

use super::{
    path,
    visit::{Lost, NewCode, Visit},
};
use crate::{
    factors::recovery_code,
    pages::mfa_recovery_code_enrollment::{Occasion, View, render},
};

/// Shows the code.
pub(super) async fn show(visit: Visit) -> Result<Response, Lost> {
    match visit.kept.recovery_code {
        Some(occasion) => page(&visit, occasion, false).await,
        None => Ok(visit.go(path::RESUME)),
    }
}

/// Goes on once the user says that it is kept.
pub(super) async fn submit(mut visit: Visit) -> Result<Response, Lost> {
    let Some(occasion) = visit.kept.recovery_code else { return Ok(visit.go(path::RESUME)) };
    if visit.params.text("saved").is_none() {
        return page(&visit, occasion, true).await;
    }
    visit.kept.recovery_code = None;
    visit.save().await?;
    Ok(visit.go(path::RESUME))
}

/// The code that this login brings on `occasion`.
pub(super) fn new_code(visit: &Visit, occasion: NewCode) -> String {
    let purpose: &[u8] = match occasion {
        NewCode::FirstFactor => b"recovery code, first factor",
        NewCode::OldCodeUsed => b"recovery code, old one used",
    };
    let bytes = hkdf::derive::<64>(visit.browser.as_bytes(), visit.state.as_bytes(), purpose);
    recovery_code::from_bytes(bytes.as_slice())
}

async fn page(visit: &Visit, occasion: NewCode, tick_is_missing: bool) -> Result<Response, Lost> {
    let user = visit.user().await?;
    let code = new_code(visit, occasion);
    let view = View {
        frame: visit.frame(user.as_ref()),
        recovery_code: &code,
        occasion: match occasion {
            NewCode::FirstFactor => Occasion::FirstFactor,
            NewCode::OldCodeUsed => Occasion::OldCodeUsed,
        },
        tick_is_missing,
    };
    let status = if tick_is_missing { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(visit.page(status, render(&view)))
}
