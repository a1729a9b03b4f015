//! The headers that go with each page: what it may load, where its forms may lead, who may frame it.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use url::{Host, Url};

use super::assets;

/// What search engines heed: no page of a login is to be found there.
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// For every page with a form to ourselves, and for those without one.
///
/// `leads_to` are the addresses at which the form may end through redirects: the client's callbacks (its logout
/// addresses for the logout page). Browsers hold `form-action` against each hop, so they are named here.
///
/// ```
/// let headers = stepup_tenant::pages::headers::page(["https://shop.example/callback"]);
/// let policy = headers["content-security-policy"].to_str().expect("ASCII");
/// assert!(policy.contains("form-action 'self' https://shop.example;"));
/// ```
#[must_use]
pub fn page<'a>(leads_to: impl IntoIterator<Item = &'a str>) -> HeaderMap {
    let form_action = form_action(leads_to);
    let mut headers = common(&format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; {form_action}; frame-ancestors 'none'; base-uri 'none'"
    ));
    // `no-referrer` would turn the Origin of our own forms into `null`, and with it the same-origin check.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers
}

/// For a `form_post` answer, whose form goes to the client's callback.
///
/// Its policy has no `form-action`: browsers hold that against each hop, and where the application sends the browser on from
/// its callback is not known here. The page holds the one form, to a registered address, and nothing else that a request
/// could have put there.
#[must_use]
pub fn form_post() -> HeaderMap {
    let script = assets::hash_source(assets::FORM_POST);
    let mut headers = common(&format!(
        "default-src 'none'; style-src 'self'; script-src {script}; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"
    ));
    // The receiver sees our origin, as with any form, and not the transaction in the address.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers
}

/// For a `web_message` answer: `target_origin`, one of the client's web origins, may frame it.
#[must_use]
pub fn web_message(target_origin: &str) -> HeaderMap {
    let script = assets::hash_source(assets::WEB_MESSAGE);
    let ancestors = source(target_origin, Ports::AsWritten).unwrap_or_else(|| "'none'".to_owned());
    let mut headers = common(&format!(
        "default-src 'none'; script-src {script}; form-action 'none'; frame-ancestors {ancestors}; base-uri 'none'"
    ));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
}

fn common(policy: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
    // The policy is our text and serialised origins: ASCII. Should that ever fail, the strictest policy stands.
    let policy = HeaderValue::from_str(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers
}

fn form_action<'a>(leads_to: impl IntoIterator<Item = &'a str>) -> String {
    let mut sources: Vec<String> =
        leads_to.into_iter().filter_map(|url| source(url, Ports::AnyOnLoopback)).collect();
    sources.sort_unstable();
    sources.dedup();
    sources.insert(0, "'self'".to_owned());
    format!("form-action {}", sources.join(" "))
}

/// Which ports of a loopback host a source stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ports {
    /// Native clients and local applications come back on a port of the day (RFC 8252 section 7.3).
    AnyOnLoopback,
    AsWritten,
}

/// The source expression for the origin of `url`; `None` for what is no address of an application.
fn source(url: &str, ports: Ports) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let scheme = url.scheme();
    if !matches!(scheme, "http" | "https") {
        // A native application's own scheme has no host to name.
        let is_private_use =
            !matches!(scheme, "about" | "blob" | "data" | "file" | "filesystem" | "javascript");
        return is_private_use.then(|| format!("{scheme}:"));
    }
    let is_loopback = match url.host()? {
        Host::Domain(domain) => domain == "localhost" || domain.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        // The grammar has no IPv6 literals (CSP Level 3 section 2.3.1), so only the scheme can be said.
        Host::Ipv6(_) => return Some(format!("{scheme}:")),
    };
    if is_loopback && ports == Ports::AnyOnLoopback {
        return Some(format!("{scheme}://{}:*", url.host_str()?));
    }
    Some(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(headers: &HeaderMap) -> &str {
        headers[CONTENT_SECURITY_POLICY].to_str().unwrap()
    }

    #[test]
    fn a_page_loads_from_its_own_origin_only_and_is_never_framed() {
        let headers = page([]);
        assert_eq!(
            policy(&headers),
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        assert_eq!(headers[X_FRAME_OPTIONS], "DENY");
        assert_eq!(headers[CACHE_CONTROL], "no-store");
        assert_eq!(headers[REFERRER_POLICY], "same-origin");
        assert_eq!(headers[ROBOTS], "noindex");
    }

    #[test]
    fn forms_may_end_where_the_client_may() {
        let headers = page([
            "http://localhost:3000/callback",
            "http://localhost:4000/callback",
            "https://shop.example:8443/callback?x=1",
            "https://*.example.com/callback",
            "com.example.app://callback",
            "http://[::1]:9/callback",
            "javascript:alert(1)",
            "https://evil.example; script-src *",
            "not an address",
        ]);
        assert!(
            policy(&headers).contains(
                "; form-action 'self' com.example.app: http: http://localhost:* https://*.example.com https://shop.example:8443; "
            ),
            "{}",
            policy(&headers)
        );
    }

    #[test]
    fn a_form_post_runs_its_one_script_and_may_go_on_anywhere() {
        let headers = form_post();
        assert!(policy(&headers).starts_with("default-src 'none'; style-src 'self'; script-src 'sha256-"));
        assert!(!policy(&headers).contains("form-action"), "{}", policy(&headers));
    }

    #[test]
    fn a_web_message_is_framed_by_its_target_only() {
        let headers = web_message("http://localhost:3000");
        assert!(policy(&headers).contains("; frame-ancestors http://localhost:3000; "));
        assert!(!headers.contains_key(X_FRAME_OPTIONS));
    }
}
