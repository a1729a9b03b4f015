//! The way over the tenant's own log-in pages.

use stepup_protocol::claims::ACR_MULTI_FACTOR;
use url::Url;

use super::Guard;
use crate::{
    client::Client,
    detour::{self, Demand},
    web::{base_url, login::STEP_UP},
};

impl Guard {
    /// What an authorization request must say (OpenID Connect Core section 3.1.2.1). Where the proof may not be older than
    /// something, the user logs in anew: `auth_time`, which `max_age` makes the tenant tell, is when the *first* factor was
    /// proved. `max_age` is as long as the user may take, for the guard judges the age itself on the way back.
    fn login_parameters(&self, client: &Client) -> Vec<(&'static str, String)> {
        let mut parameters = vec![("acr_values", ACR_MULTI_FACTOR.to_owned())];
        if let Some(within) = self.need.within {
            parameters.push(("prompt", "login".to_owned()));
            parameters.push(("max_age", within.max(detour::LIFETIME).as_secs().to_string()));
        }
        parameters.extend(self.token_parameters(client));
        parameters
    }

    /// What makes a login bring the access token too: without it the next request would ask the tenant for one, and be
    /// asked for a second factor again.
    pub(super) fn token_parameters(&self, client: &Client) -> Vec<(&'static str, String)> {
        self.token().map(|wanted| wanted.login_parameters(client)).unwrap_or_default()
    }

    /// What the tenant's pages must prove before the browser comes back.
    pub(super) fn demand(&self, client: &Client) -> Demand {
        let parameters = self.login_parameters(client).into_iter();
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value)).collect();
        Demand::of_guard(parameters, self.need.clone(), client.now())
    }

    /// Where a script sends the user.
    pub(super) fn step_up_address(&self, client: &Client, base: &Url) -> String {
        if let Some(own) = &self.step_up_url {
            return own.clone();
        }
        let mut login = base_url::route(client, base, &client.config().routes.login);
        login.query_pairs_mut().extend_pairs(self.login_parameters(client)).append_pair(STEP_UP, "true");
        login[url::Position::BeforePath..].to_owned()
    }
}
