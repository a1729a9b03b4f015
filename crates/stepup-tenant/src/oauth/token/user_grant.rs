//! What every token grant of a user has in common: the Actions run, a second factor may be due, and then there are tokens.

use std::sync::Once;

use secrecy::ExposeSecret as _;
use serde_json::Value;
use stepup_protocol::{
    error::description,
    mfa::{MfaRequirements, RequiredFactor},
    scope::Scopes,
    token::{GrantType, TokenResponse},
};

use crate::{
    actions::SessionChanges,
    config::{Client, MfaPolicy, TenantConfig},
    mfa::{
        iron,
        requirement::{Choice, Flow, ListedBy, Requirement},
    },
    model::{Digest, MfaTransaction, RefreshToken, TenantSession, User},
    oauth::{
        access::Target,
        audit::Audit,
        error::{ClientFault, Failure, GrantFault, MfaRequired, TenantFault, UserFault},
        issue::{self, Granted, Login, NewRefreshToken},
        logout::backchannel,
    },
    pipeline::{self, Advanced, Caller, Facts, Progress},
    state::Shared,
    store::Presented,
};

/// A token grant of a user on its way.
#[derive(Debug)]
pub(crate) struct UserGrant<'a> {
    /// What was asked for.
    pub(crate) asked: Asked<'a>,
    /// Who is asking.
    pub(crate) user: User,
    /// How far it has come.
    pub(crate) progress: Progress,
}

/// What a token grant asks for; the same before and after a second factor.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The tenant.
    pub(crate) shared: &'a Shared,
    /// Where the request came from.
    pub(crate) caller: &'a Caller,
    /// For whom.
    pub(crate) client: &'a Client,
    /// The grant that began it.
    pub(crate) grant: GrantType,
    /// For which API.
    pub(crate) audience: Option<String>,
    /// What will be granted.
    pub(crate) scope: Scopes,
    /// The session behind it.
    pub(crate) session: Option<TenantSession>,
    /// The refresh token that was presented.
    pub(crate) presented: Option<(Digest, RefreshToken)>,
    /// The parameters that Actions may see.
    pub(crate) body: Value,
    /// Thumbprint of the key that the request proved.
    pub(crate) dpop_jkt: Option<String>,
}

impl<'a> UserGrant<'a> {
    /// Takes up a grant that waited for a second factor; `dpop_jkt` is the key that the request which passed it proved.
    pub(crate) async fn resume(
        shared: &'a Shared,
        caller: &'a Caller,
        client: &'a Client,
        waited: MfaTransaction,
        user: User,
        progress: Progress,
        dpop_jkt: Option<&str>,
    ) -> Result<Self, Failure> {
        let presented = match waited.refresh_token {
            Some(digest) => {
                let kept = shared.store.refresh_token(&digest).await?.ok_or(GrantFault::RefreshToken)?;
                Some((digest, kept))
            }
            None => None,
        };
        let session = match &waited.session_id {
            Some(id) => shared.store.session(id).await?,
            None => None,
        };
        let asked = Asked {
            shared,
            caller,
            client,
            grant: waited.grant,
            audience: waited.audience,
            scope: waited.scope,
            session,
            presented,
            body: Value::Object(waited.request),
            dpop_jkt: dpop_jkt.map(str::to_owned),
        };
        Ok(Self { asked, user, progress })
    }

    /// Runs the Actions and answers with tokens, or with what the user has to do first.
    pub(crate) async fn proceed(mut self) -> Result<TokenResponse, Failure> {
        let shared = self.asked.shared;
        let audience = self.asked.audience.clone();
        let target = Target::find(shared, audience.as_deref())
            .ok_or_else(|| ClientFault::ApiUnknown(audience.clone().unwrap_or_default()))?;
        let facts = facts(&self.asked, &target);
        match pipeline::advance(shared, &facts, &mut self.user, &mut self.progress).await? {
            Advanced::Away(_) => Err(UserFault::InteractionRequired.into()),
            Advanced::Done => self.finish(target).await,
            Advanced::Waiting => Err(self.wait().await?),
        }
    }

