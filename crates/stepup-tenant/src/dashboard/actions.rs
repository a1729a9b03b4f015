//! `/dashboard/actions`: the Actions of the login, an editor for each, and a place to try it.

use askama::Template;
use axum::{
    extract::{Form, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    admit::Admin,
    changed,
    frame::{Frame, Section},
    missing, page,
};
use crate::{
    actions::{Action, Cause, Entry, Host, check},
    config::{self, ChangeError, Document},
    management,
    oauth::error::Failure,
    pipeline::Caller,
    state::Shared,
};

#[derive(Template)]
#[template(path = "dashboard/actions.html")]
struct List<'a> {
    frame: Frame<'a>,
    bound: Vec<Row>,
    others: Vec<Row>,
    problem: Option<String>,
}

struct Row {
    id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "dashboard/action.html")]
struct Editor<'a> {
    frame: Frame<'a>,
    id: &'a str,
    name: String,
    code: String,
    secrets: Vec<String>,
    event: String,
    /// Whether it is run when somebody logs in.
    bound: bool,
    saved: bool,
    problem: Option<String>,
    tried: Option<Tried>,
}

/// What came of trying an Action.
struct Tried {
    /// What it decided, as JSON; or why it failed.
    result: Result<String, String>,
    console: String,
    milliseconds: String,
}

/// What a new login looks like to an Action: a place to begin.
const EVENT: &str = include_str!("../../../../examples/actions/event.json");

/// What a new Action begins with.
const CODE: &str = include_str!("../../../../examples/actions/new.js");

const TRIGGER: &str = "post-login";

/// The list.
pub(super) async fn list(State(shared): State<Shared>, admin: Admin) -> Response {
    render_list(&shared, &admin, None)
}

fn render_list(shared: &Shared, admin: &Admin, problem: Option<String>) -> Response {
    let document = shared.configuration.document();
    let all: Vec<_> = document.list(config::Section::Actions).iter().filter_map(row).collect();
    let order = bindings(&document);
    let (mut bound, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|row| order.contains(&row.name));
    bound.sort_by_key(|row| order.iter().position(|name| *name == row.name));
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let view = List { frame: Frame::new(shared, Section::Actions, admin), bound, others, problem };
    page(status, &view)
}

fn row(action: &Value) -> Option<Row> {
    Some(Row { id: text(action, "id")?, name: text(action, "name")? })
}

fn text(action: &Value, member: &str) -> Option<String> {
    action.get(member)?.as_str().map(str::to_owned)
}

/// The names of the Actions that run at a login, in their order.
fn bindings(document: &Document) -> Vec<String> {
    let bound = document.get(config::Section::Triggers, TRIGGER).and_then(Value::as_array);
    bound.into_iter().flatten().filter_map(|binding| text(binding, "action_name")).collect()
}

/// A new Action.
#[derive(Debug, Deserialize)]
pub(super) struct New {
    name: String,
}

/// Makes it; it runs nowhere yet.
pub(super) async fn create(
    State(shared): State<Shared>,
    admin: Admin,
    caller: Caller,
    Form(New { name }): Form<New>,
) -> Result<Response, Failure> {
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 255 {
        return Ok(render_list(
            &shared,
            &admin,
            Some("An Action needs a name, 255 characters at most.".to_owned()),
        ));
    }
    let is_taken = shared
        .configuration
        .document()
        .list(config::Section::Actions)
        .iter()
        .any(|action| action["name"] == name);
    if is_taken {
        return Ok(render_list(&shared, &admin, Some(format!("There is an Action {name} already."))));
    }
    let made = change(&shared, |document| {
        document.list_mut(config::Section::Actions).push(json!({
            "name": name,
            "code": CODE,
            "supported_triggers": [{ "id": TRIGGER, "version": "v3" }],
            "secrets": [],
        }));
    })
    .await?;
    if let Err(problem) = made {
        return Ok(render_list(&shared, &admin, Some(problem)));
    }
    changed(&shared, &admin, &caller, &format!("Create the Action {name}")).await;
    let document = shared.configuration.document();
    let id = document.list(config::Section::Actions).iter().filter_map(row).find(|row| row.name == name);
    let to = id.map_or_else(|| Section::Actions.path().to_owned(), |row| editor_path(&row.id));
    Ok(Redirect::to(&to).into_response())
}

fn editor_path(id: &str) -> String {
    format!(
        "/dashboard/actions/{}",
        percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC)
    )
}

/// The editor.
pub(super) async fn show(State(shared): State<Shared>, admin: Admin, Path(id): Path<String>) -> Response {
    match Editor::of(&shared, &admin, &id) {
        Some(view) => page(StatusCode::OK, &view),
        None => missing(&Frame::new(&shared, Section::Actions, &admin), "This Action"),
    }
}

impl<'a> Editor<'a> {
    fn of(shared: &'a Shared, admin: &'a Admin, id: &'a str) -> Option<Self> {
        let document = shared.configuration.document();
        let action = document.find(config::Section::Actions, id)?;
        let name = text(action, "name")?;
        let secrets = action.get("secrets").and_then(Value::as_array);
        Some(Self {
            frame: Frame::new(shared, Section::Actions, admin),
            id,
            code: text(action, "code").unwrap_or_default(),
            secrets: secrets.into_iter().flatten().filter_map(|secret| text(secret, "name")).collect(),
            event: EVENT.to_owned(),
            bound: bindings(&document).contains(&name),
            name,
            saved: false,
            problem: None,
            tried: None,
        })
    }
}

/// What the editor sends.
#[derive(Debug, Deserialize)]
pub(super) struct Edited {
    code: String,
    #[serde(default)]
    event: String,
    /// `try`, `save`, `bind`, `unbind`, `up` or `delete`.
    action: String,
}

