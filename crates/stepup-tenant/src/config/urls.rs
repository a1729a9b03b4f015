//! Addresses that an answer may be sent to.

use url::{Host, Url};

/// A list of registered addresses.
///
/// An address is allowed when it equals a registered one as text; when a registered one has `*` as its left-most host
/// label and the rest agrees; or when both are `http` on loopback and differ in the port alone (RFC 8252 section 7.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedUrls {
    registered: Vec<String>,
    any_loopback: bool,
}

impl AllowedUrls {
    /// These addresses. [`Self::LOOPBACK`] among them stands for every `http` and `https` address on this machine.
    #[must_use]
    pub fn new(mut registered: Vec<String>) -> Self {
        let before = registered.len();
        registered.retain(|url| url != Self::LOOPBACK);
        Self { any_loopback: registered.len() < before, registered }
    }

    /// What stands for every `http` and `https` address on this machine: for applications that are only tried out.
    pub const LOOPBACK: &str = "http://localhost:*";

    /// Whether `url` may be answered to. Fragments and user names are never allowed.
    #[must_use]
    pub fn allows(&self, url: &str) -> bool {
        let Ok(parsed) = Url::parse(url) else { return false };
        if parsed.fragment().is_some() || !parsed.username().is_empty() || parsed.password().is_some() {
            return false;
        }
        (self.any_loopback && matches!(parsed.scheme(), "http" | "https") && is_loopback(&parsed))
            || self.registered.iter().any(|registered| registered == url || alike(registered, &parsed))
    }

    /// As [`Self::allows`], or when it is allowed without its query: the rule of `/v2/logout`.
    #[must_use]
    pub fn allows_without_query(&self, url: &str) -> bool {
        self.allows(url) || url.split_once('?').is_some_and(|(bare, _)| self.allows(bare))
    }

    /// Whether a page at `origin` may be answered to: the origin of an allowed address.
    #[must_use]
    pub fn allows_origin(&self, origin: &str) -> bool {
        let Ok(parsed) = Url::parse(origin) else { return false };
        let ascii = parsed.origin().ascii_serialization();
        if ascii == "null" || ascii != origin.trim_end_matches('/') {
            return false;
        }
        if self.any_loopback && is_loopback(&parsed) {
            return true;
        }
        self.registered.iter().any(|registered| {
            let Some((scheme, rest)) = registered.split_once("://") else { return false };
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            alike(&format!("{scheme}://{host}/"), &parsed)
        })
    }

    /// The only registered address, where a request need not name it.
    #[must_use]
    pub fn only(&self) -> Option<&str> {
        match self.registered.as_slice() {
            [only] if !self.any_loopback => Some(only),
            _ => None,
        }
    }

    /// The first registered address, if any.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        self.registered.first().map(String::as_str)
    }
}

/// Whether the host is this machine, by a name or number that cannot be anything else.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether `url` is the registered address but for a wildcard label or a loopback port.
fn alike(registered: &str, url: &Url) -> bool {
    let (pattern, wildcard) = match registered.split_once("://*.") {
        // A label that no address can have stands in for the wildcard while the rest is parsed.
        Some((scheme, rest)) => (format!("{scheme}://{PLACEHOLDER}.{rest}"), true),
        None => (registered.to_owned(), false),
    };
    let Ok(pattern) = Url::parse(&pattern) else { return false };
    let rest_agrees = pattern.scheme() == url.scheme()
        && pattern.path() == url.path()
        && pattern.query() == url.query()
        && pattern.fragment() == url.fragment();
    let port_agrees = pattern.port_or_known_default() == url.port_or_known_default()
        || (pattern.scheme() == "http" && is_loopback(&pattern) && is_loopback(url));
    let host_agrees = match (pattern.host_str(), url.host_str()) {
        (Some(pattern), Some(host)) if wildcard => host.split_once('.').is_some_and(|(label, rest)| {
            !label.is_empty()
                && pattern.strip_prefix(PLACEHOLDER).and_then(|p| p.strip_prefix('.')) == Some(rest)
        }),
        (pattern, host) => pattern == host,
    };
    rest_agrees && port_agrees && host_agrees
}

