//! What requests meet first, and what of it changes with the configuration.

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use bytes::Bytes;

use super::cors::Cors;
use crate::{
    config::{Configuration, Snapshot},
    oauth::discovery,
    routes,
    state::{Shared, State},
};

/// Router, CORS and discovery of the configuration of now.
pub(crate) struct Front {
    configuration: Arc<Configuration>,
    /// What does not change.
    state: State,
    shown: RwLock<(Arc<Snapshot>, Arc<Side>)>,
}

/// Router, CORS and discovery of one state of the configuration.
pub(crate) struct Side {
    /// What people know the tenant by.
    pub(crate) tenant: String,
    pub(crate) router: Router,
    pub(crate) cors: Cors,
    /// The discovery document.
    pub(crate) discovery: Option<Bytes>,
}

impl Front {
    pub(crate) fn new(state: &Shared) -> Self {
        let configuration = Arc::clone(&state.configuration);
        let snapshot = configuration.snapshot();
        let base = State::clone(state);
        let side = Side::new(base.clone_with(&snapshot));
        Self { configuration, state: base, shown: RwLock::new((snapshot, side)) }
    }

    /// What a request that comes in now meets, to its end.
    pub(crate) fn side(&self) -> Arc<Side> {
        let snapshot = self.configuration.snapshot();
        {
            let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
            if Arc::ptr_eq(&shown.0, &snapshot) {
                return Arc::clone(&shown.1);
            }
        }
        let side = Side::new(self.state.clone_with(&snapshot));
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = (snapshot, Arc::clone(&side));
        side
    }
}

impl Side {
    fn new(state: State) -> Arc<Self> {
        let shared: Shared = Arc::new(state);
        Arc::new(Self {
            tenant: shared.config.friendly_name.clone(),
            cors: Cors::new(&shared.config.clients),
            discovery: discovery::bytes(&shared.config, &shared.issuer),
            router: routes::router(shared),
        })
    }
}

impl State {
    fn clone_with(&self, snapshot: &Snapshot) -> Self {
        let config = Arc::clone(&snapshot.config);
        let delivery = self.delivery.clone().beyond(&config.delivery, &self.outbound, &self.issuer);
        Self { config, delivery, ..self.clone() }
    }
}
