//! What a session knows of its user's second factor: when it was proved last and by what, and who still waits for a
//! proof.
//!
//! It is kept apart from the claims: those of an ID token say nothing of a verify that this SDK made, a hook may drop
//! them, and what they say of one login must not be mixed with what they say of another.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stepup_protocol::time::UnixTime;
use stepup_seal::digest;

use super::{
    Session,
    factor_proof::{FactorProof, id},
};
use crate::{detour, lately::Digest};

/// How many wait at most, the newest: a session travels in a cookie.
const WAITING: usize = 4;
/// The claims that speak of one authentication, and of no other together.
const OF_ONE_AUTHENTICATION: [&str; 3] = ["amr", "acr", "auth_time"];

/// The member of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SecondFactor {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proof: Option<FactorProof>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<Asked>,
}

/// A request that was answered with a demand for a proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// Which request.
    #[serde(rename = "for")]
    request: String,
    pub(crate) at: UnixTime,
    /// When a proof or a login came, whatever it was good for.
    #[serde(default, rename = "answered", skip_serializing_if = "Option::is_none")]
    pub(crate) answered_at: Option<UnixTime>,
    /// Which one.
    #[serde(default, rename = "by", skip_serializing_if = "Option::is_none")]
    answered_by: Option<String>,
}

#[cfg(test)]
impl Asked {
    pub(crate) fn test(at: UnixTime, answered_at: Option<UnixTime>) -> Self {
        Self { request: String::new(), at, answered_at, answered_by: None }
    }
}

impl SecondFactor {
    pub(super) fn new(proof: Option<FactorProof>) -> Self {
        Self { proof, waiting: Vec::new() }
    }

    /// What was written by anybody else is as good as nothing.
    pub(super) fn read(value: Value) -> Self {
        serde_json::from_value(value).unwrap_or_default()
    }

    /// What is to be written, if anything.
    pub(super) fn written(&self) -> Option<&Self> {
        (self.proof.is_some() || !self.waiting.is_empty()).then_some(self)
    }

    fn answered(&mut self, now: UnixTime, by: Option<&String>) {
        for asked in &mut self.waiting {
            asked.answered_at = Some(now);
            asked.answered_by = by.cloned();
        }
    }
}

impl Session {
    /// The second factor that the user proved last, by a verify of this SDK or on the tenant's own pages; `None` where
    /// no proof is known of.
    #[must_use]
    pub fn second_factor(&self) -> Option<FactorProof> {
        // A session that another SDK wrote has the claims alone.
        self.internal.second_factor.proof.clone().or_else(|| FactorProof::of_claims(&self.user))
    }

    /// When the second factor that is held was proved, at the latest.
    pub(crate) fn proved_by(&self) -> UnixTime {
        let proof = self.second_factor();
        proof.and_then(|proof| proof.at.or(proof.came)).unwrap_or(self.internal.created_at)
    }

    /// Takes a verify's proof in. It may be of some time ago, where somebody else's verify brought it. The one that is held
    /// answers nobody who was asked since it came.
    pub(super) fn proved(&mut self, proof: FactorProof, now: UnixTime) {
        let known = &mut self.internal.second_factor;
        if proof.id.is_some() && known.proof.as_ref().is_some_and(|held| held.id == proof.id) {
            return;
        }
        known.answered(now, proof.id.as_ref());
        if known.proof.as_ref().is_none_or(|held| held.at <= proof.at || held.is_to_come(now)) {
            known.proof = Some(proof);
        }
    }

