//! The session that a password begins, or renews.

use stepup_seal::token;

use crate::{
    model::{AuthenticationMethod, Digest, TenantSession, User},
    oauth::error::Failure,
    pipeline::Caller,
    state::Shared,
};

/// A session and the secret of its cookie.
pub(super) struct Begun {
    /// The session.
    pub(super) session: TenantSession,
    /// What goes into the cookie; only its digest is kept.
    pub(super) secret: String,
}

/// Begins a session for a user who has just given a password. A session of the same user that was there before goes on
/// under its id, forgetting what was proved; one of another user ends. Either way the cookie is new, against fixation.
pub(super) async fn begin(
    shared: &Shared,
    caller: &Caller,
    before: Option<TenantSession>,
    user: &User,
) -> Result<Begun, Failure> {
    let now = shared.clock.now();
    let secret = token(shared.random.as_ref(), 32);
    let lifetimes = shared.config.sessions;
    let continued = before.as_ref().filter(|before| before.user_id == user.user_id);
    let session = TenantSession {
        id: continued.map_or_else(|| token(shared.random.as_ref(), 24), |before| before.id.clone()),
        user_id: user.user_id.clone(),
        methods: vec![AuthenticationMethod::password(now)],
        mailbox_proved: false,
        clients: continued.map_or_else(Vec::new, |before| before.clients.clone()),
        authenticated_at: now,
        created_at: continued.map_or(now, |before| before.created_at),
        last_interacted_at: now,
        idle_expires_at: now + lifetimes.idle,
        expires_at: now + lifetimes.absolute,
        initial_ip: continued.map_or_else(|| caller.ip.clone(), |before| before.initial_ip.clone()),
        initial_user_agent: continued
            .map_or_else(|| caller.user_agent.clone(), |before| before.initial_user_agent.clone()),
        last_ip: caller.ip.clone(),
        last_user_agent: caller.user_agent.clone(),
        cookie_mode: continued.map_or(lifetimes.cookie_mode, |before| before.cookie_mode),
        metadata: continued.map(|before| before.metadata.clone()).unwrap_or_default(),
    };
    if let Some(before) = before {
        shared.store.delete_session(&before.id).await?;
    }
    shared.store.insert_session(&Digest::of(&secret), &session).await?;
    Ok(Begun { session, secret })
}
