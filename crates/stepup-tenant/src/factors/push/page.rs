//! Where it is on the pages.

use crate::factors::Pages;

/// Its pages.
pub(super) const PAGES: Pages =
    Pages { enroll: "/u/mfa-push-enrollment-qr", challenge: "/u/mfa-push-challenge-push" };
