//! The tenant's domain, and the issuer that it stands for.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// A tenant's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issuer {
    /// The issuer, byte for byte as tokens must name it: `https://DOMAIN/`.
    pub(crate) url: String,
    /// Its host, with the port if it is not the usual one.
    pub(crate) domain: String,
}

/// A host name, or an `https://` address with or without a path. An `http://` address is taken as it is on loopback,
/// and as `https://` elsewhere.
pub(super) fn parse(text: &str) -> Result<Issuer, &'static str> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    if text.is_empty() {
        Err("is empty")
    } else if lower.starts_with("https://") || lower.starts_with("http://") {
        address(text)
    } else {
        host_name(&lower)
    }
}

fn host_name(name: &str) -> Result<Issuer, &'static str> {
    if name.parse::<Ipv6Addr>().is_ok() || name.starts_with('[') {
        return Err("is an IPv6 address; a tenant has a host name");
    }
    if name.parse::<Ipv4Addr>().is_ok() {
        return Err("is an IPv4 address; a tenant has a host name");
    }
    if name.contains('/') {
        return Err("has a path; give the host name alone, or the whole address with https://");
    }
    if name.contains(':') {
        return Err("has a port; give the host name alone, or the whole address with https://");
    }
    if name == "localhost" {
        return Err("is localhost without a port; give the whole address, as in https://localhost:PORT");
    }
    address(&format!("https://{name}"))
}

fn address(text: &str) -> Result<Issuer, &'static str> {
    let mut url = Url::parse(text).map_err(|_| "is no host name and no address")?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a query or a fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user name or password in it");
    }
    match url.host() {
        Some(Host::Domain(name)) if name.ends_with(".local") => {
            return Err("is a .local name, which is not supported");
        }
        Some(Host::Ipv4(ip)) if !ip.is_loopback() => {
            return Err("is an IPv4 address; a tenant has a host name");
        }
        Some(Host::Ipv6(ip)) if !ip.is_loopback() => {
            return Err("is an IPv6 address; a tenant has a host name");
        }
        Some(_) => {}
        None => return Err("has no host name"),
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        // On any other host `http` would hand out secrets; the tenant is at `https` all the same.
        url = Url::parse(&url.as_str().replacen("http", "https", 1)).map_err(|_| "is no address")?;
    }
    let domain = authority(&url);
    Ok(Issuer { url: url.into(), domain })
}

/// Whether `url` leads nowhere but to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
