//! Which addresses a browser may be sent to: callbacks, logout addresses and web origins of a client.

use url::{Host, Url};

/// Whether `sent` is one of the `registered` addresses.
///
/// They are compared as they are written, but for three things: `*` as the left-most label of a registered host stands for
/// one label; on loopback the port is not compared (RFC 8252 section 7.3), since whoever can listen there has the machine;
/// and a registered loopback address that ends in `/*` allows every path below.
pub(crate) fn is_registered<'a>(sent: &str, registered: impl IntoIterator<Item = &'a str>) -> bool {
    let Some(target) = Target::parse(sent) else { return false };
    registered.into_iter().any(|pattern| pattern == sent || target.matches(pattern))
}

/// Whether `sent` is registered, or is once its query is left out and the registered address has none.
pub(crate) fn is_registered_but_for_query<'a>(
    sent: &str,
    registered: impl IntoIterator<Item = &'a str> + Clone,
) -> bool {
    let without_query = sent.split('?').next().unwrap_or(sent);
    is_registered(sent, registered.clone()) || is_registered(without_query, registered)
}

/// The origin of an address, as `postMessage` and the `Origin` header write it.
pub(crate) fn origin(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    url.origin().is_tuple().then(|| url.origin().ascii_serialization())
}

/// Whether an address is on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An address that may be redirected to at all.
struct Target<'a> {
    url: Url,
    written: &'a str,
}

impl<'a> Target<'a> {
    /// Absolute, without fragment (RFC 6749 section 3.1.2) or user information, and of a scheme that runs nothing.
    fn parse(written: &'a str) -> Option<Self> {
        let url = Url::parse(written).ok()?;
        let runs_code =
            matches!(url.scheme(), "javascript" | "data" | "vbscript" | "blob" | "file" | "about");
        let clean = written.bytes().all(|byte| byte.is_ascii_graphic()) && !written.contains('\\');
        (clean
            && !runs_code
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none())
        .then_some(Self { url, written })
    }

    fn matches(&self, pattern: &str) -> bool {
        if is_loopback(&self.url) {
            return self.matches_on_loopback(pattern);
        }
        let Some((scheme, rest)) = pattern.split_once("://*.") else { return false };
        let Some((sent_scheme, sent)) = self.written.split_once("://") else { return false };
        let host = sent.split(['/', '?']).next().unwrap_or(sent);
        let Some((label, after)) = host.split_once('.') else { return false };
        scheme == sent_scheme && !label.is_empty() && sent[label.len() + 1..] == *rest && !after.is_empty()
    }

    fn matches_on_loopback(&self, pattern: &str) -> bool {
        let (any_path, pattern) = match pattern.strip_suffix("/*") {
            Some(base) => (true, base),
            None => (false, pattern),
        };
        let Ok(registered) = Url::parse(&pattern.replacen(":*", "", 1)) else { return false };
        let path_matches = if any_path {
            let base = registered.path().trim_end_matches('/');
            self.url.path().strip_prefix(base).is_some_and(|below| below.starts_with('/'))
        } else {
            registered.path() == self.url.path() && registered.query() == self.url.query()
        };
        registered.scheme() == self.url.scheme() && registered.host() == self.url.host() && path_matches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_as_written() {
        let registered = ["https://app.example.com/callback", "com.example.app://callback"];
        assert!(is_registered("https://app.example.com/callback", registered));
        assert!(is_registered("com.example.app://callback", registered));
        for other in [
            "https://app.example.com/callback/",
            "https://app.example.com/callback?next=/",
            "https://app.example.com/callback#x",
            "https://app.example.com:8443/callback",
            "http://app.example.com/callback",
            "https://app.example.com.evil.example/callback",
            "https://app.example.com@evil.example/callback",
            "https://evil.example/https://app.example.com/callback",
            "/callback",
            "",
        ] {
            assert!(!is_registered(other, registered), "{other}");
        }
    }

    #[test]
    fn on_loopback_the_port_is_free() {
        let registered = ["http://localhost:3000/auth/callback", "http://127.0.0.1/cb?a=1"];
        for sent in [
            "http://localhost:3000/auth/callback",
            "http://localhost:49152/auth/callback",
            "http://localhost/auth/callback",
            "http://127.0.0.1:9/cb?a=1",
        ] {
            assert!(is_registered(sent, registered), "{sent}");
        }
        for sent in [
            "https://localhost:3000/auth/callback",
            "http://localhost:3000/auth/callback/..",
            "http://127.0.0.1:3000/auth/callback",
            "http://localhost.evil.example:3000/auth/callback",
            "http://127.0.0.1/cb?a=2",
            "http://localhost@evil.example/auth/callback",
        ] {
            assert!(!is_registered(sent, registered), "{sent}");
        }
    }

    #[test]
    fn a_star_is_any_path_on_loopback_only() {
        let registered = ["http://localhost/*", "http://localhost:*/*", "https://app.example.com/*"];
        assert!(is_registered("http://localhost:3000/api/auth/callback?x=1", registered));
        assert!(is_registered("http://localhost:3000/", registered));
        assert!(!is_registered("https://app.example.com/elsewhere", registered));
        assert!(!is_registered("http://app.example.com/elsewhere", registered));
    }

    #[test]
    fn a_star_is_one_label_in_front() {
        let registered = ["https://*.example.com/cb"];
        assert!(is_registered("https://preview-1.example.com/cb", registered));
        for sent in [
            "https://example.com/cb",
            "https://a.b.example.com/cb",
            "https://evil.example/x.example.com/cb",
            "https://evil.example?.example.com/cb",
            "https://.example.com/cb",
            "https://a.example.com/cb/more",
        ] {
            assert!(!is_registered(sent, registered), "{sent}");
        }
    }

    #[test]
    fn schemes_that_run_code_are_never_registered() {
        for sent in ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"] {
            assert!(!is_registered(sent, [sent]), "{sent}");
        }
    }

    #[test]
    fn a_logout_address_may_carry_a_query() {
        let registered = ["https://app.example.com/bye"];
        assert!(is_registered_but_for_query("https://app.example.com/bye?from=x", registered));
        assert!(!is_registered_but_for_query("https://app.example.com/other?from=x", registered));
        assert_eq!(origin("http://localhost:3000/a?b").as_deref(), Some("http://localhost:3000"));
        assert_eq!(origin("com.example:/a"), None);
    }
}