    /// Keeps the grant and gives the client a token that stands for it.
    async fn wait(self) -> Result<Failure, Failure> {
        let Self { asked, user, progress } = self;
        let now = asked.shared.clock.now();
        let reason = reason(&asked, &progress);
        let requirements = requirements(&asked.shared.config, progress.waiting.as_ref());
        let kept = MfaTransaction {
            transaction_id: asked.caller.correlation.id(asked.shared.random.as_ref()).to_owned(),
            client_id: asked.client.client_id.clone(),
            user_id: user.user_id.clone(),
            connection: user.connection.clone(),
            grant: asked.grant,
            audience: asked.audience.clone(),
            scope: asked.scope,
            session_id: asked.session.map(|session| session.id),
            refresh_token: asked.presented.map(|(digest, _)| digest),
            dpop_jkt: asked.dpop_jkt,
            progress: serde_json::to_value(&progress).map_err(TenantFault::Kept)?,
            request: asked.body.as_object().cloned().unwrap_or_default(),
            created_at: now,
            expires_at: now + asked.shared.config.mfa.token_lifetime,
        };
        let mfa_token = iron::mfa_token(asked.shared.random.as_ref(), now, kept.expires_at);
        asked.shared.store.insert_mfa(&Digest::of(&mfa_token), &kept).await?;
        let audit = Audit::new(asked.shared, asked.caller).client(asked.client).user(&user);
        audit.audience(asked.audience.as_deref()).describe(reason).write("mfar").await;
        Ok(UserFault::MfaRequired(Box::new(MfaRequired { mfa_token, requirements })).into())
    }

    async fn finish(self, target: Target<'_>) -> Result<TokenResponse, Failure> {
        pipeline::write_metadata(self.asked.shared, &self.user, &self.progress).await?;
        self.obey_revocations().await?;
        self.change_session().await?;
        let granted = Granted {
            client: self.asked.client,
            user: &self.user,
            target,
            scope: &self.asked.scope,
            grant: self.asked.grant,
            session_id: self.session_id(),
            nonce: None,
            auth_time: None,
            mfa: false,
            changes: &self.progress.changes,
            dpop_jkt: self.asked.dpop_jkt.as_deref(),
        };
        let mut tokens = issue::tokens(self.asked.shared, &granted)?;
        let refresh_token = match &self.asked.presented {
            Some((digest, parent)) => self.exchange(digest, parent).await?,
            None if self.asked.scope.contains("offline_access") => Some(self.first_of_a_family().await?),
            None => None,
        };
        tokens.refresh_token = refresh_token.map(|it| it.secret.expose_secret().to_owned());
        Ok(tokens)
    }

    fn session_id(&self) -> Option<&str> {
        match &self.asked.presented {
            Some((_, token)) => token.session_id.as_deref(),
            None => self.asked.session.as_ref().map(|session| session.id.as_str()),
        }
    }

    /// `api.refreshToken.revoke` and `api.session.revoke`: the exchange is refused.
    async fn obey_revocations(&self) -> Result<(), Failure> {
        let Asked { shared, presented, session, .. } = &self.asked;
        let changes = &self.progress.changes;
        let mut refused = changes.refresh_token.revoked.clone().filter(|_| presented.is_some());
        let revoke_token = refused.is_some();
        if let (Some(revoked), Some(session)) = (&changes.session.revoked, session) {
            backchannel::revoke(shared, session, revoked.preserve_refresh_tokens).await?;
            refused = Some(revoked.reason.clone());
        }
        if let (true, Some((_, token))) = (revoke_token, presented) {
            shared.store.revoke_family(&token.family, shared.clock.now()).await?;
        }
        refused.map_or(Ok(()), |reason| Err(UserFault::Denied(reason).into()))
    }

    /// What Actions change of the session behind the grant. Its cookie is told at the browser's next login.
    async fn change_session(&self) -> Result<(), Failure> {
        let changes = &self.progress.changes.session;
        if let Some(session) = self.asked.session.as_ref().filter(|_| *changes != SessionChanges::default()) {
            let mut session = session.clone();
            changes.apply(&mut session);
            self.asked.shared.store.update_session(&session).await?;
        }
        Ok(())
    }

