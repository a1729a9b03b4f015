//! The way out of a login that is over or cannot go on: back to the application that it was for.

use url::Url;

use super::visit::{Kept, Lost, Visit};
use crate::{
    model::{Digest, LoginTransaction},
    oauth::{authorize::request::answered_to, error::TenantFault},
    pipeline::Progress,
    state::{Shared, State},
    store::StoreError,
};

/// A link to an application.
#[derive(Debug)]
pub(super) struct WayOut {
    address: Url,
    words: String,
}

impl WayOut {
    /// Its address and its text.
    pub(super) fn link(&self) -> (&str, &str) {
        (self.address.as_str(), &self.words)
    }
}

/// The way back to the application of `login`: where it begins logins, else the site of its callback. Both are registered:
/// nothing that a request says by itself is linked to.
pub(super) fn of(state: &State, login: &LoginTransaction) -> Option<WayOut> {
    let (client, callback) = answered_to(state, &login.parameters)?;
    let address = client.initiate_login_uri.clone().or_else(|| site(&callback))?;
    Some(WayOut { address, words: format!("Back to {}", client.name) })
}

fn site(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.join("/").ok()
}

/// Keeps of a login that has come to its end what its old pages need, should somebody come back to them.
pub(super) async fn keep(visit: &Visit) -> Result<(), Lost> {
    let mut parameters = visit.login.parameters.clone();
    parameters.retain(|name, _| matches!(name.as_str(), "client_id" | "redirect_uri"));
    let kept = |error| visit.failed(TenantFault::Kept(error));
    let finished = LoginTransaction {
        parameters,
        user_id: None,
        session_id: None,
        progress: serde_json::to_value(Progress::default()).map_err(kept)?,
        page: serde_json::to_value(Kept::default()).map_err(kept)?,
        ..visit.login.clone()
    };
    let written = visit.shared.store.insert_login(&kept_under(&visit.state), &finished).await;
    written.map_err(|error| visit.failed(error))
}

/// What is left of the login `state`.
///
/// # Errors
/// The store failed.
pub(super) async fn finished(shared: &Shared, state: &str) -> Result<Option<LoginTransaction>, StoreError> {
    shared.store.login(&kept_under(state)).await
}

fn kept_under(state: &str) -> Digest {
    Digest::of(&format!("{state} is finished"))
}

#[cfg(test)]
mod tests {
    use super::site;

    #[test]
    fn a_callback_leads_to_its_site_if_it_is_one() {
        for (callback, expected) in [
            ("https://shop.example/auth/callback?x=1", Some("https://shop.example/")),
            ("http://localhost:3000/callback", Some("http://localhost:3000/")),
            ("com.example.app://callback", None),
        ] {
            assert_eq!(site(callback).map(String::from).as_deref(), expected, "{callback}");
        }
    }
}
