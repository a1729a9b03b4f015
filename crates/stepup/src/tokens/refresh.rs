//! One refresh at a time.
//!
//! A rotated refresh token may be spent once, so everybody who holds it must share what it brings. Each refresh token
//! in use has a *lane* in this process: callers queue in it, the first one's refresh runs as a task of its own (a
//! caller that goes away loses nothing), and those behind it, or later with the old refresh token, find its outcome
//! there. The lane keeps outcomes for a grace time.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use stepup_protocol::{
    error::code,
    scope::Scopes,
    time::UnixTime,
    token::{GrantType, TokenResponse},
};
use stepup_seal::digest;
use tokio::sync::OwnedMutexGuard;
use tracing::{Instrument as _, field::Empty};

use super::{
    error::RefreshError,
    outcome::{GRACE, Outcome, Outcomes, Serves, Want},
};
use crate::{
    client::Client,
    lately::Sweep,
    provider::{Expected, ProviderError, StepUpDue, TokenError, TokenForm},
    session::{Grant, UserClaims},
    telemetry,
};

/// How many lanes are kept at most; beyond, those not used for longest go.
const LANES: usize = 4096;

/// The refreshes under way in this process, and those that have just been.
#[derive(Default)]
pub(crate) struct Refreshes(Mutex<HashMap<[u8; 32], Arc<Lane>>>, Sweep);

/// What a refresh brought, and the refresh token to go on with.
#[derive(Clone)]
pub(super) struct Refreshed {
    pub(super) grant: Arc<Grant>,
    pub(super) refresh_token: String,
}

/// Why the tenant's answer brings nothing.
#[derive(Debug)]
pub(crate) enum Denied {
    Error(RefreshError),
    MfaRequired(Box<StepUpDue>),
}

/// Why it brought nothing; shared by everybody who waited for it.
#[derive(Debug)]
pub(super) enum Failure {
    MfaRequired(Box<StepUpDue>),
    Other(Arc<RefreshError>),
}

/// Everybody who holds one refresh token, or one that was rotated from it.
pub(super) struct Lane {
    /// How many refreshes have ended.
    turn: AtomicU64,
    last_used: AtomicI64,
    pub(super) state: Arc<tokio::sync::Mutex<State>>,
}

pub(super) struct State {
    pub(super) refresh_token: String,
    outcomes: Outcomes,
}

/// Refreshes with `refresh_token`, or takes part in somebody else's refresh. A grant of before this call counts if
/// `still_good` says so.
pub(super) async fn refresh(
    client: &Client,
    refresh_token: &str,
    want: Want,
    still_good: impl Fn(&Grant) -> bool,
) -> Result<Refreshed, Arc<Failure>> {
    let lane = client.refreshes().lane(refresh_token, client.now());
    let turn = lane.turn.load(Ordering::Acquire);
    let state = Arc::clone(&lane.state).lock_owned().await;
    if let Some(known) = state.outcomes.find(&want, turn, client.now(), still_good) {
        return known.map(|grant| state.with(grant));
    }
    // From here on it runs to its end, whether or not anybody still waits.
    let client = client.clone();
    let span =
        tracing::info_span!("stepup.refresh", "user.id" = want.subject.as_deref(), "error.type" = Empty);
    let task = tokio::spawn(async move { lane.advance(&client, state, want).await }.instrument(span));
    task.await.unwrap_or_else(|_| Err(Arc::new(Failure::Other(Arc::new(RefreshError::Interrupted)))))
}

impl Lane {
    async fn advance(
        self: Arc<Self>,
        client: &Client,
        mut state: OwnedMutexGuard<State>,
        want: Want,
    ) -> Result<Refreshed, Arc<Failure>> {
        let result = self.renew(client, &mut state, &want).await;
        let outcome = result.as_ref().map_or_else(Denied::code, |_| "success");
        telemetry::refreshed(outcome, want.subject.as_deref());
        match &result {
            Err(Denied::MfaRequired(_)) => telemetry::mfa_required(want.subject.as_deref()),
            Err(Denied::Error(error)) if error.is_of_the_client() => {
                let error = error as &dyn std::error::Error;
                tracing::error!(error, "the tenant does not take the application's credentials at a refresh");
            }
            Ok(_) | Err(_) => {}
        }
        let result = result.map(Arc::new).map_err(|denied| Arc::new(Failure::from(denied)));
        self.record(&mut state, want, Serves::SameRequest, client.now(), result.clone());
        result.map(|grant| state.with(grant))
    }

