//! `jobs`: users brought in bit by bit, after the request that asked for it was answered.

mod form;
mod run;

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use http::StatusCode;
use serde_json::{Value, json};

use self::form::{Form, UsersImport};
pub(crate) use self::run::work;
use super::{Answer, Answered, bearer::Bearer, error::Failure, request::Ids};
use crate::{
    log::rfc3339,
    model::{Job, JobState},
    state::{Shared, State as Tenant},
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/jobs/users-imports", post(import_users))
        .route("/jobs/{id}", get(one))
        .route("/jobs/{id}/errors", get(errors))
}

/// Imports that may be under way at once.
const AT_ONCE: u32 = 2;
const READ: &[&str] = &["create:users", "read:users"];

/// Takes a file of users in; they are there when the job is completed.
async fn import_users(State(shared): State<Shared>, bearer: Bearer, form: Form) -> Answered {
    bearer.any(&["create:users"])?;
    let UsersImport { users, connection_id, upsert, external_id, send_completion_email } =
        form.users_import().await?;
    let document = shared.configuration.document();
    let connection = document.connections().find(|it| it["id"] == connection_id.as_str());
    let connection = connection
        .and_then(|connection| connection["name"].as_str())
        .filter(|name| shared.config.connection(name).is_some())
        .ok_or_else(|| Failure::bad_request("The connection does not exist.", "inexistent_connection"))?
        .to_owned();
    let job = Job {
        id: format!("job_{}", stepup_seal::base62(&*shared.random, 16)),
        connection_id,
        connection,
        upsert,
        external_id,
        send_completion_email,
        created_at: shared.clock.now(),
        state: JobState::Pending,
    };
    if !shared.store.insert_job(&job, &users, AT_ONCE).await? {
        return Err(Failure::TooManyJobs(AT_ONCE));
    }
    let worker = Shared::clone(&shared);
    tokio::spawn(async move { work(&worker).await });
    Ok(Answer::Json(StatusCode::ACCEPTED, on_the_wire(&job)))
}

/// How far a job is.
async fn one(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(READ)?;
    Ok(Answer::ok(on_the_wire(&existing(&shared, &id).await?)))
}

/// What a job refused: its users one by one, or, where it failed as a whole, the job with why.
async fn errors(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(READ)?;
    let job = existing(&shared, &id).await?;
    if matches!(job.state, JobState::Failed { .. }) {
        return Ok(Answer::ok(on_the_wire(&job)));
    }
    let errors = shared.store.job_errors(&id).await?;
    if errors.is_empty() { Ok(Answer::gone()) } else { Ok(Answer::ok(Value::Array(errors))) }
}

async fn existing(tenant: &Tenant, id: &str) -> Result<Job, Failure> {
    let job = tenant.store.job(id).await?;
    job.ok_or_else(|| Failure::not_found("The job does not exist.", "inexistent_job"))
}

fn on_the_wire(job: &Job) -> Value {
    let mut shape = json!({
        "status": job.state.as_str(),
        "type": "users_import",
        "created_at": rfc3339(job.created_at),
        "id": job.id,
        "connection_id": job.connection_id,
        "connection": job.connection,
        "upsert": job.upsert,
        "send_completion_email": job.send_completion_email,
    });
    if let Some(external_id) = &job.external_id {
        shape["external_id"] = json!(external_id);
    }
    match &job.state {
        JobState::Completed(summary) => {
            shape["summary"] = json!(summary);
            shape["percentage_done"] = json!(100);
        }
        JobState::Failed { reason } => shape["status_details"] = json!(reason),
        JobState::Pending | JobState::Processing => {}
    }
    shape
}
