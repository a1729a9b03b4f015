//! Where it is on the pages.

use crate::factors::Pages;

/// Its pages: shown once, and used.
pub(super) const PAGES: Pages =
    Pages { enroll: "/u/mfa-recovery-code-enrollment", challenge: "/u/mfa-recovery-code-challenge" };
