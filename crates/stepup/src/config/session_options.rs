//! The options of the session and its cookies, one method each.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, Method, Uri};

use super::{ClientBuilder, CookieOptions, TransactionCookieOptions};
use crate::session::Session;

/// The session and its cookies.
impl ClientBuilder {
    /// Whether a session lasts longer by being used. On.
    #[must_use]
    pub fn rolling(mut self, rolling: bool) -> Self {
        self.rolling = Some(rolling);
        self
    }

    /// How long a rolling session lasts without being used. One day.
    #[must_use]
    pub fn inactivity_duration(mut self, duration: Duration) -> Self {
        self.inactivity_duration = Some(duration);
        self
    }

    /// How long a session lasts at most. Three days.
    #[must_use]
    pub fn absolute_duration(mut self, duration: Duration) -> Self {
        self.absolute_duration = Some(duration);
        self
    }

    /// The session cookie.
    #[must_use]
    pub fn session_cookie(mut self, options: CookieOptions) -> Self {
        self.session_cookie = options;
        self
    }

    /// The cookies of logins under way.
    #[must_use]
    pub fn transaction_cookie(mut self, options: TransactionCookieOptions) -> Self {
        self.transaction_cookie = options;
        self
    }

    /// Whether several logins may be under way in one browser. On; off in auth0-server-python's form.
    #[must_use]
    pub fn enable_parallel_transactions(mut self, enable: bool) -> Self {
        self.parallel_transactions = Some(enable);
        self
    }

    /// Called whenever the SDK has put something into a session, before it is written: at a login (after
    /// [`on_callback`](Self::on_callback)), after a refresh and after a second factor. To drop what is not needed, or to
    /// add data of your own. Not called when a session merely lasts longer, or when a handler changed it.
    ///
    /// ```
    /// # let builder = stepup::Client::builder();
    /// builder.before_session_saved(|session| {
    ///     session.retain_claims(|name| name != "groups");
    ///     session.remove_id_token();
    ///     session.retain_access_tokens(|set| set.audience() != Some("https://reports.example.com"));
    /// });
    /// ```
    #[must_use]
    pub fn before_session_saved(mut self, hook: impl Fn(&mut Session) + Send + Sync + 'static) -> Self {
        self.before_session_saved = Some(Arc::new(hook));
        self
    }

    /// Asked of each request with a session, whether it makes the session last longer: `false` for what the user does
    /// not do, such as polling. [`Client::open_session_of`](crate::Client::open_session_of) asks, and so do the SDK's routes and `stepup-axum`.
    ///
    /// ```
    /// # let builder = stepup::Client::builder();
    /// builder.before_session_rolled(|_method, uri, _headers| !uri.path().starts_with("/notifications"));
    /// ```
    #[must_use]
    pub fn before_session_rolled(
        mut self,
        hook: impl Fn(&Method, &Uri, &HeaderMap) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.before_session_rolled = Some(Arc::new(hook));
        self
    }

    /// The longest `Cookie` header line, in bytes, that the session's cookies may make a browser send, together with the
    /// other cookies that its request brought. 8190: what Apache takes; nginx takes 8192. A session that needs more is not
    /// written, see [`SessionTooLarge`](crate::SessionTooLarge); where three quarters of it are needed, the log tells of it, with the
    /// session's parts and their sizes. Cookies that the SDK will delete, of logins and step-ups under way, do not count: they
    /// have the room that is left, the oldest make way for the newest, and one that has no room even alone does not begin.
    #[must_use]
    pub fn max_cookie_header(mut self, bytes: usize) -> Self {
        self.max_cookie_header = Some(bytes);
        self
    }
}