const PLACEHOLDER: &str = "wildcard-label";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_allowed_as_it_was_registered() {
        let urls = AllowedUrls::new(vec![
            "https://app.example.com/callback".to_owned(),
            "https://*.preview.example.com/callback".to_owned(),
            "http://localhost:3000/callback".to_owned(),
            "com.example.app://callback".to_owned(),
        ]);
        for allowed in [
            "https://app.example.com/callback",
            "https://one.preview.example.com/callback",
            "http://localhost:3000/callback",
            "http://localhost:49152/callback",
            "com.example.app://callback",
        ] {
            assert!(urls.allows(allowed), "{allowed}");
        }
        for refused in [
            "https://app.example.com/callback/",
            "https://app.example.com/callback?x=1",
            "https://app.example.com/callback#x",
            "https://app.example.com:8443/callback",
            "http://app.example.com/callback",
            "https://evil.example/callback",
            "https://app.example.com.evil.example/callback",
            "https://user@app.example.com/callback",
            "https://preview.example.com/callback",
            "https://a.b.preview.example.com/callback",
            "https://evil.example/?.preview.example.com/callback",
            "https://evil.example%2f.preview.example.com/callback",
            "http://127.0.0.1:3000/callback",
            "https://localhost:49152/callback",
            "javascript:alert(1)",
            "",
        ] {
            assert!(!urls.allows(refused), "{refused}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_allowed_leads_to_a_registered_host(
            text in ".{0,40}",
            tail in "[/@:?#\\\\.%a-z0-9]{0,24}",
        ) {
            let urls = AllowedUrls::new(vec![
                "https://app.example.com/callback".to_owned(),
                "https://*.preview.example.com/callback".to_owned(),
                "http://localhost:3000/callback".to_owned(),
            ]);
            for url in [
                text.clone(),
                format!("https://{text}"),
                format!("https://app.example.com{tail}"),
                format!("https://{tail}.preview.example.com/callback"),
                format!("http://localhost{tail}"),
                format!("https://app.example.com/callback{tail}"),
            ] {
                if urls.allows(&url) {
                    let parsed = Url::parse(&url).unwrap();
                    let host = parsed.host_str().unwrap();
                    proptest::prop_assert!(
                        matches!(host, "app.example.com" | "localhost") || host.ends_with(".preview.example.com"),
                        "{}", url
                    );
                    proptest::prop_assert_eq!(parsed.path(), "/callback");
                }
                let _ = urls.allows_origin(&url);
                let _ = urls.allows_without_query(&url);
            }
        }
    }

    #[test]
    fn the_built_in_applications_may_be_anywhere_on_this_machine() {
        let urls = AllowedUrls::new(vec![AllowedUrls::LOOPBACK.to_owned()]);
        for allowed in ["http://localhost:3000/auth/callback", "https://127.0.0.1/x", "http://[::1]:8080/"] {
            assert!(urls.allows(allowed), "{allowed}");
        }
        for refused in
            ["http://localhost.evil.example/", "http://10.0.0.1/", "ftp://localhost/", "http://a@localhost/"]
        {
            assert!(!urls.allows(refused), "{refused}");
        }
        assert!(urls.allows_origin("http://localhost:3000"));
        assert!(!urls.allows_origin("https://evil.example"));
        assert!(!urls.allows_origin("null"));
    }

    #[test]
    fn origins_and_queries_are_compared_apart() {
        let urls = AllowedUrls::new(vec![
            "https://app.example.com/callback".to_owned(),
            "https://*.example.org".to_owned(),
        ]);
        assert!(urls.allows_origin("https://app.example.com"));
        assert!(urls.allows_origin("https://one.example.org"));
        assert!(!urls.allows_origin("https://example.org"));
        assert!(!urls.allows_origin("https://app.example.com/callback"));
        assert!(!urls.allows_origin("http://app.example.com"));
        assert!(urls.allows_without_query("https://app.example.com/callback?from=logout"));
        assert!(!urls.allows_without_query("https://app.example.com/other?from=logout"));
        assert_eq!(urls.only(), None);
        assert_eq!(
            AllowedUrls::new(vec!["https://a.example/".to_owned()]).only(),
            Some("https://a.example/")
        );
    }
}
