//! One event of the tenant log, filled in by whoever knows what.

use stepup_protocol::scope::Scopes;

use crate::{
    config::Client,
    model::{LogEvent, User},
    pipeline::Caller,
    state::Shared,
};

/// An event that is about to be logged; [`Audit::write`] gives it its type code.
pub(crate) struct Audit<'a> {
    shared: &'a Shared,
    event: LogEvent,
}

impl<'a> Audit<'a> {
    /// An event caused by `caller`, in the transaction of their request, which begins here at the latest.
    pub(crate) fn new(shared: &'a Shared, caller: &Caller) -> Self {
        let mut audit = Self::alone(shared, caller);
        audit.event.transaction_id = Some(caller.correlation.id(shared.random.as_ref()).to_owned());
        audit
    }

    /// An event caused by `caller` in a request that nothing comes before or after: there is no login to follow.
    pub(crate) fn alone(shared: &'a Shared, caller: &Caller) -> Self {
        let mut event = LogEvent::new("", shared.clock.now());
        event.ip = Some(caller.ip.clone());
        event.user_agent = Some(caller.user_agent.clone());
        Self { shared, event }
    }

    /// For this client.
    pub(crate) fn client(mut self, client: &Client) -> Self {
        self.event.client_id = Some(client.client_id.clone());
        self.event.client_name = Some(client.name.clone());
        self
    }

    /// About this user.
    pub(crate) fn user(mut self, user: &User) -> Self {
        self.event.user_id = Some(user.user_id.clone());
        self.event.user_name = Some(user.email.clone().unwrap_or_else(|| user.name.clone()));
        self.event.connection = Some(user.connection.clone());
        self
    }

    /// About whoever was named so.
    pub(crate) fn named(mut self, user_name: &str) -> Self {
        self.event.user_name = Some(user_name.chars().take(256).collect());
        self
    }

    /// In this connection.
    pub(crate) fn connection(mut self, name: &str) -> Self {
        self.event.connection = Some(name.to_owned());
        self
    }

    /// For this API.
    pub(crate) fn audience(mut self, audience: Option<&str>) -> Self {
        self.event.audience = audience.map(str::to_owned);
        self
    }

    /// With this scope.
    pub(crate) fn scope(mut self, scope: &Scopes) -> Self {
        self.event.scope = scope.to_parameter();
        self
    }

    /// In these words.
    pub(crate) fn describe(mut self, description: impl Into<String>) -> Self {
        self.event.description = Some(description.into());
        self
    }

    /// With what a program may want to read of it.
    pub(crate) fn details(mut self, details: serde_json::Value) -> Self {
        self.event.details = Some(details);
        self
    }

    /// The event itself, for whoever logs it later and under a type code of their own.
    pub(crate) fn into_event(self) -> LogEvent {
        self.event
    }

    /// Logs it under its type code.
    pub(crate) async fn write(mut self, kind: &str) {
        kind.clone_into(&mut self.event.kind);
        self.shared.log.record(self.event).await;
    }
}
