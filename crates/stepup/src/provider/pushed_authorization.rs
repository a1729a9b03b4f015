//! Pushed authorization requests (RFC 9126): the parameters go to the tenant directly, and the browser carries what
//! stands for them.

use serde::Deserialize;

use super::{Provider, ProviderError, TokenForm};

const PUSHED: &str = "pushed authorization request endpoint";
/// The longest `request_uri` that is sent on.
const LONGEST: usize = 2048;

#[derive(Deserialize)]
struct Pushed {
    request_uri: String,
}

impl Provider {
    /// Hands in the parameters of an authorization request, without `client_id`, at `endpoint`; returns the `request_uri`
    /// that stands for them.
    ///
    /// # Errors
    ///
    /// The tenant refused, cannot be reached, or gave none.
    pub(crate) async fn push(
        &self,
        endpoint: &str,
        parameters: &[(String, String)],
    ) -> Result<String, ProviderError> {
        let mut form =
            parameters.iter().fold(TokenForm::default(), |form, (name, value)| form.with(name, value));
        if self.credentials.are_in_header() {
            form = form.with("client_id", &self.client_id);
        }
        let answer = self.exchange(PUSHED, self.authenticated_form(PUSHED, endpoint, &form)?).await?;
        let Pushed { request_uri } = answer.success()?;
        if request_uri.is_empty() || request_uri.len() > LONGEST {
            return Err(answer.untrustworthy("its request_uri is empty or too long".to_owned()));
        }
        Ok(request_uri)
    }
}
