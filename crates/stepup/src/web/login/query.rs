//! What the address of the login route asks for.

use url::Url;

use super::STEP_UP;
use crate::{
    client::Client,
    login::LoginRequest,
    session::Session,
    tokens::AccessTokenRequest,
    transaction::Popup,
    web::{base_url, popup::is_transaction_id, query::LONGEST_PARAMETER, return_to},
};

/// The parameter with which, as `true`, the configured scopes are asked for beside the given one, as a look-up of the token
/// asks for them by itself.
const MERGE_SCOPES: &str = "mergeScopes";

/// What the address of the login route asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LoginQuery {
    /// A path of the application.
    return_to: Option<String>,
    popup: Option<Popup>,
    into_session: bool,
    merge_scopes: bool,
    /// For the tenant.
    parameters: Vec<(String, String)>,
}

/// Why the address asks for nothing that can be begun.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadQuery {
    #[error("Invalid challengeMode query param: {0}. Expected 'redirect', 'popup', or omit.")]
    ChallengeMode(String),
    #[error("Invalid transactionId query param. Must be 1 to 64 letters, digits, hyphens or underscores.")]
    TransactionId,
}

impl LoginQuery {
    /// Reads the query of a request to `base`. What is too long is left out.
    pub(super) fn parse(query: &str, base: &Url) -> Result<Self, BadQuery> {
        let mut asked = Self::default();
        let (mut in_popup, mut transaction_id) = (false, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "returnTo" => asked.return_to = return_to::safe_path(&value, base).or(asked.return_to),
                "challengeMode" => match &*value {
                    "popup" => in_popup = true,
                    "redirect" => in_popup = false,
                    other => return Err(BadQuery::ChallengeMode(other.to_owned())),
                },
                "transactionId" if !is_transaction_id(&value) => return Err(BadQuery::TransactionId),
                "transactionId" => transaction_id = Some(value.into_owned()),
                STEP_UP => asked.into_session = value == "true",
                MERGE_SCOPES => asked.merge_scopes = value == "true",
                "scope" | "audience" if value.len() > LONGEST_PARAMETER => {
                    tracing::warn!(parameter = &*name, bytes = value.len(), "too long, and so left out");
                }
                _ => asked.parameters.push((name.into_owned(), value.into_owned())),
            }
        }
        asked.popup = in_popup.then_some(Popup { transaction_id });
        Ok(asked)
    }

    /// The login to begin, for whoever is logged in.
    pub(super) fn login(mut self, client: &Client, base: &Url, session: Option<&Session>) -> LoginRequest {
        if self.merge_scopes {
            let merged = self.looked_up().login_parameters(client);
            self.parameters.extend(merged.into_iter().map(|(name, value)| (name.to_owned(), value)));
        }
        let login = LoginRequest {
            return_to: self.return_to.unwrap_or_else(|| base_url::home(client, base)),
            redirect_uri: base_url::route(client, base, &client.config().routes.callback),
            popup: self.popup,
            into_session: self.into_session,
            subject: None,
            default_audience: None,
            parameters: self.parameters,
        };
        match session.filter(|_| login.into_session || login.popup.is_some()) {
            Some(session) => login.for_user_of(session),
            None => login,
        }
    }

    /// The token that it is about, as the plain look-up asks for it.
    fn looked_up(&self) -> AccessTokenRequest {
        self.parameters.iter().fold(AccessTokenRequest::new(), |wanted, (name, value)| match &**name {
            "audience" if !value.is_empty() => wanted.audience(value),
            "scope" if !value.is_empty() => wanted.scope(&**value),
            _ => wanted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<LoginQuery, BadQuery> {
        LoginQuery::parse(query, &Url::parse("https://app.example.com").unwrap())
    }

    fn in_popup(id: Option<&str>) -> LoginQuery {
        let popup = Popup { transaction_id: id.map(str::to_owned) };
        LoginQuery { popup: Some(popup), ..LoginQuery::default() }
    }

    fn returning_to(path: &str) -> LoginQuery {
        LoginQuery { return_to: Some(path.to_owned()), ..LoginQuery::default() }
    }

    fn asking(parameters: &[(&str, &str)]) -> LoginQuery {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        LoginQuery { parameters: parameters.collect(), ..LoginQuery::default() }
    }

    #[test]
    fn an_address_asks_for_a_login() {
        let too_long = format!("audience=a&scope={}&audience={0}", "b+".repeat(LONGEST_PARAMETER));
        for (query, asked) in [
            ("", LoginQuery::default()),
            ("returnTo=/hall", returning_to("/hall")),
            ("returnTo=https://evil.example", LoginQuery::default()),
            ("returnTo=/hall&returnTo=//evil.example", returning_to("/hall")),
            ("challengeMode=redirect", LoginQuery::default()),
            ("challengeMode=popup", in_popup(None)),
            ("transactionId=a-1&challengeMode=popup", in_popup(Some("a-1"))),
            ("challengeMode=popup&challengeMode=redirect&transactionId=a", LoginQuery::default()),
            ("stepUp=true", LoginQuery { into_session: true, ..LoginQuery::default() }),
            ("stepUp=1&mergeScopes=1", LoginQuery::default()),
            ("mergeScopes=true", LoginQuery { merge_scopes: true, ..LoginQuery::default() }),
            ("scope=a+b&prompt=&scope=c", asking(&[("scope", "a b"), ("prompt", ""), ("scope", "c")])),
            (&too_long, asking(&[("audience", "a")])),
        ] {
            assert_eq!(parse(query), Ok(asked), "{query}");
        }
    }

    #[test]
    fn an_address_that_means_nothing_is_refused() {
        for (query, why) in [
            ("challengeMode=modal", BadQuery::ChallengeMode("modal".to_owned())),
            ("challengeMode=", BadQuery::ChallengeMode(String::new())),
            ("transactionId=", BadQuery::TransactionId),
            ("challengeMode=popup&transactionId=a.b", BadQuery::TransactionId),
        ] {
            assert_eq!(parse(query), Err(why), "{query}");
        }
    }
}
