//! What a tenant does from its start to its end.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::spawn_blocking};

use crate::{data_dir::DataDir, keys::Keys, management::jobs, server::Server, state::Shared};

/// Serves until told to stop, with what else is to be done meanwhile; then writes what is still to be written.
pub(super) async fn supervise(server: Server, state: Shared, data: DataDir, stop: watch::Receiver<bool>) {
    tokio::select! {
        () = server.run(stop) => {}
        () = async {
            tokio::join!(
                publish_next_key(&state, data),
                sweep(&state),
                tidy(&state),
                follow_configuration(&state),
                take_jobs(&state),
            );
        } => {}
    }
    state.outbound.drain().await;
    state.store.close().await;
}

/// The key after the current one is published early, so that clients know it when it comes into use. It takes a core
/// for a tenth of a second to make, which the first requests, and tenants that live for one test, need not pay.
async fn publish_next_key(state: &Shared, data: DataDir) {
    if !Keys::next_is_kept(&data) {
        tokio::time::sleep(NEXT_KEY).await;
    }
    let state = Arc::clone(state);
    let published =
        spawn_blocking(move || state.keys.publish_next(state.issuer.domain(), &data, &*state.random));
    match published.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the next signing key could not be published"),
        // The runtime is stopping.
        Err(_) => {}
    }
}

async fn sweep(state: &Shared) {
    loop {
        if let Err(error) = state.store.sweep(state.clock.now()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store could not be swept");
        }
        tokio::time::sleep(SWEEP).await;
    }
}

async fn tidy(state: &Shared) {
    loop {
        tokio::time::sleep(TIDY).await;
        if let Err(error) = state.store.tidy().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store could not be tidied");
        }
    }
}

/// The configuration may change behind the tenant's back: in its files, or by another process on the same database.
async fn follow_configuration(state: &Shared) {
    loop {
        tokio::time::sleep(LOOK).await;
        state.configuration.look().await;
    }
}

/// A job is done when it is asked for; what a process that was killed left of one is found here.
async fn take_jobs(state: &Shared) {
    loop {
        jobs::work(state).await;
        tokio::time::sleep(LOOK).await;
    }
}

const LOOK: Duration = Duration::from_secs(1);
const NEXT_KEY: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_secs(600);
const TIDY: Duration = Duration::from_secs(1);
