//! Where it is on the pages.

use crate::factors::Pages;

/// Its pages.
pub(super) const PAGES: Pages =
    Pages { enroll: "/u/mfa-phone-enrollment", challenge: "/u/mfa-voice-challenge" };
