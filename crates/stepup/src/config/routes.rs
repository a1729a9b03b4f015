//! Where the SDK's routes are.

/// The paths of the routes, after the base path. The defaults are those of Auth0's own SDKs, under `/auth`.
///
/// ```
/// use stepup::Routes;
///
/// let routes = Routes { login: "/sign-in".to_owned(), ..Routes::default() };
/// assert_eq!(routes.callback, "/auth/callback");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes {
    /// Sends the browser to the tenant. `/auth/login`.
    pub login: String,
    /// Where the tenant sends the browser back to. `/auth/callback`; the tenant must allow it.
    pub callback: String,
    /// Ends the session, here and at the tenant. `/auth/logout`.
    pub logout: String,
    /// The user, as JSON. `/auth/profile`.
    pub profile: String,
    /// An access token for the browser, as JSON. `/auth/access-token`.
    pub access_token: String,
    /// Lists authenticators, and deletes one. `/auth/mfa/authenticators`.
    pub mfa_authenticators: String,
    /// Challenges an authenticator. `/auth/mfa/challenge`.
    pub mfa_challenge: String,
    /// Enrols an authenticator. `/auth/mfa/associate`.
    pub mfa_associate: String,
    /// Verifies a second factor. `/auth/mfa/verify`.
    pub mfa_verify: String,
    /// The ready-made pages, with all that lies under them: `…/d`, `…/manage`, `…/assets`. `/auth/mfa`.
    pub mfa_pages: String,
    /// Waits for a push to be answered. `/auth/mfa/push`.
    pub mfa_push: String,
    /// The browser module, with its types beside it: `….d.ts` for `….js`. `/auth/stepup.js`.
    pub script: String,
}

impl Default for Routes {
    fn default() -> Self {
        Self {
            login: "/auth/login".to_owned(),
            callback: "/auth/callback".to_owned(),
            logout: "/auth/logout".to_owned(),
            profile: "/auth/profile".to_owned(),
            access_token: "/auth/access-token".to_owned(),
            mfa_authenticators: "/auth/mfa/authenticators".to_owned(),
            mfa_challenge: "/auth/mfa/challenge".to_owned(),
            mfa_associate: "/auth/mfa/associate".to_owned(),
            mfa_verify: "/auth/mfa/verify".to_owned(),
            mfa_pages: "/auth/mfa".to_owned(),
            mfa_push: "/auth/mfa/push".to_owned(),
            script: "/auth/stepup.js".to_owned(),
        }
    }
}

impl Routes {
    pub(super) fn all(&self) -> [&String; 12] {
        [
            &self.login,
            &self.callback,
            &self.logout,
            &self.profile,
            &self.access_token,
            &self.mfa_authenticators,
            &self.mfa_challenge,
            &self.mfa_associate,
            &self.mfa_verify,
            &self.mfa_pages,
            &self.mfa_push,
            &self.script,
        ]
    }

    /// What is wrong with them, one line each.
    pub(super) fn problems(&self) -> Vec<String> {
        let all = self.all();
        let odd = all.into_iter().filter(|path| !is_path(path) || path.ends_with('/'));
        let twice = all.into_iter().enumerate().filter(|(index, path)| all[..*index].contains(path));
        odd.map(|path| format!("{path:?} is no path such as /auth/login"))
            .chain(twice.map(|(_, path)| format!("{path:?} is the path of two routes")))
            .collect()
    }
}

/// A path from the root: no query, no fragment, no dot segments, nothing that is not a path character.
pub(super) fn is_path(text: &str) -> bool {
    url::Url::parse("http://a").and_then(|base| base.join(text)).is_ok_and(|url| url.path() == text)
        && text.starts_with('/')
        && !text.starts_with("//")
}