    /// Takes the claims of a newer ID token in. Those of a refresh say nothing of how the user logged in, or say once
    /// more what the first did: what is held stays then, and never looks younger than it is.
    pub(super) fn renew_claims(&mut self, claims: &Map<String, Value>, now: UnixTime) {
        self.internal.second_factor.proof = match (self.second_factor(), FactorProof::told(claims, now)) {
            (Some(held), Some(told)) if held.at >= told.at && !held.is_to_come(now) => Some(held),
            (held, told) => told.map(|told| told.came_at(now)).or(held),
        };
        let is_of_login = |name: &str| OF_ONE_AUTHENTICATION.contains(&name);
        let tells_of_login = claims.contains_key("amr");
        let keeps_login = !tells_of_login && self.user.contains_key("amr");
        if tells_of_login {
            self.user.retain(|name, _| !is_of_login(name) || claims.contains_key(name));
        }
        for (name, value) in claims.iter().filter(|(name, _)| !(keeps_login && is_of_login(name))) {
            // Most of them are as they were.
            if self.user.get(name) != Some(value) {
                self.user.insert(name.clone(), value.clone());
            }
        }
    }

    /// Takes over what the claims of a newer login say of it, all of them together, where they say when it was.
    pub(crate) fn tell_of_login(&mut self, login: &Self) {
        if login.auth_time().is_none() {
            return;
        }
        for name in OF_ONE_AUTHENTICATION {
            match login.user.get(name) {
                Some(value) => drop(self.user.insert(name.to_owned(), value.clone())),
                None => drop(self.user.remove(name)),
            }
        }
    }

    /// The demand for a proof that `request` was answered with, if it still waits.
    pub(crate) fn asked(&self, request: &str, now: UnixTime) -> Option<&Asked> {
        let waiting = &self.internal.second_factor.waiting;
        waiting.iter().find(|asked| asked.request == request && now.since(asked.at) < detour::LIFETIME)
    }

    /// Which answer `asked` got, if it got one: whoever else waited got the same.
    pub(crate) fn answer_to(&self, asked: &Asked) -> Option<Digest> {
        let answered_at = asked.answered_at?.seconds().to_be_bytes();
        let answered_by = asked.answered_by.as_deref().unwrap_or_default().as_bytes();
        Some(digest::sha256(&[&self.identity().0[..], &answered_at, answered_by].concat()))
    }

    /// Remembers that `request` was answered with a demand for a proof.
    pub(crate) fn ask(&mut self, request: &str, now: UnixTime) {
        let waiting = &mut self.internal.second_factor.waiting;
        waiting.retain(|asked| asked.request != request && now.since(asked.at) < detour::LIFETIME);
        if waiting.len() >= WAITING {
            waiting.remove(0);
        }
        waiting.push(Asked { request: request.to_owned(), at: now, answered_at: None, answered_by: None });
        self.changed = true;
    }

    /// `request` waits no longer.
    pub(crate) fn stop_asking(&mut self, request: &str) {
        let waiting = &mut self.internal.second_factor.waiting;
        let before = waiting.len();
        waiting.retain(|asked| asked.request != request);
        self.changed |= waiting.len() != before;
    }

    /// The answer is spent on `request`: nobody else who waits may have it.
    pub(crate) fn spend_answer(&mut self, request: &str) {
        self.stop_asking(request);
        self.drop_answer();
    }

    /// The answer is none any more for whoever waits: it was spent, or will not do.
    pub(crate) fn drop_answer(&mut self) {
        let waiting = self.internal.second_factor.waiting.iter_mut();
        self.changed |= waiting.filter_map(|asked| asked.answered_at.take()).count() > 0;
    }

