//! Transactions in cookies: one a login, so that two tabs do not disturb each other, and no more than fit.

use http::{HeaderMap, HeaderValue};
use stepup_seal::Format;

use super::{Transaction, codec};
use crate::{
    client::Client,
    web::cookies::{self, RequestCookies},
};

/// All transaction cookies together stay below this, in bytes of names and values: requests carry them all.
const ROOM: usize = 3500;

impl Client {
    /// The `Set-Cookie` headers that make the browser remember `transaction`, and forget the oldest ones if there are
    /// too many.
    pub(crate) fn remember(&self, transaction: &Transaction, headers: &HeaderMap) -> Vec<HeaderValue> {
        let (settings, now) = (&self.config().transaction_cookie, self.now());
        let sealed = codec::seal(self.sealer(), transaction, now + settings.max_age, self.random());
        let value = match self.sealer().format() {
            Format::Auth0ServerPython => sealed,
            Format::NextjsAuth0 | Format::Stepup => format!("{now}:{sealed}"),
        };
        let name = self.cookie_name(&transaction.state);
        let cookies = RequestCookies::of(headers);
        let others = cookies.iter().filter(|(held, _)| held.starts_with(&settings.prefix) && *held != name);
        let superfluous = oldest(others.collect(), name.len() + 1 + value.len());
        let set = cookies::set(&name, &value, &settings.attributes, Some((settings.max_age, now)));
        set.into_iter().chain(superfluous.into_iter().filter_map(|name| self.forget_named(name))).collect()
    }

    /// The login that `state` names, if the request brings it along.
    pub(crate) fn remembered(&self, state: &str, headers: &HeaderMap) -> Option<Transaction> {
        let value = RequestCookies::of(headers).get(&self.cookie_name(state))?;
        // Seconds and a colon stand before the sealed value, except in old cookies.
        let sealed = value.split_once(':').map_or(&*value, |(_, sealed)| sealed);
        codec::open(self.sealer(), state, sealed, self.now())
    }

    /// The `Set-Cookie` header that makes the browser forget the login of `state`.
    pub(crate) fn forget(&self, state: &str) -> Option<HeaderValue> {
        self.forget_named(&self.cookie_name(state))
    }

    /// The `Set-Cookie` headers that make the browser forget every login it brings along.
    pub(crate) fn forget_all(&self, headers: &HeaderMap) -> Vec<HeaderValue> {
        let prefix = self.config().transaction_cookie.prefix.as_str();
        let cookies = RequestCookies::of(headers);
        let ours = cookies.iter().filter(|(name, _)| name.starts_with(prefix));
        ours.filter_map(|(name, _)| self.forget_named(name)).collect()
    }

    fn cookie_name(&self, state: &str) -> String {
        let settings = &self.config().transaction_cookie;
        if settings.parallel { format!("{}{state}", settings.prefix) } else { settings.prefix.clone() }
    }

    fn forget_named(&self, name: &str) -> Option<HeaderValue> {
        cookies::delete(name, &self.config().transaction_cookie.attributes)
    }
}

/// Which of the `others` go, the oldest first, so that there is room for a cookie of `bytes`. One without a time counts
/// as oldest.
fn oldest<'n>(mut others: Vec<(&'n str, &'n str)>, bytes: usize) -> Vec<&'n str> {
    let size = |(name, value): &(&str, &str)| name.len() + 1 + value.len();
    others.sort_by_key(|(_, value)| created(value));
    let mut total = bytes + others.iter().map(size).sum::<usize>();
    let mut gone = Vec::new();
    for cookie in &others {
        if total < ROOM {
            break;
        }
        total -= size(cookie);
        gone.push(cookie.0);
    }
    gone
}

fn created(value: &str) -> u64 {
    let digits = value.split_once(':').or_else(|| value.split_once("%3A"));
    digits.and_then(|(seconds, _)| seconds.parse().ok()).unwrap_or(0)
}
