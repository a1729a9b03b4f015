//! What the refreshes of one lane brought, kept for those who come for the same.

use std::{sync::Arc, time::Duration};

use stepup_protocol::{scope::Scopes, time::UnixTime};

use super::refresh::Failure;
use crate::session::Grant;

/// How long an outcome is there for those who come with the refresh token that it was brought with.
pub(super) const GRACE: Duration = Duration::from_secs(300);
/// How many are kept at most: a browser may ask for whatever scopes it likes.
const OUTCOMES: usize = 16;

/// What a refresh is to bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Want {
    /// For the request; absent: the default.
    pub(crate) audience: Option<String>,
    /// For the request, where the caller named one.
    pub(crate) scope: Option<Scopes>,
    /// What the token set is remembered to be asked for with.
    pub(crate) requested: Scopes,
    /// The session's user, whom an ID token must be for.
    pub(crate) subject: Option<String>,
}

/// Who an outcome is for; those who come later in this list are more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Serves {
    /// Whoever asks in the same words.
    SameRequest,
    /// Whoever asks for the same, whether or not they name the scope.
    SameTokens,
}

/// What became of a want.
pub(super) struct Outcome {
    pub(super) want: Want,
    pub(super) serves: Serves,
    /// Its place among the outcomes of its lane, from 1.
    pub(super) turn: u64,
    pub(super) at: UnixTime,
    pub(super) result: Result<Arc<Grant>, Arc<Failure>>,
}

/// The last outcome for each want, the newest at the end.
#[derive(Default)]
pub(super) struct Outcomes(Vec<Outcome>);

impl Outcomes {
    pub(super) fn keep(&mut self, newest: Outcome) {
        self.0.retain(|outcome| !newest.replaces(outcome) && newest.at.since(outcome.at) < GRACE);
        if self.0.len() >= OUTCOMES {
            self.0.remove(0);
        }
        self.0.push(newest);
    }

    /// What is known already: the outcome of a refresh that ended after the turn `since`, while the caller waited, good
    /// or bad, or an earlier grant that will do.
    pub(super) fn find(
        &self,
        want: &Want,
        since: u64,
        now: UnixTime,
        still_good: impl Fn(&Grant) -> bool,
    ) -> Option<Result<Arc<Grant>, Arc<Failure>>> {
        let outcome = self.0.iter().rev().find(|outcome| outcome.is_for(want))?;
        let will_do = outcome.turn > since
            || outcome.result.as_ref().is_ok_and(|grant| now.since(outcome.at) < GRACE && still_good(grant));
        will_do.then(|| outcome.result.clone())
    }
}

impl Outcome {
    fn is_for(&self, want: &Want) -> bool {
        match self.serves {
            Serves::SameRequest => self.want == *want,
            Serves::SameTokens => self.want.is_for_same_tokens(want),
        }
    }

    /// Whether everybody whom `older` is for is better served here.
    fn replaces(&self, older: &Self) -> bool {
        self.serves >= older.serves && self.is_for(&older.want)
    }
}

impl Want {
    /// Whether both want the same tokens, be the scope named in the request or left to the tenant.
    fn is_for_same_tokens(&self, other: &Self) -> bool {
        let named_as_kept = |want: &Self| want.scope.as_ref().is_none_or(|scope| *scope == want.requested);
        self.audience == other.audience
            && self.requested == other.requested
            && self.subject == other.subject
            && named_as_kept(self)
            && named_as_kept(other)
    }
}

#[cfg(test)]
mod tests {
    use stepup_protocol::token::TokenResponse;

    use super::*;

    fn want(scope: Option<&str>) -> Want {
        Want { audience: None, scope: scope.map(Scopes::from), requested: Scopes::from("a b"), subject: None }
    }

    fn brought(scope: Option<&str>, serves: Serves, seconds: i64, access_token: &str) -> Outcome {
        let tokens = TokenResponse {
            access_token: access_token.to_owned(),
            refresh_token: None,
            id_token: None,
            scope: None,
            expires_in: None,
            token_type: "Bearer".to_owned(),
            recovery_code: None,
        };
        let (at, requested) = (UnixTime::from_seconds(seconds), Scopes::from("a b"));
        let grant = Grant { audience: None, requested, tokens, claims: None, received_at: at, proof: None };
        Outcome { want: want(scope), serves, turn: 1, at, result: Ok(Arc::new(grant)) }
    }

    fn found(outcomes: &Outcomes, scope: Option<&str>, seconds: i64) -> Option<String> {
        let grant = outcomes.find(&want(scope), 1, UnixTime::from_seconds(seconds), |_| true)?.ok()?;
        Some(grant.tokens.access_token.clone())
    }

    #[test]
    fn what_a_proof_brought_is_found_whether_or_not_the_scope_is_named() {
        let mut outcomes = Outcomes::default();
        outcomes.keep(brought(None, Serves::SameTokens, 0, "proved"));
        assert_eq!(found(&outcomes, None, 0).as_deref(), Some("proved"));
        assert_eq!(found(&outcomes, Some("a b"), 0).as_deref(), Some("proved"));
        assert_eq!(found(&outcomes, Some("a"), 0), None, "another scope");

        outcomes.keep(brought(None, Serves::SameRequest, 0, "refreshed"));
        assert_eq!(found(&outcomes, None, 0).as_deref(), Some("refreshed"));
        assert_eq!(found(&outcomes, Some("a b"), 0).as_deref(), Some("proved"), "nobody has asked so since");

        outcomes.keep(brought(None, Serves::SameTokens, 0, "proved again"));
        assert_eq!(found(&outcomes, None, 0).as_deref(), Some("proved again"));
        assert_eq!(found(&outcomes, Some("a b"), 0).as_deref(), Some("proved again"));
        assert_eq!(outcomes.0.len(), 1);
    }

    #[test]
    fn outcomes_go_with_the_grace_time_and_the_oldest_beyond_the_limit() {
        let mut outcomes = Outcomes::default();
        outcomes.keep(brought(Some("old"), Serves::SameRequest, 0, "old"));
        assert_eq!(found(&outcomes, Some("old"), 299).as_deref(), Some("old"));
        assert_eq!(found(&outcomes, Some("old"), 300), None);
        for scope in 0..=OUTCOMES {
            outcomes.keep(brought(Some(&scope.to_string()), Serves::SameRequest, 300, "new"));
        }
        assert_eq!(outcomes.0.len(), OUTCOMES);
        assert_eq!(found(&outcomes, Some("0"), 300), None);
        assert_eq!(found(&outcomes, Some("16"), 300).as_deref(), Some("new"));
    }

    #[test]
    fn a_failure_is_only_for_those_who_waited_for_it() {
        let failed = Arc::new(Failure::Other(Arc::new(crate::RefreshError::Interrupted)));
        let mut outcomes = Outcomes::default();
        let at = UnixTime::from_seconds(0);
        outcomes.keep(Outcome {
            want: want(None),
            serves: Serves::SameRequest,
            turn: 2,
            at,
            result: Err(failed),
        });
        assert!(matches!(outcomes.find(&want(None), 1, at, |_| true), Some(Err(_))));
        assert!(outcomes.find(&want(None), 2, at, |_| true).is_none());
    }
}
