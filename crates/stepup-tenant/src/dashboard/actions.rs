//! `/dashboard/actions`: the Actions of the login, an editor for each, and a place to try it.

use askama::Template;
use axum::{
    extract::{Form, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

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
    /// When it is run at a login, as the how manieth of how many.
    bound: Option<(usize, usize)>,
    /// Whether what runs is what stands here.
    deployed: bool,
    done: Option<&'static str>,
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
        let action = document.find(config::Section::Actions, id)?.as_object()?;
        let member = |name: &str| action.get(name)?.as_str().map(str::to_owned);
        let name = member("name")?;
        let order = bindings(&document);
        let position = order.iter().position(|bound| *bound == name);
        Some(Self {
            frame: Frame::new(shared, Section::Actions, admin),
            id,
            code: member("code").unwrap_or_default(),
            secrets: secrets(action),
            event: EVENT.to_owned(),
            bound: position.map(|position| (position + 1, order.len())),
            deployed: management::actions::all_changes_deployed(action),
            name,
            done: None,
            problem: None,
            tried: None,
        })
    }
}

/// The names of an Action's secrets.
fn secrets(action: &Map<String, Value>) -> Vec<String> {
    let secrets = action.get("secrets").and_then(Value::as_array);
    secrets.into_iter().flatten().filter_map(|secret| text(secret, "name")).collect()
}

/// What the editor sends. Whatever its buttons do, what was typed is kept as the draft.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Edited {
    code: Option<String>,
    event: String,
    /// The name of a secret to set.
    secret: String,
    value: SecretString,
    /// The name of a secret to remove.
    forget: Option<String>,
    action: Verb,
}

/// What a button of the editor does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verb {
    Bind,
    Delete,
    Deploy,
    Down,
    #[default]
    Save,
    Try,
    Unbind,
    Up,
}

impl Verb {
    /// What it does, for the log; and that it is done.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Bind => ("Run at the login", "It runs at the login now."),
            Self::Delete => ("Delete", "Deleted."),
            Self::Deploy => ("Deploy", "Deployed."),
            Self::Down => ("Run later", "It runs later now."),
            Self::Save => ("Save the draft", "The draft is saved."),
            Self::Try => ("Try", "Tried."),
            Self::Unbind => ("Run no more at the login", "It runs at the login no more."),
            Self::Up => ("Run earlier", "It runs earlier now."),
        }
    }

    /// The order in which the Actions run, once it is done to the one with this name.
    fn arrange(self, order: &mut Vec<String>, name: &str) {
        let position = order.iter().position(|bound| bound == name);
        match (self, position) {
            (Self::Bind, None) => order.push(name.to_owned()),
            (Self::Unbind | Self::Delete, Some(position)) => drop(order.remove(position)),
            (Self::Up, Some(position)) if position > 0 => order.swap(position, position - 1),
            (Self::Down, Some(position)) if position + 1 < order.len() => order.swap(position, position + 1),
            _ => {}
        }
    }
}

/// Keeps what was typed, and tries, deploys, moves or deletes the Action.
pub(super) async fn submit(
    State(shared): State<Shared>,
    admin: Admin,
    caller: Caller,
    Path(id): Path<String>,
    Form(edited): Form<Edited>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&shared, Section::Actions, &admin);
    let Some(mut view) = Editor::of(&shared, &admin, &id) else { return Ok(missing(&frame, "This Action")) };
    if let Some(code) = edited.code() {
        view.code = code;
    }
    if !edited.event.is_empty() {
        view.event = edited.event.replace("\r\n", "\n");
    }
    if edited.action == Verb::Try {
        view.tried = Some(run(&shared, &view, &id).await);
        return Ok(page(StatusCode::OK, &view));
    }
    let kept = match edited.problem() {
        Some(problem) => Err(problem.to_owned()),
        None => change(&shared, |document| edited.apply(&shared, document, &id)).await?,
    };
    if let Err(problem) = kept {
        view.problem = Some(problem);
        return Ok(page(StatusCode::BAD_REQUEST, &view));
    }
    if edited.action == Verb::Delete {
        shared.store.delete_versions(&id).await?;
        let (what, _) = Verb::Delete.words();
        changed(&shared, &admin, &caller, &format!("{what}: the Action {}", view.name)).await;
        return Ok(Redirect::to(Section::Actions.path()).into_response());
    }

    let deployed = match edited.action {
        Verb::Deploy => deploy(&shared, &view, &id).await,
        _ => Ok(()),
    };
    let (what, done) = if deployed.is_ok() { edited.action.words() } else { Verb::Save.words() };
    changed(&shared, &admin, &caller, &format!("{what}: the Action {}", view.name)).await;
    let event = view.event;
    let Some(now) = Editor::of(&shared, &admin, &id) else { return Ok(missing(&frame, "This Action")) };
    let status = if deployed.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Ok(page(status, &Editor { event, done: Some(done), problem: deployed.err(), ..now }))
}

impl Edited {
    fn code(&self) -> Option<String> {
        Some(self.code.as_ref()?.replace("\r\n", "\n"))
    }

    /// What is wrong with the code, or with the secret to set.
    fn problem(&self) -> Option<&'static str> {
        if self.code().is_some_and(|code| code.chars().count() > management::actions::LONGEST_CODE) {
            return Some("The code of an Action has 100,000 characters at most.");
        }
        let (name, value) = (self.secret.trim(), self.value.expose_secret());
        if name.is_empty() != value.is_empty() {
            return Some("A secret has a name and a value.");
        }
        (name.chars().count() > 128 || value.chars().count() > 4096)
            .then_some("A secret's name has 128 characters at most, its value 4,096.")
    }

    fn apply(&self, shared: &Shared, document: &mut Document, id: &str) {
        let Some(Value::Object(action)) = document.find_mut(config::Section::Actions, id) else { return };
        let changes = self.changes(action);
        // One that nobody changed stays as its file has it.
        if !changes.is_empty() {
            management::actions::draft(shared, action, &changes);
        }
        let name = action.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let before = bindings(document);
        let mut order = before.clone();
        self.action.arrange(&mut order, &name);
        if order != before {
            let bindings =
                order.iter().map(|name| json!({ "action_name": name, "display_name": name })).collect();
            document.object_mut(config::Section::Triggers).insert(TRIGGER.to_owned(), bindings);
        }
        if self.action == Verb::Delete {
            document.remove(config::Section::Actions, id);
        }
    }

    /// The members of the draft that were typed anew.
    fn changes(&self, action: &Map<String, Value>) -> Map<String, Value> {
        let mut changes = Map::new();
        if let Some(code) = self.code().map(Value::from)
            && action.get("code") != Some(&code)
        {
            changes.insert("code".to_owned(), code);
        }
        let set = Some(self.secret.trim()).filter(|name| !name.is_empty());
        if set.is_some() || self.forget.is_some() {
            let is_kept = |name: &String| set != Some(name) && self.forget.as_ref() != Some(name);
            let kept = secrets(action).into_iter().filter(is_kept).map(|name| json!({ "name": name }));
            let set = set.map(|name| json!({ "name": name, "value": self.value.expose_secret() }));
            changes.insert("secrets".to_owned(), kept.chain(set).collect());
        }
        changes
    }
}

/// Lets the draft run; or says where it cannot.
async fn deploy(shared: &Shared, view: &Editor<'_>, id: &str) -> Result<(), String> {
    check(&action(shared, view, id)).map_err(|cause| told(&cause))?;
    management::actions::deploy(shared, id).await.map_err(|failure| failure.to_string())?;
    Ok(())
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
