//! Which claims an Action may set.

/// Why a custom claim of this name is left out of a token; none where it may be set.
///
/// The names that tokens use themselves cannot be set, nor anything under a namespace of the service's own domains.
/// As with the real service the login goes on without the claim.
pub(super) fn refusal(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it has no name");
    }
    if RESERVED.binary_search(&name).is_ok() {
        return Some("the name is reserved");
    }
    if name.starts_with("urn:auth0") {
        return Some("the namespace is reserved");
    }
    let host = url::Url::parse(name).ok().and_then(|url| url.host_str().map(str::to_owned))?;
    let is_reserved =
        |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    RESERVED_DOMAINS.iter().any(|domain| is_reserved(domain)).then_some("the namespace is reserved")
}

const RESERVED_DOMAINS: [&str; 3] = ["auth0.com", "webtask.io", "webtask.run"];

/// Sorted by bytes.
const RESERVED: [&str; 64] = [
    "acr",
    "act",
    "active",
    "amr",
    "at_hash",
    "ath",
    "attest",
    "aud",
    "auth_time",
    "authorization_details",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "cty",
    "dest",
    "entitlements",
    "events",
    "exp",
    "groups",
    "gty",
    "htm",
    "htu",
    "iat",
    "internalService",
    "iss",
    "jcard",
    "jku",
    "jti",
    "jwe",
    "jwk",
    "kid",
    "may_act",
    "mky",
    "nbf",
    "nonce",
    "object_id",
    "org_id",
    "org_name",
    "orig",
    "origid",
    "permissions",
    "roles",
    "rph",
    "s_hash",
    "scope",
    "sid",
    "sip_callid",
    "sip_cseq_num",
    "sip_date",
    "sip_from_tag",
    "sip_via_branch",
    "sub",
    "sub_jwk",
    "toe",
    "txn",
    "typ",
    "uuid",
    "vot",
    "vtm",
    "x5t",
    "x5t#S256",
    "x5u",
    "zip",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_found() {
        assert!(RESERVED.is_sorted());
        for name in RESERVED {
            assert_eq!(refusal(name), Some("the name is reserved"));
        }
    }

    #[test]
    fn namespaces_of_the_service_are_refused() {
        for name in
            ["https://auth0.com/a", "http://login.auth0.com/a", "https://x.webtask.io/", "urn:auth0:x"]
        {
            assert_eq!(refusal(name), Some("the namespace is reserved"), "{name}");
        }
        for name in ["https://bank.example/tier", "https://notauth0.com/a", "tier", "email", "urn:bank:tier"]
        {
            assert_eq!(refusal(name), None, "{name}");
        }
    }
}
