//! The end of an authorization request: the code, and what a login leaves in the session.

use std::time::Duration;

use axum::response::Response;
use http::{HeaderMap, header};
use serde_json::Value;
use stepup_seal::token;

use super::request::{Accepted, Parameters};
use crate::{
    login::cookies,
    mfa::requirement::Flow,
    model::{AuthorizationCode, Digest, KnownDevice, TenantSession, User},
    oauth::{
        audit::Audit,
        error::{Failure, UserFault},
        issue,
        logout::backchannel,
    },
    pipeline::{self, Caller, Facts, Progress},
    state::Shared,
};

/// How long a code is good.
const CODE_LIFETIME: Duration = Duration::from_secs(600);

/// A login that came to its end.
pub(crate) struct Login<'a> {
    /// The tenant.
    pub(crate) shared: &'a Shared,
    /// Where the request came from.
    pub(crate) caller: &'a Caller,
    /// The head of the request: the session's cookies are in it.
    pub(crate) headers: &'a HeaderMap,
    /// What was asked for.
    pub(crate) accepted: &'a Accepted<'a>,
    /// The same as it came.
    pub(crate) parameters: &'a Parameters,
    /// The mark of the browser, where it has one.
    pub(crate) browser: Option<Digest>,
    /// Who logged in.
    pub(crate) user: User,
    /// The session that stands for it.
    pub(crate) session: TenantSession,
    /// What was proved and decided on the way.
    pub(crate) progress: Progress,
}

impl Login<'_> {
    /// Issues the code and answers with it.
    ///
    /// # Errors
    /// An Action ends the session; the store failed.
    pub(crate) async fn grant(mut self) -> Result<Response, Failure> {
        let shared = self.shared;
        pipeline::write_metadata(shared, &self.user, &self.progress).await?;
        if let Some(revoked) = &self.progress.changes.session.revoked {
            backchannel::revoke(shared, &self.session, revoked.preserve_refresh_tokens).await?;
            return Err(UserFault::Denied(revoked.reason.clone()).into());
        }
        self.keep_session().await?;
        self.remember_device().await?;
        let code = token(shared.random.as_ref(), 33);
        let kept = self.code();
        shared.store.insert_code(&Digest::of(&code), &kept).await?;
        let audit = Audit::new(shared, self.caller).client(self.accepted.client).user(&self.user);
        let kind = if self.accepted.prompt.none { "ssa" } else { "s" };
        audit.audience(kept.audience.as_deref()).scope(&kept.scope).write(kind).await;
        let mut response = self.accepted.answer.code(shared, &code);
        if self.progress.changes.session.cookie_mode.is_some() {
            for cookie in cookies::keep_again(shared, self.headers, &self.session).await? {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
        }
        Ok(response)
    }

    fn code(&self) -> AuthorizationCode {
        let Self { shared, accepted, parameters, .. } = self;
        let now = shared.clock.now();
        let tells_time = accepted.max_age.is_some() || accepted.client.require_auth_time;
        AuthorizationCode {
            transaction_id: self.caller.correlation.id(shared.random.as_ref()).to_owned(),
            client_id: accepted.client.client_id.clone(),
            user_id: self.user.user_id.clone(),
            session_id: self.session.id.clone(),
            family: issue::new_family(shared),
            redirect_uri: accepted.redirect_uri_named.then(|| accepted.answer.redirect_uri.clone()),
            code_challenge: accepted.code_challenge.clone(),
            dpop_jkt: parameters.get("dpop_jkt").cloned(),
            nonce: parameters.get("nonce").cloned(),
            audience: accepted.target.identifier(&shared.issuer),
            scope: accepted.scope.clone(),
            auth_time: tells_time.then_some(self.session.authenticated_at),
            mfa: self.progress.has_mfa(),
            methods: self.progress.methods.clone(),
            changes: self.progress.changes.clone(),
            created_at: now,
            expires_at: now + CODE_LIFETIME,
        }
    }

    /// The next login with this browser is like this one.
    async fn remember_device(&self) -> Result<(), Failure> {
        if let Some(device) = self.browser {
            let user_agent = self.caller.user_agent.chars().take(512).collect();
            let device = KnownDevice { device, user_agent, last_seen_at: self.shared.clock.now() };
            self.shared.store.remember_device(&self.user.user_id, &device).await?;
        }
        Ok(())
    }

    /// The session learns what was proved and who was logged in to, and lives on.
    async fn keep_session(&mut self) -> Result<(), Failure> {
        let now = self.shared.clock.now();
        let session = &mut self.session;
        session.methods.clone_from(&self.progress.methods);
        session.mailbox_proved |= self.progress.mailbox_proved;
        if !session.clients.contains(&self.accepted.client.client_id) {
            session.clients.push(self.accepted.client.client_id.clone());
        }
        session.last_interacted_at = now;
        session.idle_expires_at = now + self.shared.config.sessions.idle;
        session.last_ip.clone_from(&self.caller.ip);
        session.last_user_agent.clone_from(&self.caller.user_agent);
        self.progress.changes.session.apply(session);
        self.shared.store.update_session(session).await?;
        Ok(())
    }
}

/// What the pipeline is told of a login in the browser.
pub(crate) fn facts<'a>(
    flow: Flow,
    caller: &'a Caller,
    parameters: &'a Parameters,
    accepted: &'a Accepted<'a>,
    session: &'a TenantSession,
    audience: Option<&'a str>,
) -> Facts<'a> {
    Facts {
        flow,
        protocol: "oidc-basic-profile",
        client: accepted.client,
        caller,
        parameters,
        query: parameters,
        body: Value::Object(serde_json::Map::new()),
        audience,
        scope: &accepted.scope,
        session: Some(session),
        refresh_token: None,
        acr_multi_factor: accepted.acr_multi_factor,
        for_mfa_api: accepted.target.is_mfa(),
        session_has_mfa: session.has_mfa(),
        browser: None,
        browser_remembered: false,
    }
}
