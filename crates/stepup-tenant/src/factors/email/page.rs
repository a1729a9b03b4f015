//! Where it is on the pages.

use crate::factors::Pages;

/// Its pages.
pub(super) const PAGES: Pages =
    Pages { enroll: "/u/mfa-email-enrollment", challenge: "/u/mfa-email-challenge" };
