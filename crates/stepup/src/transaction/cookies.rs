//! Transactions in cookies: one a login, so that two tabs do not disturb each other, and no more than fit.

use http::{HeaderMap, HeaderValue};
use stepup_seal::Format;

use super::{Transaction, codec};
use crate::{
    client::Client,
    config::{CookieAttributes, parallel_transactions, transaction_prefix},
    login::LoginError,
    session::SessionState,
    web::{
        base_url,
        cookies::{self, RequestCookies, sent_size, set_size},
    },
};

/// All transaction cookies together take no more than this of the header: requests carry them all.
const ROOM: usize = 3500;

impl Client {
    /// The `Set-Cookie` headers that make the browser remember `transaction`, and forget the oldest ones if there are
    /// too many, or the `Cookie` header has no room for them beside the session and the other cookies. What came as a session
    /// and is none makes room too.
    ///
    /// # Errors
    ///
    /// [`LoginError::TooLarge`]: even alone it makes a longer header than is allowed.
    pub(crate) fn remember(
        &self,
        transaction: &Transaction,
        headers: &HeaderMap,
        session: &SessionState,
    ) -> Result<Vec<HeaderValue>, LoginError> {
        let (settings, now) = (&self.config().transaction_cookie, self.now());
        let sealed = codec::seal(self.sealer(), transaction, now + settings.max_age, self.random());
        let value = match self.sealer().format() {
            Format::Auth0ServerPython => sealed,
            Format::NextjsAuth0 | Format::Stepup => format!("{now}:{sealed}"),
        };
        let name = self.cookie_name(&transaction.state);
        let attributes = self.transaction_attributes(headers);
        let set = cookies::set(&name, &value, &attributes, Some((settings.max_age, now)));
        let own = set.as_ref().map_or(0, set_size);

        let cookies = RequestCookies::of(headers);
        let beside = cookies.iter().filter(|(held, _)| *held != name && !session.holds(held));
        let (older, others): (Vec<_>, Vec<_>) =
            beside.partition(|(held, _)| held.starts_with(&settings.prefix));
        let mut bytes = self.session_header(session) + total(&others) + own;
        let limit = self.config().max_cookie_header;
        // The login is to replace what is unreadable or over, which need not stand in its way.
        let makes_room = bytes > limit && session.session().is_none();
        if makes_room {
            bytes = bytes.saturating_sub(session.received_bytes());
        }
        if bytes > limit {
            return Err(LoginError::TooLarge { bytes, limit });
        }
        let superfluous = oldest(older, ROOM.saturating_sub(own).min(limit - bytes));
        let forgotten = self.forget_named(headers, superfluous);
        let useless = if makes_room { self.delete_all(session) } else { Vec::new() };
        Ok(set.into_iter().chain(forgotten).chain(useless).collect())
    }

    /// The login that `state` names, if the request brings it along.
    pub(crate) fn remembered(&self, state: &str, headers: &HeaderMap) -> Option<Transaction> {
        let cookies = RequestCookies::of(headers);
        self.cookie_names(state).iter().find_map(|name| {
            let value = cookies.get(name)?;
            // Seconds and a colon stand before the sealed value, except in old cookies and auth0-server-python's.
            let sealed = value.split_once(':').map_or(&*value, |(_, sealed)| sealed);
            self.sealers().find_map(|sealer| codec::open(sealer, state, sealed, self.now()))
        })
    }

    /// The `Set-Cookie` headers that make the browser forget the login of `state`.
    pub(crate) fn forget(&self, state: &str, headers: &HeaderMap) -> Vec<HeaderValue> {
        let cookies = RequestCookies::of(headers);
        let mut names = self.cookie_names(state);
        names.retain(|name| cookies.iter().any(|(held, _)| held == name));
        self.forget_named(headers, names.iter().map(String::as_str))
    }

    /// The `Set-Cookie` headers that make the browser forget every login it brings along.
    pub(crate) fn forget_all(&self, headers: &HeaderMap) -> Vec<HeaderValue> {
        let cookies = RequestCookies::of(headers);
        let ours = cookies.iter().filter(|(name, _)| self.is_transaction(name));
        self.forget_named(headers, ours.map(|(name, _)| name))
    }

    /// The `Set-Cookie` headers that make the browser forget the oldest logins it brings along, so that the others have
    /// `room`.
    pub(crate) fn forget_oldest(&self, headers: &HeaderMap, room: usize) -> Vec<HeaderValue> {
        let cookies = RequestCookies::of(headers);
        let ours = cookies.iter().filter(|(name, _)| self.is_transaction(name)).collect();
        self.forget_named(headers, oldest(ours, room))
    }

    /// Whether a cookie is a login's under way, in a form that is read.
    pub(crate) fn is_transaction(&self, cookie: &str) -> bool {
        let peers = self.peers().iter().map(|peer| transaction_prefix(peer.format()));
        std::iter::once(self.config().transaction_cookie.prefix.as_str())
            .chain(peers)
            .any(|prefix| cookie.starts_with(prefix))
    }

    /// Where the login of `state` may be: in the cookie that we give it, or in one that a peer gave it.
    fn cookie_names(&self, state: &str) -> Vec<String> {
        let peers = self.peers().iter().map(|peer| {
            let prefix = transaction_prefix(peer.format());
            if parallel_transactions(peer.format()) { format!("{prefix}{state}") } else { prefix.to_owned() }
        });
        let mut names = vec![self.cookie_name(state)];
        for name in peers {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn cookie_name(&self, state: &str) -> String {
        let settings = &self.config().transaction_cookie;
        if settings.parallel { format!("{}{state}", settings.prefix) } else { settings.prefix.clone() }
    }

    fn forget_named<'n>(
        &self,
        headers: &HeaderMap,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Vec<HeaderValue> {
        let attributes = self.transaction_attributes(headers);
        names.into_iter().filter_map(|name| cookies::delete(name, &attributes)).collect()
    }

    fn transaction_attributes(&self, headers: &HeaderMap) -> CookieAttributes {
        self.config().transaction_cookie.attributes.under(base_url::is_https(self, headers))
    }
}

/// Which of the cookies go, the oldest first, so that the others have `room`. One without a time counts as oldest.
fn oldest<'n>(mut cookies: Vec<(&'n str, &'n str)>, room: usize) -> Vec<&'n str> {
    cookies.sort_by_key(|(_, value)| created(value));
    let mut total = total(&cookies);
    let mut gone = Vec::new();
    for (name, value) in cookies {
        if total <= room {
            break;
        }
        total -= sent_size(name, value);
        gone.push(name);
    }
    gone
}

/// What cookies take of the header.
fn total(cookies: &[(&str, &str)]) -> usize {
    cookies.iter().map(|(name, value)| sent_size(name, value)).sum()
}

fn created(value: &str) -> u64 {
    let digits = value.split_once(':').or_else(|| value.split_once("%3A"));
    digits.and_then(|(seconds, _)| seconds.parse().ok()).unwrap_or(0)
}
