//! The proof of a second factor, handed in for what a refresh was denied.

use std::sync::Arc;

use super::{
    outcome::{Serves, Want},
    refresh::{Denied, Lane, State, redeem},
};
use crate::{
    client::Client,
    provider::TokenForm,
    session::{FactorProof, Grant},
};

/// What a proof brought, and the refresh token to go on with, where there is one.
#[derive(Clone)]
pub(crate) struct SteppedUp {
    pub(crate) grant: Arc<Grant>,
    /// The refresh token that was held when the proof was handed in.
    pub(crate) held: Option<String>,
    pub(crate) refresh_token: Option<String>,
}

/// Hands in `form`, which makes this proof, if it makes one. With a refresh token it waits its turn among those who
/// hold it, for the answer may rotate it: whoever comes next with the old refresh token gets the result. Call it on a
/// task that runs to its end.
pub(crate) async fn step_up(
    client: &Client,
    refresh_token: Option<&str>,
    form: TokenForm,
    want: Want,
    proof: Option<FactorProof>,
) -> Result<SteppedUp, Denied> {
    let Some(refresh_token) = refresh_token else {
        let grant = proved(redeem(client, form, &want, |_rotated| ()).await?, proof);
        let refresh_token = grant.tokens.refresh_token.clone();
        return Ok(SteppedUp { grant: Arc::new(grant), held: None, refresh_token });
    };
    let lane = client.refreshes().lane(refresh_token, client.now());
    let mut state = Arc::clone(&lane.state).lock_owned().await;
    let grant = lane.step_up(client, &mut state, form, want, proof).await?;
    let held = Some(refresh_token.to_owned());
    Ok(SteppedUp { grant, held, refresh_token: Some(state.refresh_token.clone()) })
}

/// Tells everybody who holds `refresh_token` what its user's login in a pop-up brought, and the refresh token to go on
/// with.
pub(crate) async fn hand_over(client: &Client, refresh_token: &str, subject: &str, grant: Grant) {
    let lane = client.refreshes().lane(refresh_token, client.now());
    let mut state = Arc::clone(&lane.state).lock_owned().await;
    if let Some(newer) = &grant.tokens.refresh_token {
        lane.go_on_with(client, &mut state, newer);
    }
    let want = Want {
        audience: grant.audience.clone(),
        scope: None,
        requested: grant.requested.clone(),
        subject: Some(subject.to_owned()),
    };
    lane.tell(client, &mut state, want, &Arc::new(grant));
}

impl Lane {
    async fn step_up(
        self: &Arc<Self>,
        client: &Client,
        state: &mut State,
        form: TokenForm,
        want: Want,
        proof: Option<FactorProof>,
    ) -> Result<Arc<Grant>, Denied> {
        let grant = Arc::new(proved(self.redeem(client, state, form, &want).await?, proof));
        self.tell(client, state, want, &grant);
        Ok(grant)
    }

    /// Whether the refresh named its scope is not known here, so both ways of asking find the result.
    fn tell(&self, client: &Client, state: &mut State, want: Want, grant: &Arc<Grant>) {
        self.record(state, want, Serves::SameTokens, client.now(), Ok(Arc::clone(grant)));
    }
}

/// The answer to a proof is the proof that it was made.
fn proved(grant: Grant, proof: Option<FactorProof>) -> Grant {
    Grant { proof: proof.map(|proof| proof.made_at(grant.received_at)), ..grant }
}
