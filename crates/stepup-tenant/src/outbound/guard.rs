//! Which addresses the tenant may call: it must not become a way into the network that it stands in (SSRF).
//!
//! What is judged are the addresses that are connected to, not names: a name that resolves to another address at the
//! second look gains nothing.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, PoisonError, RwLock},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The rule of one tenant. Clones are the same rule.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// The tenant itself is on this machine: so may be what it calls.
    loopback: bool,
    /// Hosts that the configuration names; they may be anywhere.
    named: Arc<RwLock<BTreeSet<String>>>,
}

/// An address that must not be called.
#[derive(Debug, thiserror::Error)]
#[error(
    "{host} is {what}, which this tenant does not call: if it should, name the host under `stepup.outbound_hosts` in \
     the configuration"
)]
pub struct Forbidden {
    host: String,
    what: &'static str,
}

impl Guard {
    pub(super) fn new(loopback: bool) -> Self {
        Self { loopback, named: Arc::default() }
    }

    /// Replaces the hosts that may be anywhere.
    pub(super) fn name(&self, hosts: BTreeSet<String>) {
        *self.named.write().unwrap_or_else(PoisonError::into_inner) = hosts;
    }

    /// Judges an address that stands in the URL itself; names are judged when they are resolved.
    pub(super) fn admit(&self, url: &Url) -> Result<(), Forbidden> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        self.judge(url.host_str().unwrap_or_default(), address)
    }

    fn judge(&self, host: &str, address: IpAddr) -> Result<(), Forbidden> {
        if self.named.read().unwrap_or_else(PoisonError::into_inner).contains(host) {
            return Ok(());
        }
        match reach(address) {
            Reach::Global => Ok(()),
            Reach::Machine | Reach::Private if self.loopback => Ok(()),
            reach => Err(Forbidden { host: host.to_owned(), what: reach.describe() }),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let host = name.as_str();
            let mut addresses = Vec::new();
            let mut forbidden = None;
            for address in tokio::net::lookup_host((host, 0)).await? {
                match guard.judge(host, address.ip()) {
                    Ok(()) => addresses.push(address),
                    Err(refused) => forbidden = Some(refused),
                }
            }
            match forbidden {
                Some(refused) if addresses.is_empty() => Err(refused.into()),
                _ => Ok(Box::new(addresses.into_iter()) as Addrs),
            }
        })
    }
}

/// Whom an address reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Global,
    /// The cloud's own service that hands out credentials to whoever asks.
    Metadata,
    LinkLocal,
    Machine,
    Private,
    /// No host: multicast, documentation, benchmarks, translation prefixes without an address, "this network".
    Reserved,
}

impl Reach {
    const fn describe(self) -> &'static str {
        match self {
            Self::Global => "a public address",
            Self::LinkLocal => "a link-local address",
            Self::Machine => "an address of this machine",
            Self::Metadata => "a cloud's metadata service",
            Self::Private => "an address of a private network",
            Self::Reserved => "a reserved address",
        }
    }
}

fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => embedded(address).map_or_else(|| reach_v6(address), reach_v4),
    }
}

/// IANA's registry of special addresses (RFC 6890), and the metadata services outside of it.
fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [169, 254, 169, 254] | [100, 100, 100, 200] | [192, 0, 0, 192] | [168, 63, 129, 16] => {
            Reach::Metadata
        }
        [127, ..] => Reach::Machine,
        [169, 254, ..] => Reach::LinkLocal,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Reach::Private,
        [0 | 224..=255, ..] => Reach::Reserved,
        [192, 0, 0 | 2, _] => Reach::Reserved,
        [192, 88, 99, _] => Reach::Reserved,
        [198, 18 | 19, ..] => Reach::Reserved,
        [198, 51, 100, _] => Reach::Reserved,
        [203, 0, 113, _] => Reach::Reserved,
        _ => Reach::Global,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    match address.segments() {
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => Reach::Metadata,
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Machine,
        [0xfe80..=0xfebf, ..] => Reach::LinkLocal,
        [0xfc00..=0xfdff, ..] => Reach::Private,
        // Only 2000::/3 is given out; in it, 2001::/23 are protocols and 2001:db8::/32, 3fff::/20 documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] => Reach::Reserved,
        [0x3fff, 0..=0xfff, ..] => Reach::Reserved,
        [0x2000..=0x3fff, ..] => Reach::Global,
        _ => Reach::Reserved,
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, NAT64 (RFC 6052), 6to4 (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(from(high, low)),
        [0x2002, high, low, ..] => Some(from(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(guard: &Guard, url: &str) -> bool {
        guard.admit(&url.parse().unwrap()).is_ok()
    }

    const EVERYBODY: [&str; 3] =
        ["http://93.184.216.34/", "https://[2606:2800:220:1::1]/", "http://8.8.8.8:81/"];
    const NEIGHBOURS: [&str; 8] = [
        "http://127.0.0.1/",
        "http://127.9.9.9:1/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "http://172.31.0.1/",
        "http://192.168.1.1/",
        "http://[fd12::1]/",
        "http://[::ffff:127.0.0.1]/",
    ];
    const NOBODY: [&str; 17] = [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
        "http://168.63.129.16/",
        "http://169.254.1.1/",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://255.255.255.255/",
        "http://224.0.0.1/",
        "http://[ff02::1]/",
        "http://192.0.2.1/",
        "http://[2001:db8::1]/",
        // Other spellings of 169.254.169.254.
        "http://0xa9fea9fe/",
    ];

    #[test]
    fn a_public_tenant_calls_the_public() {
        let guard = Guard::new(false);
        assert!(EVERYBODY.iter().all(|url| judged(&guard, url)));
        for url in NEIGHBOURS.iter().chain(&NOBODY) {
            assert!(!judged(&guard, url), "{url}");
        }
    }

    #[test]
    fn a_tenant_on_loopback_calls_its_neighbours_too() {
        let guard = Guard::new(true);
        for url in EVERYBODY.iter().chain(&NEIGHBOURS) {
            assert!(judged(&guard, url), "{url}");
        }
        for url in NOBODY {
            assert!(!judged(&guard, url), "{url}");
        }
    }

    #[test]
    fn what_is_named_may_be_anywhere() {
        let guard = Guard::new(false);
        guard.name(BTreeSet::from(["127.0.0.1".to_owned(), "[fe80::1]".to_owned()]));
        assert!(judged(&guard, "http://127.0.0.1:9/"));
        assert!(judged(&guard, "http://[fe80::1]/"));
        assert!(!judged(&guard, "http://127.0.0.2/"));
        guard.name(BTreeSet::new());
        assert!(!judged(&guard, "http://127.0.0.1:9/"));
    }

    #[tokio::test]
    async fn names_are_judged_by_their_addresses() {
        let resolve = async |loopback| Guard::new(loopback).resolve("localhost".parse().unwrap()).await;
        let refused = resolve(false).await.err().unwrap();
        assert_eq!(
            refused.to_string(),
            "localhost is an address of this machine, which this tenant does not call: if it should, name the host \
             under `stepup.outbound_hosts` in the configuration"
        );
        assert!(resolve(true).await.unwrap().all(|address| address.ip().is_loopback()));
    }
}