    /// Tells those who come next what became of `want`.
    pub(super) fn record(
        &self,
        state: &mut State,
        want: Want,
        serves: Serves,
        at: UnixTime,
        result: Result<Arc<Grant>, Arc<Failure>>,
    ) {
        let turn = self.turn.fetch_add(1, Ordering::AcqRel) + 1;
        state.outcomes.keep(Outcome { want, serves, turn, at, result });
    }

    async fn renew(
        self: &Arc<Self>,
        client: &Client,
        state: &mut State,
        want: &Want,
    ) -> Result<Grant, Denied> {
        let form = TokenForm::new(GrantType::RefreshToken)
            .with("refresh_token", &state.refresh_token)
            .with_some("audience", want.audience.as_deref())
            .with_some("scope", want.scope.as_ref().map(Scopes::as_str));
        self.redeem(client, state, form, want).await
    }

    /// Redeems `form` in this lane: a refresh token that comes back is everybody's.
    pub(super) async fn redeem(
        self: &Arc<Self>,
        client: &Client,
        state: &mut State,
        form: TokenForm,
        want: &Want,
    ) -> Result<Grant, Denied> {
        redeem(client, form, want, |refresh_token| self.go_on_with(client, state, refresh_token)).await
    }

    /// Everybody in this lane holds `refresh_token` from now on.
    pub(super) fn go_on_with(self: &Arc<Self>, client: &Client, state: &mut State, refresh_token: &str) {
        refresh_token.clone_into(&mut state.refresh_token);
        client.refreshes().join(refresh_token, self, client.now());
    }
}

/// Hands in `form` and judges what comes back. `rotated` hears of a new refresh token even where the ID token beside it is
/// not accepted, for the old one is spent: whoever goes on with the new one gets an ID token that is judged again. The
/// tokens of another user are nobody's here.
pub(super) async fn redeem(
    client: &Client,
    form: TokenForm,
    want: &Want,
    rotated: impl FnOnce(&str) + Send,
) -> Result<Grant, Denied> {
    let provider = client.provider();
    provider.prepare().await.map_err(RefreshError::Provider)?;
    let tokens = match provider.token(form).await {
        Ok(tokens) => tokens,
        Err(error) => {
            if let TokenError::NotBound { rotated: Some(refresh_token), .. } = &error {
                rotated(refresh_token);
            }
            return Err(error.into());
        }
    };
    let claims = judged(client, &tokens, want.subject.as_deref()).await;
    if let Some(refresh_token) = &tokens.refresh_token
        && !matches!(claims, Err(RefreshError::OtherUser))
    {
        rotated(refresh_token);
    }
    let claims = claims?;
    let (audience, requested) = (want.audience.clone(), want.requested.clone());
    Ok(Grant { audience, requested, tokens, claims, received_at: client.now(), proof: None })
}

/// What the ID token says, if there is one: checked, and of `subject`.
async fn judged(
    client: &Client,
    tokens: &TokenResponse,
    subject: Option<&str>,
) -> Result<Option<UserClaims>, RefreshError> {
    let Some(id_token) = &tokens.id_token else { return Ok(None) };
    let expected = Expected { access_token: Some(&tokens.access_token), ..Expected::default() };
    let claims = client.provider().id_token(id_token, &expected).await.map_err(RefreshError::IdToken)?;
    if subject.is_some_and(|subject| claims.sub != subject) {
        telemetry::user_mismatch("id_token", subject);
        return Err(RefreshError::OtherUser);
    }
    Ok(Some(claims.into()))
}

impl State {
    /// `grant`, and what to go on with.
    fn with(&self, grant: Arc<Grant>) -> Refreshed {
        Refreshed { grant, refresh_token: self.refresh_token.clone() }
    }
}