    /// A new login of the same user answers what the session before it asked for.
    pub(crate) fn answer(&mut self, before: &Self, now: UnixTime) {
        if before.subject == self.subject {
            self.internal.second_factor.waiting.clone_from(&before.internal.second_factor.waiting);
            let login = self.id_token.as_ref().map(|token| id(&digest::sha256(token.as_bytes())));
            self.internal.second_factor.answered(now, login.as_ref());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stepup_protocol::{claims::IdTokenClaims, mfa::FactorType, scope::Scopes};

    use std::time::Duration;

    use super::*;
    use crate::{
        clock::LEEWAY,
        session::{Grant, UserClaims},
    };

    const NOW: UnixTime = UnixTime::from_seconds(1_767_225_600);

    fn claims(of: &Value) -> UserClaims {
        let mut claims =
            json!({ "iss": "i", "sub": "ada", "aud": "c", "exp": NOW + Duration::from_secs(9), "iat": NOW });
        claims.as_object_mut().unwrap().extend(of.as_object().cloned().unwrap());
        UserClaims::from(serde_json::from_value::<IdTokenClaims>(claims).unwrap())
    }

    fn grant(at: UnixTime, id_token: Option<&Value>, proof: Option<FactorProof>) -> Grant {
        Grant {
            audience: None,
            requested: Scopes::default(),
            tokens: serde_json::from_value(json!({ "access_token": "at", "token_type": "Bearer" })).unwrap(),
            claims: id_token.map(claims),
            received_at: at,
            proof,
        }
    }

    fn session(of: &Value) -> Session {
        Session::new(&grant(NOW, None, None), &claims(of))
    }

    #[test]
    fn a_refresh_renews_the_claims_of_one_authentication_together_or_not_at_all() {
        let held = json!({ "amr": ["mfa"], "acr": "a", "auth_time": 7, "name": "Ada" });
        for (told, amr, acr, auth_time) in [
            // A refresh says nothing of a second factor; its later `auth_time` is of the password alone.
            (json!({ "name": "Ada L." }), vec!["mfa"], Some("a"), Some(7)),
            (json!({ "auth_time": 900 }), vec!["mfa"], Some("a"), Some(7)),
            (json!({ "amr": ["pwd"], "auth_time": 900 }), vec!["pwd"], None, Some(900)),
            (json!({ "amr": ["mfa"], "acr": "b" }), vec!["mfa"], Some("b"), None),
        ] {
            let mut session = session(&held);
            session.keep(&grant(NOW, Some(&told), None)).unwrap();
            assert_eq!(session.amr().collect::<Vec<_>>(), amr, "{told}");
            assert_eq!(
                (session.acr(), session.auth_time().map(UnixTime::seconds)),
                (acr, auth_time),
                "{told}"
            );
            assert_eq!(session.second_factor().unwrap().at, Some(UnixTime::from_seconds(7)), "{told}");
        }
        let mut newer = session(&held);
        newer.keep(&grant(NOW, Some(&json!({ "amr": ["mfa"], "auth_time": 8 })), None)).unwrap();
        assert_eq!(newer.second_factor().unwrap().at, Some(UnixTime::from_seconds(8)));
    }

    #[test]
    fn a_newer_login_is_told_of_in_its_own_words_and_takes_no_proof_away() {
        let held = json!({ "amr": ["mfa"], "acr": "a", "auth_time": 7 });
        for (told, amr, acr, auth_time) in [
            (json!({ "auth_time": 900 }), vec![], None, Some(900)),
            (json!({ "auth_time": 900, "amr": ["mfa"], "acr": "b" }), vec!["mfa"], Some("b"), Some(900)),
            (json!({}), vec!["mfa"], Some("a"), Some(7)),
        ] {
            let (mut kept, login) = (session(&held), session(&told));
            kept.keep(&grant(NOW, Some(&told), None)).unwrap();
            kept.tell_of_login(&login);
            assert_eq!(kept.amr().collect::<Vec<_>>(), amr, "{told}");
            assert_eq!((kept.acr(), kept.auth_time().map(UnixTime::seconds)), (acr, auth_time), "{told}");
            assert!(kept.second_factor().is_some(), "{told}");
        }
    }

    #[test]
    fn a_verify_is_a_proof_and_an_older_one_takes_nothing_away() {
        let at = |seconds| NOW + Duration::from_secs(seconds);
        let verified = |seconds| FactorProof::verified(at(seconds), vec![FactorType::Otp]);
        let mut session = session(&json!({ "amr": ["mfa"], "auth_time": NOW + Duration::from_secs(900) }));
        assert_eq!(session.second_factor().unwrap().at, None, "a time to come is no time");
        session.keep(&grant(at(60), None, Some(verified(60)))).unwrap();
        assert_eq!(session.second_factor(), Some(verified(60)));
        session.keep(&grant(at(50), None, Some(verified(50)))).unwrap();
        assert_eq!(session.second_factor(), Some(verified(60)));
        session.retain_claims(|_| false);
        assert_eq!(session.second_factor(), Some(verified(60)));
    }

    #[test]
    fn a_proof_of_a_time_to_come_makes_room_for_the_next_one() {
        let verified = |at| FactorProof::verified(at, vec![FactorType::Otp]);
        let mut ahead = session(&json!({}));
        let later = NOW + LEEWAY + Duration::from_secs(1);
        ahead.keep(&grant(later, None, Some(verified(later)))).unwrap();
        let mut told = ahead.clone();

        ahead.keep(&grant(NOW, None, Some(verified(NOW)))).unwrap();
        assert_eq!(ahead.second_factor(), Some(verified(NOW)));

        told.keep(&grant(NOW, Some(&json!({ "amr": ["mfa"], "auth_time": NOW })), None)).unwrap();
        assert_eq!(told.second_factor().unwrap().at, Some(NOW));

        let mut within_leeway = session(&json!({}));
        within_leeway.keep(&grant(NOW + LEEWAY, None, Some(verified(NOW + LEEWAY)))).unwrap();
        within_leeway.keep(&grant(NOW, None, Some(verified(NOW)))).unwrap();
        assert_eq!(within_leeway.second_factor(), Some(verified(NOW + LEEWAY)));
    }

    #[test]
    fn few_wait_and_an_answer_is_spent_once() {
        let mut session = session(&json!({}));
        for request in ["a", "b", "c", "d", "e"] {
            session.ask(request, NOW);
        }
        assert!(session.asked("a", NOW).is_none(), "the oldest has made room");
        let later = NOW + Duration::from_secs(20);
        session.keep(&grant(later, None, Some(FactorProof::verified(later, Vec::new())))).unwrap();
        assert_eq!(session.asked("b", later).unwrap().answered_at, Some(later));
        session.spend_answer("b");
        assert!(session.asked("b", later).is_none());
        assert_eq!(session.asked("c", later).unwrap().answered_at, None);
        assert!(session.asked("c", NOW + detour::LIFETIME).is_none(), "whoever took so long asks anew");
    }

    #[test]
    fn two_proofs_of_one_second_are_two_answers_and_one_brought_again_is_none() {
        let mut session = session(&json!({}));
        let proof =
            |token: &str| FactorProof::to_come(Vec::new(), &digest::sha256(token.as_bytes())).made_at(NOW);
        let mut answer = |token: &str| {
            session.ask("a", NOW);
            session.keep(&grant(NOW, None, Some(proof(token)))).unwrap();
            session.answer_to(session.asked("a", NOW).unwrap())
        };
        let first = answer("mfa-1").unwrap();
        assert_eq!(answer("mfa-1"), None, "who is asked since is not answered by it");
        assert_ne!(answer("mfa-2").unwrap(), first);
    }

    #[test]
    fn a_login_answers_its_own_users_questions() {
        let mut before = session(&json!({}));
        before.ask("a", NOW);
        let mut same = session(&json!({}));
        same.answer(&before, NOW);
        assert_eq!(same.asked("a", NOW).unwrap().answered_at, Some(NOW));
        let mut another = Session::new(&grant(NOW, None, None), &claims(&json!({ "sub": "bob" })));
        another.answer(&before, NOW);
        assert!(another.asked("a", NOW).is_none());
    }

    #[test]
    fn what_anybody_else_wrote_is_nothing() {
        for value in [
            json!(null),
            json!("mfa"),
            json!([1]),
            json!({ "proof": 1 }),
            json!({ "proof": { "by": ["x"] } }),
        ] {
            assert_eq!(SecondFactor::read(value.clone()), SecondFactor::default(), "{value}");
        }
    }
}
