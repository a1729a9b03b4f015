//! What ties the requests of one login together: `/authorize`, its pages and the exchange of its code; a token request
//! that was answered with `mfa_required`, and everything until its tokens.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use stepup_seal::{Random, base62};

use crate::model::LogEvent;

tokio::task_local! {
    /// The request that is being answered: whatever is logged meanwhile belongs to it.
    static CURRENT: Correlation;
}

/// A request, and the transaction that it belongs to, known as soon as something of the request says so. Cheap to clone;
/// all clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Correlation(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    request_id: String,
    transaction_id: OnceLock<String>,
    /// What it has logged and was not written yet.
    events: Mutex<Vec<LogEvent>>,
}

impl Correlation {
    /// A request that belongs to no transaction yet.
    pub(crate) fn begin(random: &dyn Random) -> Self {
        Self(Arc::new(Known { request_id: base62(random, 16), ..Known::default() }))
    }

    /// The request that is being answered here, if one is.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Lets `answer` go on as the answer to this request.
    pub(crate) async fn scope<F: Future>(self, answer: F) -> F::Output {
        CURRENT.scope(self, answer).await
    }

    /// What tells the request from all others.
    pub(crate) fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// The request goes on with the transaction `id`; what it belonged to before, if anything, stands.
    pub(crate) fn join(&self, id: &str) {
        self.0.transaction_id.get_or_init(|| id.to_owned());
    }

    /// The id of its transaction; begins one where it belongs to none yet.
    pub(crate) fn id(&self, random: &dyn Random) -> &str {
        self.0.transaction_id.get_or_init(|| format!("txn_{}", base62(random, 24)))
    }

    /// The id, if it belongs to one.
    pub(crate) fn known(&self) -> Option<&str> {
        self.0.transaction_id.get().map(String::as_str)
    }

    /// Keeps `event`, as one of this request, until the request is answered.
    pub(super) fn gather(&self, mut event: LogEvent) {
        event.request_id.get_or_insert_with(|| self.request_id().to_owned());
        event.transaction_id = event.transaction_id.or_else(|| self.known().map(str::to_owned));
        self.events().push(event);
    }

    /// Takes what was gathered.
    pub(super) fn take_events(&self) -> Vec<LogEvent> {
        std::mem::take(&mut self.events())
    }

    fn events(&self) -> MutexGuard<'_, Vec<LogEvent>> {
        self.0.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