    /// Replaces the presented token, if tokens of this client are replaced.
    async fn exchange(
        &self,
        digest: &Digest,
        parent: &RefreshToken,
    ) -> Result<Option<NewRefreshToken>, Failure> {
        let Asked { shared, client, caller, .. } = &self.asked;
        let now = shared.clock.now();
        let lost = || Err(GrantFault::RefreshToken.into());
        if !parent.rotating {
            let exchanged = issue::exchanged(shared, caller, client, parent, &self.progress.changes);
            return if shared.store.touch_refresh_token(digest, &exchanged).await? {
                Ok(None)
            } else {
                lost()
            };
        }
        let child = issue::child_of(shared, caller, client, parent, &self.progress.changes);
        let judged = if self.progress.has_mfa() {
            // Some SDKs drop the token that a second factor brings and go on with the old one: that stays good until the
            // new one is used.
            shared.store.branch_refresh_token(&child.digest, &child.value, now).await?
        } else {
            let leeway = client.refresh_tokens.leeway;
            shared.store.rotate_refresh_token(digest, &child.digest, &child.value, leeway, now).await?
        };
        match judged {
            Presented::Valid(_) => Ok(Some(child)),
            Presented::Invalid | Presented::Reused(_) => lost(),
        }
    }

    async fn first_of_a_family(&self) -> Result<NewRefreshToken, Failure> {
        let Asked { shared, caller, client, grant, audience, scope, session, .. } = &self.asked;
        let login = Login {
            caller,
            client,
            user_id: &self.user.user_id,
            family: None,
            session_id: session.as_ref().map(|session| session.id.as_str()),
            grant: *grant,
            audience: audience.clone(),
            scope,
            methods: &self.progress.methods,
            dpop_jkt: self.asked.dpop_jkt.as_deref(),
        };
        let token = issue::refresh_token(shared, login, &self.progress.changes);
        shared.store.insert_refresh_token(&token.digest, &token.value).await?;
        Ok(token)
    }
}

/// What the pipeline is told of the grant.
fn facts<'f>(asked: &'f Asked<'_>, target: &Target<'_>) -> Facts<'f> {
    static NONE: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    let (flow, protocol) = match asked.grant {
        GrantType::RefreshToken => (Flow::Refresh, "oauth2-refresh-token"),
        _ => (Flow::Password, "oauth2-password"),
    };
    Facts {
        flow,
        protocol,
        client: asked.client,
        caller: asked.caller,
        parameters: &NONE,
        query: &NONE,
        body: asked.body.clone(),
        audience: asked.audience.as_deref(),
        scope: &asked.scope,
        session: asked.session.as_ref(),
        refresh_token: asked.presented.as_ref().map(|(_, token)| token),
        acr_multi_factor: false,
        for_mfa_api: target.is_mfa(),
        session_has_mfa: false,
        browser: None,
        browser_remembered: false,
    }
}

/// What the log says of a refused request.
fn reason(asked: &Asked<'_>, progress: &Progress) -> &'static str {
    static WARNED: Once = Once::new();
    let by_policy = asked.shared.config.policy == MfaPolicy::Always && progress.multifactor.is_none();
    let by_tenant = |choice: &Choice| choice.listed_by == ListedBy::Tenant;
    let listed = progress.challenge().or_else(|| progress.enrolment());
    if asked.grant != GrantType::RefreshToken || !by_policy || !listed.is_some_and(by_tenant) {
        return description::MFA_REQUIRED;
    }
    WARNED.call_once(|| tracing::warn!("{BLOCKS_REFRESHES}"));
    BLOCKS_REFRESHES
}

/// What a developer has to know whose application cannot renew its tokens.
const BLOCKS_REFRESHES: &str = "Multifactor authentication required: the policy `all-applications` asks at every refresh, so \
no application renews its tokens in the background. To ask less often, use the policy `confidence-score`, or an Action \
that decides when.";

/// `mfa_requirements`: only what an Action listed, where Actions may name factors.
fn requirements(config: &TenantConfig, waiting: Option<&Requirement>) -> Option<MfaRequirements> {
    let (choice, challenge) = match waiting? {
        Requirement::Challenge(choice) => (choice, true),
        Requirement::Enroll(choice) => (choice, false),
        Requirement::Nothing | Requirement::ProveMailbox | Requirement::Refused(_) => return None,
    };
    if choice.listed_by == ListedBy::Tenant || !config.mfa.factors_in_actions {
        return None;
    }
    let mut listed: Vec<RequiredFactor> = choice.factors.iter().copied().map(RequiredFactor::from).collect();
    if config.mfa.oob_in_requirements && choice.factors.iter().any(|factor| factor.accepts("oob")) {
        listed.push(RequiredFactor { kind: "oob".to_owned() });
    }
    Some(if challenge {
        MfaRequirements { challenge: Some(listed), enroll: None }
    } else {
        MfaRequirements { challenge: None, enroll: Some(listed) }
    })
}
