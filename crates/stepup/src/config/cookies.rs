//! How cookies are set.

use std::{str::FromStr, time::Duration};

use stepup_seal::Format;

/// Whether a cookie goes along when the browser comes from another site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// When a link or a redirect leads here.
    #[default]
    Lax,
    /// Always; needs `secure`.
    None,
    /// Never.
    Strict,
}

impl SameSite {
    /// The word in a `Set-Cookie` header.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Lax => "lax",
            Self::None => "none",
            Self::Strict => "strict",
        }
    }
}

impl FromStr for SameSite {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word.to_ascii_lowercase().as_str() {
            "lax" => Ok(Self::Lax),
            "none" => Ok(Self::None),
            "strict" => Ok(Self::Strict),
            _ => Err("is none of lax, strict and none"),
        }
    }
}

/// The session cookie. What is not set comes from the environment, else from its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieOptions {
    /// `__session`; `_a0_session` in auth0-server-python's form.
    pub name: Option<String>,
    /// `AUTH0_COOKIE_SECURE`. On whenever every base URL is `https`, else off.
    pub secure: Option<bool>,
    /// `AUTH0_COOKIE_SAME_SITE`. Lax. With strict, whoever follows a link of another site to the application looks logged out
    /// at first; the way back from the tenant's pages takes one more step, so that it does not.
    pub same_site: Option<SameSite>,
    /// `AUTH0_COOKIE_PATH`. The base path, else `/`.
    pub path: Option<String>,
    /// `AUTH0_COOKIE_DOMAIN`. None: the host alone.
    pub domain: Option<String>,
    /// `AUTH0_COOKIE_TRANSIENT`. Off; on: the browser forgets the cookie when it is closed.
    pub transient: Option<bool>,
}

/// The cookie of a login under way. What is not set has the session cookie's setting, or its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionCookieOptions {
    /// Followed by the login's state. `__txn_`; `_a0_tx` in auth0-server-python's form.
    pub prefix: Option<String>,
    /// As the session's.
    pub secure: Option<bool>,
    /// Lax, whatever the session's is: the tenant's redirect must bring the cookie along.
    pub same_site: Option<SameSite>,
    /// The base path, else `/`.
    pub path: Option<String>,
    /// `AUTH0_COOKIE_DOMAIN`. None.
    pub domain: Option<String>,
    /// How long a login may take. One hour.
    pub max_age: Option<Duration>,
}

/// What the session cookie is called where a form is at home.
pub(crate) const fn session_name(format: Format) -> &'static str {
    match format {
        Format::Auth0ServerPython => "_a0_session",
        Format::NextjsAuth0 | Format::Stepup => "__session",
    }
}

/// What the cookies of logins under way begin with there.
pub(crate) const fn transaction_prefix(format: Format) -> &'static str {
    match format {
        Format::Auth0ServerPython => "_a0_tx",
        Format::NextjsAuth0 | Format::Stepup => "__txn_",
    }
}

/// Whether each login has a cookie of its own there.
pub(crate) const fn parallel_transactions(format: Format) -> bool {
    !matches!(format, Format::Auth0ServerPython)
}

/// The attributes of a cookie, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CookieAttributes {
    pub(crate) secure: bool,
    pub(crate) same_site: SameSite,
    pub(crate) path: String,
    pub(crate) domain: Option<String>,
}

impl CookieAttributes {
    /// What is wrong with a cookie of this name.
    pub(super) fn problem(&self, name: &str) -> Option<&'static str> {
        let host = name.starts_with("__Host-");
        if name.is_empty() || !name.bytes().all(is_token) {
            Some("name: is no cookie name")
        } else if self.same_site == SameSite::None && !self.secure {
            Some("same_site: none needs secure, or browsers drop the cookie")
        } else if (host || name.starts_with("__Secure-")) && !self.secure {
            Some("name: its prefix needs secure")
        } else if host && (self.path != "/" || self.domain.is_some()) {
            Some("name: its prefix needs the path / and no domain")
        } else if !super::routes::is_path(&self.path) || self.path.contains(';') {
            Some("path: is no path")
        } else if self
            .domain
            .as_deref()
            .is_some_and(|domain| domain.is_empty() || !domain.bytes().all(is_host))
        {
            Some("domain: is no host name")
        } else {
            None
        }
    }
}

/// RFC 6265 section 4.1.1: a token of RFC 9110.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

const fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')
}