impl Refreshes {
    pub(super) fn lane(&self, refresh_token: &str, now: UnixTime) -> Arc<Lane> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = digest::sha256(refresh_token.as_bytes());
        if !lanes.contains_key(&key) {
            self.make_room(&mut lanes, now);
        }
        let lane = lanes.entry(key).or_insert_with(|| Arc::new(Lane::new(refresh_token)));
        lane.last_used.store(now.seconds(), Ordering::Relaxed);
        Arc::clone(lane)
    }

    /// The refresh token that `held` was rotated to, if that is known and nobody is at it just now.
    pub(crate) fn newer(&self, held: &str) -> Option<String> {
        let lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.get(&digest::sha256(held.as_bytes()))?;
        let state = lane.state.try_lock().ok()?;
        (state.refresh_token != held).then(|| state.refresh_token.clone())
    }

    /// Forgets what was brought with `refresh_token`, and with those rotated from it: it is to be used no more.
    pub(crate) fn forget(&self, refresh_token: &str) {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ended) = lanes.remove(&digest::sha256(refresh_token.as_bytes())) {
            lanes.retain(|_, lane| !Arc::ptr_eq(lane, &ended));
        }
    }

    /// Lets those who hold `refresh_token` into `lane` too.
    fn join(&self, refresh_token: &str, lane: &Arc<Lane>, now: UnixTime) {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.make_room(&mut lanes, now);
        lanes.insert(digest::sha256(refresh_token.as_bytes()), Arc::clone(lane));
    }

    /// Removes lanes that nobody used for the grace time, and the oldest if there are too many. One in which somebody waits
    /// or works stays.
    fn make_room(&self, lanes: &mut HashMap<[u8; 32], Arc<Lane>>, now: UnixTime) {
        let used = |lane: &Lane| UnixTime::from_seconds(lane.last_used.load(Ordering::Relaxed));
        if self.1.is_due(now) {
            lanes.retain(|_, lane| lane.is_busy() || now.since(used(lane)) < GRACE);
        }
        if lanes.len() >= LANES {
            let mut times: Vec<UnixTime> = lanes.values().map(|lane| used(lane)).collect();
            let (_, median, _) = times.select_nth_unstable(LANES / 2);
            let median = *median;
            lanes.retain(|_, lane| lane.is_busy() || used(lane) > median);
        }
    }
}

impl Lane {
    fn new(refresh_token: &str) -> Self {
        let state = State { refresh_token: refresh_token.to_owned(), outcomes: Outcomes::default() };
        Self {
            turn: AtomicU64::new(0),
            last_used: AtomicI64::new(0),
            state: Arc::new(tokio::sync::Mutex::new(state)),
        }
    }

    /// Whether somebody waits or works in it.
    fn is_busy(&self) -> bool {
        Arc::strong_count(&self.state) > 1
    }
}

impl Denied {
    /// For the count of refreshes.
    fn code(&self) -> &str {
        match self {
            Self::MfaRequired(_) => code::MFA_REQUIRED,
            Self::Error(RefreshError::IdToken(_)) => "invalid_id_token",
            Self::Error(RefreshError::Interrupted) => "interrupted",
            Self::Error(RefreshError::OtherUser) => "user_mismatch",
            Self::Error(RefreshError::Provider(ProviderError::Unreachable { .. })) => "unreachable",
            Self::Error(RefreshError::Provider(error)) => error.code(),
        }
    }
}

impl From<TokenError> for Denied {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::MfaRequired(body) => Self::MfaRequired(body),
            TokenError::NotBound { error, .. } | TokenError::Provider(error) => {
                Self::Error(RefreshError::Provider(error))
            }
        }
    }
}

impl From<RefreshError> for Denied {
    fn from(error: RefreshError) -> Self {
        Self::Error(error)
    }
}

impl Failure {
    /// Whether a refresh token may have come with the answer that was not accepted.
    pub(super) fn may_have_rotated(&self) -> bool {
        match self {
            Self::MfaRequired(_) => false,
            Self::Other(error) => matches!(
                **error,
                RefreshError::IdToken(_) | RefreshError::Provider(ProviderError::NotBound { .. })
            ),
        }
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Error(error) => Self::Other(Arc::new(error)),
            Denied::MfaRequired(body) => Self::MfaRequired(body),
        }
    }
}

impl std::fmt::Debug for Refreshes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Refreshes").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_seconds(0) + std::time::Duration::from_secs(seconds)
    }

    fn known(refreshes: &Refreshes) -> usize {
        refreshes.0.lock().unwrap().len()
    }

    #[test]
    fn a_lane_goes_with_the_grace_time_unless_somebody_is_in_it() {
        let refreshes = Refreshes::default();
        let busy = refreshes.lane("busy", at(0));
        let _waits = Arc::clone(&busy.state);
        refreshes.lane("a", at(0));
        refreshes.lane("b", at(GRACE.as_secs() - 1));
        assert_eq!(known(&refreshes), 3);
        let lane = refreshes.lane("c", at(GRACE.as_secs()));
        assert_eq!(known(&refreshes), 3, "all but a");
        refreshes.join("c-2", &lane, at(2 * GRACE.as_secs() - 1));
        assert_eq!(known(&refreshes), 3, "busy, c and c-2");
    }
}
