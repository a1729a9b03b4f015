//! Who is asked for a second factor, or for what stands in for one, what they have, and which of it may answer.

use stepup_protocol::mfa::FactorType;

use super::visit::{Lost, Visit};
use crate::{
    actions::{FactorCommand, PreferredMethod, Selection},
    factors::{self, Acceptable, Kind, Transaction},
    mfa::requirement::{ListedBy, Requirement},
    model::{Authenticator, Credential, Digest, OobOwner, User},
};

/// Somebody who is asked.
#[derive(Debug)]
pub(super) struct Asked {
    /// Who.
    pub(super) user: User,
    /// What they have, pending ones included.
    pub(super) held: Vec<Authenticator>,
    /// The address of the profile, where it is to be proved.
    pub(super) mailbox: Option<Authenticator>,
}

/// An authenticator, and how it is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way<'a> {
    /// How.
    pub(super) kind: Kind,
    /// Which.
    pub(super) authenticator: &'a Authenticator,
}

impl Asked {
    /// The user of the login and what they have; none where nobody has given a password, or the user is gone or blocked.
    pub(super) async fn of(visit: &Visit) -> Result<Option<Self>, Lost> {
        let Some(user) = visit.user().await? else { return Ok(None) };
        let held = factors::held(&visit.shared, &user).await.map_err(|failure| visit.failed(failure))?;
        let proves_mailbox = visit.progress.waiting == Some(Requirement::ProveMailbox);
        let mailbox = factors::email::of_profile(&user).filter(|_| proves_mailbox);
        Ok(Some(Self { user, held, mailbox }))
    }

    /// The login as the factors see it.
    pub(super) fn transaction<'a>(&'a self, visit: &'a Visit) -> Transaction<'a> {
        let (owner, acceptable) = match visit.kept.ticket {
            Some(ticket) => (OobOwner::Ticket(ticket), Acceptable::New),
            None => (OobOwner::Login(Digest::of(&visit.state)), Acceptable::Asked(&visit.progress)),
        };
        Transaction {
            shared: &visit.shared,
            caller: &visit.caller,
            client: visit.shared.config.client(&visit.login.client_id),
            user: &self.user,
            held: &self.held,
            owner,
            acceptable,
        }
    }

    /// The ways in which the user may answer the challenge that is due, best first: under the tenant's own rule the last
    /// used, where an Action listed factors in its order.
    pub(super) fn ways(&self, visit: &Visit) -> Vec<Way<'_>> {
        let Some(choice) = visit.progress.challenge() else { return Vec::new() };
        let usable = factors::by_preference(&visit.shared.config, &self.held);
        let mut ways: Vec<_> = usable
            .into_iter()
            .filter(|(kind, _)| choice.factors.contains(&kind.factor()))
            .map(|(kind, authenticator)| Way { kind, authenticator })
            .collect();
        if choice.listed_by == ListedBy::Action {
            let preferred = preferred_method(visit);
            ways.sort_by_key(|way| {
                let rank = choice.factors.iter().position(|&factor| factor == way.kind.factor());
                (
                    rank,
                    preferred.is_some_and(|preferred| {
                        way.kind.factor() == preferred.factor() && way.kind != preferred
                    }),
                )
            });
        }
        ways
    }

    /// The way that the user chose, or else the best; of this kind, if one is named.
    pub(super) fn way(&self, visit: &Visit, kind: Option<Kind>) -> Option<Way<'_>> {
        let ways = self.ways(visit);
        let is_kind = |way: &&Way<'_>| kind.is_none_or(|kind| way.kind == kind);
        let chosen = visit.kept.way.as_ref();
        let is_chosen = |way: &&Way<'_>| chosen.is_some_and(|it| it.is(way.kind, way.authenticator));
        let found = ways.iter().filter(is_kind).find(is_chosen).or_else(|| ways.iter().find(is_kind));
        found.copied()
    }

    /// The app of a push enrolment whose code may stand for the answer of its phone.
    pub(super) fn app_of_push(&self, visit: &Visit) -> Option<Way<'_>> {
        let transaction = self.transaction(visit);
        let is_twin = |it: &&Authenticator| {
            it.active() && matches!(&it.credential, Credential::Totp { push: Some(_), .. })
        };
        let app = self.held.iter().find(is_twin).filter(|_| transaction.acceptable.app_for_push())?;
        Some(Way { kind: Kind::Otp, authenticator: app })
    }

    /// The authenticator with this id.
    pub(super) fn authenticator(&self, id: &str) -> Option<&Authenticator> {
        self.held.iter().find(|it| it.id == id)
    }
}

/// Whether the user chooses among the ways before any is tried: where an Action says so, and there is a choice that is not
/// the recovery code.
pub(super) fn user_chooses(visit: &Visit, ways: &[Way<'_>]) -> bool {
    let several = ways.iter().filter(|way| way.kind.factor() != FactorType::RecoveryCode).count() > 1;
    several && selection(visit) == Some(Selection::Any)
}

/// What the command that is due says about who chooses.
pub(super) fn selection(visit: &Visit) -> Option<Selection> {
    visit.progress.queue.front().map(|command| command.choice().selection)
}

/// How an Action wants a phone to be reached, if it says so.
fn preferred_method(visit: &Visit) -> Option<Kind> {
    let command: &FactorCommand = visit.progress.queue.front()?;
    let phone = command.choice().factors.iter().find(|it| it.factor_type == FactorType::Phone)?;
    match phone.options.preferred_method? {
        PreferredMethod::Both => None,
        PreferredMethod::Sms => Some(Kind::Sms),
        PreferredMethod::Voice => Some(Kind::Voice),
    }
}