/// Tries the code, or saves and deploys it, or moves the Action.
pub(super) async fn submit(
    State(shared): State<Shared>,
    admin: Admin,
    caller: Caller,
    Path(id): Path<String>,
    Form(edited): Form<Edited>,
) -> Result<Response, Failure> {
    let Some(mut view) = Editor::of(&shared, &admin, &id) else {
        return Ok(missing(&Frame::new(&shared, Section::Actions, &admin), "This Action"));
    };
    view.code = edited.code.replace("\r\n", "\n");
    if !edited.event.is_empty() {
        view.event = edited.event.replace("\r\n", "\n");
    }
    let what = match edited.action.as_str() {
        "try" => {
            view.tried = Some(run(&shared, &view, &id).await);
            return Ok(page(StatusCode::OK, &view));
        }
        "save" => {
            if let Err(cause) = check(&action(&shared, &view, &id)) {
                view.problem = Some(told(&cause));
                return Ok(page(StatusCode::BAD_REQUEST, &view));
            }
            "Deploy"
        }
        "bind" => "Run at the login",
        "unbind" => "Run no more at the login",
        "up" => "Run earlier",
        "delete" => "Delete",
        _ => {
            view.problem = Some("The editor cannot do that.".to_owned());
            return Ok(page(StatusCode::BAD_REQUEST, &view));
        }
    };
    let made = change(&shared, |document| apply(document, &id, &view, &edited.action)).await?;
    if let Err(problem) = made {
        view.problem = Some(problem);
        return Ok(page(StatusCode::BAD_REQUEST, &view));
    }
    changed(&shared, &admin, &caller, &format!("{what}: the Action {}", view.name)).await;
    if edited.action == "save" {
        if let Err(failure) = management::actions::deploy(&shared, &id).await {
            view.problem = Some(failure.to_string());
            return Ok(page(StatusCode::BAD_REQUEST, &view));
        }
        view.saved = true;
        return Ok(page(StatusCode::OK, &view));
    }
    Ok(Redirect::to(Section::Actions.path()).into_response())
}

fn apply(document: &mut Document, id: &str, view: &Editor<'_>, verb: &str) {
    let mut order = bindings(document);
    match verb {
        "save" => {
            if let Some(action) = document.find_mut(config::Section::Actions, id) {
                action["code"] = view.code.clone().into();
            }
            return;
        }
        "bind" if !order.contains(&view.name) => order.push(view.name.clone()),
        "unbind" | "delete" => order.retain(|name| *name != view.name),
        "up" => {
            if let Some(position) = order.iter().position(|name| *name == view.name).filter(|&at| at > 0) {
                order.swap(position, position - 1);
            }
        }
        _ => {}
    }
    let bindings: Vec<_> =
        order.iter().map(|name| json!({ "action_name": name, "display_name": name })).collect();
    document.object_mut(config::Section::Triggers).insert(TRIGGER.to_owned(), bindings.into());
    if verb == "delete" {
        document.remove(config::Section::Actions, id);
    }
}

/// Makes a change; the inner error is what to tell whoever asked for it.
async fn change(
    shared: &Shared,
    mut change: impl FnMut(&mut Document) + Send,
) -> Result<Result<(), String>, Failure> {
    let made = shared
        .configuration
        .change(|document| {
            change(document);
            Ok::<_, ChangeError>(())
        })
        .await;
    match made {
        Ok(()) => Ok(Ok(())),
        Err(ChangeError::Store(error)) => Err(error.into()),
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// The Action as it stands in the editor, with the secrets that are kept.
fn action(shared: &Shared, view: &Editor<'_>, id: &str) -> Action {
    let document = shared.configuration.document();
    let kept = document.find(config::Section::Actions, id).and_then(|action| action.get("secrets"));
    let secrets = kept.and_then(Value::as_array).into_iter().flatten();
    let secrets = secrets.filter_map(|secret| Some((text(secret, "name")?, text(secret, "value")?.into())));
    Action::new(view.name.as_str(), view.code.as_str()).with_secrets(secrets)
}

/// Runs the code in the editor on the event in the editor. Nothing that it decides is carried out.
async fn run(shared: &Shared, view: &Editor<'_>, id: &str) -> Tried {
    let event = match serde_json::from_str::<Value>(&view.event) {
        Ok(event) if event.is_object() => event,
        Ok(_) => return Tried::refused("The event must be a JSON object."),
        Err(error) => return Tried::refused(&format!("The event is not JSON: {error}.")),
    };
    let mut seed = [0; 32];
    shared.random.fill(&mut seed);
    let host = Host { now: shared.clock.now(), seed };
    match shared.actions.run(&action(shared, view, id), Entry::PostLogin, event, host).await {
        Ok(outcome) => Tried {
            console: outcome.console.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n"),
            milliseconds: format!("{:.1}", outcome.duration.as_secs_f64() * 1000.0),
            result: serde_json::to_string_pretty(&outcome.decided()).map_err(|error| error.to_string()),
        },
        Err(error) => Tried {
            console: error.console.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n"),
            milliseconds: String::new(),
            result: Err(told(&error.cause)),
        },
    }
}

impl Tried {
    fn refused(why: &str) -> Self {
        Self { result: Err(why.to_owned()), console: String::new(), milliseconds: String::new() }
    }
}

/// Where it failed and why.
fn told(cause: &Cause) -> String {
    match (cause, cause.location()) {
        (Cause::Threw(thrown) | Cause::Syntax(thrown), Some(at)) => format!("Line {at}: {}", thrown.message),
        (cause, Some(at)) => format!("Line {at}: {cause}"),
        (cause, None) => cause.to_string(),
    }
}
