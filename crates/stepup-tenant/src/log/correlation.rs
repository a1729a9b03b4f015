//! What ties the requests of one login together: `/authorize`, its pages and the exchange of its code; a token request
//! that was answered with `mfa_required`, and everything until its tokens.

use std::sync::{Arc, OnceLock};

use stepup_seal::{Random, base62};

/// The transaction that a request belongs to, known as soon as something of the request says so. Cheap to clone; all
/// clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Correlation(Arc<OnceLock<String>>);

impl Correlation {
    /// The request goes on with the transaction `id`; what it belonged to before, if anything, stands.
    pub(crate) fn join(&self, id: &str) {
        self.0.get_or_init(|| id.to_owned());
    }

    /// The id of its transaction; begins one where it belongs to none yet.
    pub(crate) fn id(&self, random: &dyn Random) -> &str {
        self.0.get_or_init(|| format!("txn_{}", base62(random, 24)))
    }

    /// The id, if it belongs to one.
    pub(crate) fn known(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}
