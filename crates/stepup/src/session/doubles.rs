//! Several sessions of one browser: which one counts, and where the others may be set.
//!
//! A browser keeps a cookie of one name for each domain and path that it was set for, and sends them all (RFC 6265 sections
//! 5.3 and 5.4): after the application's were changed, the one from before as well.

use std::{cmp::Reverse, iter::successors};

use stepup_protocol::time::UnixTime;
use url::Url;

use super::{
    TokenSet,
    codec::{self, Opened},
    cookies::Received,
};
use crate::{client::Client, config::CookieAttributes, web::base_url};

/// The sessions that a request brings.
pub(super) struct Found(Vec<One>);

struct One {
    /// Whether it came under the name that is written.
    has_our_name: bool,
    /// Whether it is of the form that is written, too.
    is_ours: bool,
    /// Whether no other host can have set it (RFC 6265bis section 4.1.3.2).
    is_hosts_own: bool,
    opened: Opened,
}

impl Found {
    /// How many came in our cookie. What does not open does no harm, and may be another application's.
    pub(super) fn ours(&self) -> usize {
        self.0.iter().filter(|one| one.has_our_name).count()
    }

    /// Of several sessions one that no other host can have set, else that of the latest login; of one login's ours, since it has what came after, and of ours the one
    /// that was written last.
    pub(super) fn latest(self) -> Option<Opened> {
        self.0.into_iter().min_by_key(|one| Reverse(one.age())).map(|one| one.opened)
    }
}

impl One {
    /// Greater for the later. No form says when it was written: its end does, where being used puts that off; else what the
    /// tenant gave last.
    fn age(&self) -> impl Ord + use<> {
        let Opened { session, expires_at, outdated } = &self.opened;
        let proved_at = session.second_factor().and_then(|proof| proof.at);
        let granted_until = session.token_sets().filter_map(TokenSet::expires_at).max();
        let time = (session.created_at(), self.is_ours, !outdated, *expires_at, proved_at, granted_until);
        (self.is_hosts_own, time)
    }
}

impl Client {
    /// All that `received` holds.
    pub(super) fn found(&self, received: &Received, now: UnixTime) -> Found {
        let found: Vec<_> = received.values.iter().flat_map(|value| self.opened(value, now)).collect();
        if !found.is_empty() {
            return Found(found);
        }
        // Written anew, it is the whole, and what stands behind it is deleted.
        let shorter = received.shorter.iter().flat_map(|value| self.opened(value, now));
        let outdated = |one: One| One { opened: Opened { outdated: true, ..one.opened }, ..one };
        Found(shorter.map(outdated).collect())
    }

    fn opened(&self, (name, value): &(String, String), now: UnixTime) -> impl Iterator<Item = One> {
        let (own, audience) =
            (&self.config().session_cookie.name, self.config().authorization.audience.as_deref());
        self.sealers().filter_map(move |sealer| {
            let has_our_name = name == own;
            let is_ours = has_our_name && sealer.format() == self.sealer().format();
            let open = if is_ours { codec::open } else { codec::take_over };
            let opened = open(sealer, name, audience, value, now)?;
            let is_hosts_own = has_our_name && name.starts_with("__Host-");
            Some(One { has_our_name, is_ours, is_hosts_own, opened })
        })
    }

    /// How our cookie may be set beside `own`: for the application's path and those above, since others did not lead to its routes,
    /// and for its host alone or a domain that this is in. A browser passes over those that are nobody's to set.
    pub(super) fn elsewhere(&self, base: &Url, own: &CookieAttributes) -> Vec<CookieAttributes> {
        let root = base_url::route(self, base, "");
        // With a slash at its end and without, a path is two to a browser.
        let both = |path: &str| [path.to_owned(), format!("{}/", path.trim_end_matches('/'))];
        let mut paths: Vec<String> = above(root.path()).flat_map(both).chain([own.path.clone()]).collect();
        paths.sort_unstable();
        paths.dedup();
        let domains = || domains_of(base.domain().unwrap_or_default()).map(Some).chain([None]);
        let all = paths.iter().flat_map(|path| domains().map(move |domain| (path, domain)));
        let attributes = all.map(|(path, domain)| CookieAttributes {
            path: path.clone(),
            domain: domain.map(str::to_owned),
            ..own.clone()
        });
        attributes.filter(|other| other != own).collect()
    }
}

/// A path and those above it.
fn above(path: &str) -> impl Iterator<Item = &str> {
    let path = path.trim_end_matches('/');
    let all = successors(Some(path), |path| path.rsplit_once('/').map(|(above, _)| above));
    all.map(|path| if path.is_empty() { "/" } else { path })
}

/// A host and the domains it is in, but for the last label: nobody may set a cookie for that.
fn domains_of(host: &str) -> impl Iterator<Item = &str> {
    successors(Some(host), |host| host.split_once('.').map(|(_, domain)| domain))
        .filter(|domain| domain.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_a_host_are_followed_to_their_top() {
        let paths = |path| above(path).collect::<Vec<_>>();
        assert_eq!(paths("/"), ["/"]);
        assert_eq!(paths("/shop/eu/"), ["/shop/eu", "/shop", "/"]);
        let domains = |host| domains_of(host).collect::<Vec<_>>();
        assert_eq!(domains("app.example.com"), ["app.example.com", "example.com"]);
        assert!(domains("localhost").is_empty() && domains("").is_empty());
    }
}
