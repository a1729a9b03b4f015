//! How cookies are set.

use std::{str::FromStr, time::Duration};

use stepup_seal::Format;
use url::Url;

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
///
/// Change its path or domain whenever you like: a browser that holds the session of before as well is read by the newer one,
/// and told to forget the other when a session is written or ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieOptions {
    /// `__session`; `_a0_session` in auth0-server-python's form. One that begins with `__Host-` is taken from this host alone,
    /// not from others below its domain, which may set any other.
    pub name: Option<String>,
    /// `AUTH0_COOKIE_SECURE`. Off; under a base URL that is `https` it is always on.
    pub secure: Option<bool>,
    /// `AUTH0_COOKIE_SAME_SITE`. Lax. With strict, whoever follows a link of another site to the application looks logged out
    /// at first; the way back from the tenant's pages takes one more step, so that it does not.
    pub same_site: Option<SameSite>,
    /// `AUTH0_COOKIE_PATH`. The base path, else `/`, also where a base URL has a path before it. All routes are under it.
    pub path: Option<String>,
    /// `AUTH0_COOKIE_DOMAIN`: the host of a base URL, or a parent of it. None: the host alone.
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
    /// As they are under one base URL: another that is `http`, a developer's own, takes nothing from one that is `https`.
    pub(crate) fn under(&self, https: bool) -> Self {
        Self { secure: self.secure || https, ..self.clone() }
    }

    /// What is wrong with a cookie of this name: the attribute, and why.
    pub(super) fn problem(&self, name: &str) -> Option<(&'static str, &'static str)> {
        let host = name.starts_with("__Host-");
        if name.is_empty() || !name.bytes().all(is_token) {
            Some(("name", "is no cookie name"))
        } else if self.same_site == SameSite::None && !self.secure {
            Some(("secure", "must be true where same-site is none, or browsers drop the cookie"))
        } else if (host || name.starts_with("__Secure-")) && !self.secure {
            Some(("name", "its prefix needs secure"))
        } else if host && (self.path != "/" || self.domain.is_some()) {
            Some(("name", "its prefix needs the path / and no domain"))
        } else if !super::routes::is_path(&self.path) || self.path.contains(';') {
            Some(("path", "is no path"))
        } else if self
            .domain
            .as_deref()
            .is_some_and(|domain| domain.is_empty() || !domain.bytes().all(is_host))
        {
            Some(("domain", "is no host name"))
        } else {
            None
        }
    }

    /// What keeps browsers from bringing the cookie back: the attribute, and why. One base URL, of which all `addresses` come
    /// within reach, is enough: another may be a developer's own.
    pub(super) fn out_of_reach(&self, base_urls: &[Vec<Url>]) -> Option<(&'static str, String)> {
        let mut problems = base_urls.iter().map(|addresses| self.unreachable(addresses));
        let first = problems.next()??;
        problems.all(|problem| problem.is_some()).then_some(first)
    }

    fn unreachable(&self, addresses: &[Url]) -> Option<(&'static str, String)> {
        addresses.iter().find_map(|address| {
            let host = address.host_str().unwrap_or_default();
            match &self.domain {
                Some(domain) if !is_within(host, domain) => Some((
                    "domain",
                    format!("{domain:?} is neither {host} nor a parent of it: browsers drop the cookie"),
                )),
                _ if !is_under(address.path(), &self.path) => {
                    let problem = format!(
                        "{:?} does not lead to {}: the cookie never comes back",
                        self.path,
                        address.path()
                    );
                    Some(("path", problem))
                }
                _ => None,
            }
        })
    }
}

/// RFC 6265 section 5.1.3; a leading dot is passed over (section 5.2.3).
fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase();
    host.strip_suffix(&domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// RFC 6265 section 5.1.4.
pub(super) fn is_under(path: &str, cookie_path: &str) -> bool {
    let rest = path.strip_prefix(cookie_path);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie_path.ends_with('/'))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_comes_back_to_its_own_host_and_path() {
        for (domain, path, address, attribute) in [
            (None, "/", "https://shop.example.com/auth/login", None),
            (Some("example.com"), "/", "https://shop.example.com/auth/login", None),
            (Some(".Example.com"), "/", "https://example.com/auth/login", None),
            (Some("other.org"), "/", "https://shop.example.com/auth/login", Some("domain")),
            (Some("ample.com"), "/", "https://example.com/auth/login", Some("domain")),
            (Some("shop.example.com"), "/", "https://example.com/auth/login", Some("domain")),
            (None, "/auth", "https://example.com/auth/login", None),
            (None, "/auth/", "https://example.com/auth/login", None),
            (None, "/shop", "https://example.com/auth/login", Some("path")),
            (None, "/shop", "https://example.com/shopping/auth/login", Some("path")),
        ] {
            let domain = domain.map(str::to_owned);
            let same_site = SameSite::Lax;
            let attributes = CookieAttributes { secure: true, same_site, path: path.to_owned(), domain };
            let problem = attributes.out_of_reach(&[vec![Url::parse(address).unwrap()]]);
            assert_eq!(problem.map(|(attribute, _)| attribute), attribute, "{attributes:?} {address}");
        }
    }
}
