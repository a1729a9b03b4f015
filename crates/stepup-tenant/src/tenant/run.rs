//! What a tenant does from its start to its end.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use stepup_protocol::time::UnixTime;
use tokio::{sync::watch, task::spawn_blocking};

use crate::{
    data_dir::DataDir,
    keys::Keys,
    management::jobs,
    oauth::logout::backchannel,
    seed::Seed,
    server::Server,
    state::{Shared, State},
};

/// Serves until told to stop, with what else is to be done meanwhile; then finishes what is under way, within [`GRACE`],
/// and writes what is still to be written. What the tenant owes is there at the next start if its database is `durable`.
pub(super) async fn supervise(
    server: Server,
    state: Shared,
    seed: Arc<Seed>,
    data: DataDir,
    stop: watch::Receiver<bool>,
    durable: bool,
) {
    let over = grace_after(stop.clone());
    let work = async {
        tokio::select! {
            () = server.run(stop) => {}
            () = async {
                tokio::join!(
                    publish_next_key(&state, data),
                    sweep(&state),
                    tidy(&state),
                    follow_files(&state, &seed),
                    take_jobs(&state),
                );
            } => {}
        }
        state.outbound.drain().await;
    };
    tokio::select! {
        () = work => {}
        () = over => tracing::warn!("what was still under way after {} s was cut off", GRACE.as_secs()),
    }
    if !durable && matches!(state.store.next_call().await, Ok(Some(_))) {
        tracing::warn!("calls that nobody has taken yet are lost: the database is in memory");
    }
    state.store.close().await;
}

/// Returns when the time is up that a tenant has to finish once it was told to stop.
async fn grace_after(mut stop: watch::Receiver<bool>) {
    // An error says that nobody is left to tell it.
    let _ = stop.wait_for(|stop| *stop).await;
    tokio::time::sleep(GRACE).await;
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

/// Ends the sessions that ran out, and sweeps the store now and then.
async fn sweep(state: &Shared) {
    let mut due = tokio::time::interval(SWEEP);
    loop {
        let now = state.clock.now();
        // Those that are swept are told of first.
        if end_sessions(state, now).await
            && due.tick().now_or_never().is_some()
            && let Err(error) = state.store.sweep(now).await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store could not be swept");
        }
        // Sessions end as the tenant's clock has it; where that went back, the machine's says when to look again.
        let _ = tokio::time::timeout(SESSIONS, state.clock.reaches(now + SESSIONS)).await;
    }
}

/// Ends the sessions that ran out by `now`; false where that failed.
async fn end_sessions(state: &Shared, now: UnixTime) -> bool {
    let current = State { config: state.configuration.config(), ..State::clone(state) };
    let ended = backchannel::end_expired(&current, now).await;
    if let Err(error) = &ended {
        tracing::warn!(error = error as &dyn std::error::Error, "sessions that ran out could not be ended");
    }
    ended.is_ok()
}

async fn tidy(state: &Shared) {
    loop {
        tokio::time::sleep(TIDY).await;
        if let Err(error) = state.store.tidy().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store could not be tidied");
        }
    }
}

/// The configuration may change behind the tenant's back: in its files, or by another process on the same database. So may
/// the file of users.
async fn follow_files(state: &Shared, seed: &Seed) {
    loop {
        tokio::time::sleep(LOOK).await;
        state.configuration.look().await;
        seed.look(state).await;
    }
}

/// A job is done when it is asked for; what a process that was killed left of one is found here.
async fn take_jobs(state: &Shared) {
    loop {
        jobs::work(state).await;
        tokio::time::sleep(LOOK).await;
    }
}

/// How long requests and calls that are under way may take to finish at the end.
const GRACE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_secs(1);
const NEXT_KEY: Duration = Duration::from_secs(1);
const SESSIONS: Duration = Duration::from_secs(60);
const SWEEP: Duration = Duration::from_secs(600);
const TIDY: Duration = Duration::from_secs(1);
