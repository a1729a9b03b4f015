//! The host functions of one execution: what `js/*.js` calls. Each is synchronous, and takes and gives numbers and strings.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
};

use rquickjs::{Ctx, Exception, Function, Object, Result as JsResult};
use serde_json::{Map, Value, json};
use stepup_protocol::time::UnixTime;

use super::{
    Host,
    cache::{Cache, NewRecord},
    chance::Chance,
    execution,
    outcome::{CacheWrite, ConsoleLevel, ConsoleLine, Outcome},
    platform,
    recorder::{Noted, Recorder},
    session_token,
};

/// Bytes of text that an execution may print.
const CONSOLE: usize = 64 << 10;
/// The largest whole number that JavaScript has exactly.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
/// Bytes that one call of `crypto` may draw.
const RANDOM: usize = 64 << 10;

/// What an execution prints, readable from outside while it runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Console(Arc<Mutex<Printed>>);

#[derive(Debug, Default)]
struct Printed {
    lines: Vec<ConsoleLine>,
    bytes: usize,
}

impl Console {
    pub(super) fn print(&self, level: ConsoleLevel, text: String) {
        let mut printed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if printed.bytes > CONSOLE {
            return;
        }
        printed.bytes += text.len() + 1;
        let line = if printed.bytes > CONSOLE {
            ConsoleLine { level: ConsoleLevel::Warn, text: "(what follows is left out)".to_owned() }
        } else {
            ConsoleLine { level, text }
        };
        printed.lines.push(line);
    }

    pub(super) fn take(&self) -> Vec<ConsoleLine> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).lines)
    }
}

/// What the host functions of one execution share. Before it begins nothing is printed, drawn or dated.
pub(super) struct Notes {
    console: RefCell<Console>,
    recorder: RefCell<Recorder>,
    chance: RefCell<Chance>,
    written: RefCell<Vec<CacheWrite>>,
    cache: Arc<Cache>,
    now: Cell<UnixTime>,
}

impl Notes {
    pub(super) fn new(cache: Arc<Cache>) -> Rc<Self> {
        Rc::new(Self {
            console: RefCell::default(),
            recorder: RefCell::default(),
            chance: RefCell::new(Chance::new([0; 32])),
            written: RefCell::default(),
            cache,
            now: Cell::new(UnixTime::from_seconds(0)),
        })
    }

    /// An execution begins with what it takes from its surroundings.
    pub(super) fn begin(&self, host: Host, console: Console) {
        self.console.replace(console);
        self.chance.replace(Chance::new(host.seed));
        self.now.set(host.now);
    }

    /// What was noted; the console's lines are taken apart.
    pub(super) fn take_outcome(&self) -> Outcome {
        Outcome { cache: self.written.take(), ..self.recorder.take().into_outcome() }
    }

    fn print(&self, level: ConsoleLevel, text: String) {
        self.console.borrow().print(level, text);
    }

    fn note(&self, method: &str, call: &str) -> Result<(), String> {
        if let Noted::Remarked(reason) = self.recorder.borrow_mut().note(method, call)? {
            self.print(ConsoleLevel::Warn, format!("{method}: {reason}"));
        }
        Ok(())
    }

    fn cache_set(&self, key: &str, record: &str) -> Result<String, String> {
        let record: NewRecord = serde_json::from_str(record).map_err(|_| {
            "api.cache.set: the value must be a string, `ttl` and `expires_at` numbers".to_owned()
        })?;
        Ok(match self.cache.set(key, record, self.now.get().milliseconds()) {
            Ok(record) => {
                let answer = json!({ "type": "success", "record": record });
                let write = CacheWrite::Set {
                    key: key.to_owned(),
                    value: record.value,
                    expires_at: record.expires_at,
                };
                self.written.borrow_mut().push(write);
                answer
            }
            Err(code) => json!({ "type": "error", "code": code }),
        }
        .to_string())
    }

    fn cache_delete(&self, key: &str) -> String {
        if !self.cache.delete(key, self.now.get().milliseconds()) {
            return json!({ "type": "error", "code": "NotFound" }).to_string();
        }
        self.written.borrow_mut().push(CacheWrite::Delete(key.to_owned()));
        json!({ "type": "success" }).to_string()
    }

    fn cache_get(&self, key: &str) -> String {
        json!(self.cache.get(key, self.now.get().milliseconds())).to_string()
    }

    fn encode_token(&self, secret: &str, claims: &str, expires_in: f64) -> Result<String, String> {
        if secret.is_empty() || secret == "undefined" {
            return Err("api.redirect.encodeToken: `secret` is missing".to_owned());
        }
        if !(1.0..=MAX_SAFE_INTEGER).contains(&expires_in) {
            let problem =
                "api.redirect.encodeToken: `expiresInSeconds` must be a number of seconds, 1 or more";
            return Err(problem.to_owned());
        }
        let claims: Map<String, Value> =
            serde_json::from_str(claims).map_err(|error| format!("api.redirect.encodeToken: {error}"))?;
        session_token::encode(secret, claims, expires_in as i64, self.now.get())
            .map_err(|problem| format!("api.redirect.encodeToken: {problem}"))
    }

    fn validate_token(&self, secret: &str, token: &str, state: &str) -> Result<String, String> {
        session_token::validate(secret, token, state, self.now.get())
            .map(|claims| Value::Object(claims).to_string())
            .map_err(|problem| format!("api.redirect.validateToken: {problem}"))
    }

    fn random_bytes(&self, count: f64) -> Result<String, String> {
        if !(0.0..=RANDOM as f64).contains(&count) {
            return Err(format!("at most {RANDOM} random bytes can be drawn at once"));
        }
        let mut bytes = vec![0; count as usize];
        self.chance.borrow_mut().fill(&mut bytes);
        Ok(platform::binary(&bytes))
    }
}

/// The object that the libraries get as `host`.
pub(super) fn object<'js>(ctx: &Ctx<'js>, notes: &Rc<Notes>) -> JsResult<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    host.set("library", Function::new(ctx.clone(), |ctx: Ctx<'js>, name: String| library(&ctx, &name))?)?;

    let shared = Rc::clone(notes);
    let note =
        move |ctx: Ctx<'js>, method: String, call: String| type_error(&ctx, shared.note(&method, &call));
    host.set("note", Function::new(ctx.clone(), note)?)?;

    let shared = Rc::clone(notes);
    let print = move |level: String, text: String| shared.print(level_of(&level), text);
    host.set("print", Function::new(ctx.clone(), print)?)?;

    let shared = Rc::clone(notes);
    host.set("random", Function::new(ctx.clone(), move || shared.chance.borrow_mut().number())?)?;

    let shared = Rc::clone(notes);
    let random_bytes = move |ctx: Ctx<'js>, count: f64| type_error(&ctx, shared.random_bytes(count));
    host.set("randomBytes", Function::new(ctx.clone(), random_bytes)?)?;

    let shared = Rc::clone(notes);
    host.set("cacheGet", Function::new(ctx.clone(), move |key: String| shared.cache_get(&key))?)?;

    let shared = Rc::clone(notes);
    let set =
        move |ctx: Ctx<'js>, key: String, record: String| type_error(&ctx, shared.cache_set(&key, &record));
    host.set("cacheSet", Function::new(ctx.clone(), set)?)?;

    let shared = Rc::clone(notes);
    host.set("cacheDelete", Function::new(ctx.clone(), move |key: String| shared.cache_delete(&key))?)?;

    let shared = Rc::clone(notes);
    let encode = move |ctx: Ctx<'js>, secret: String, claims: String, expires_in: f64| {
        type_error(&ctx, shared.encode_token(&secret, &claims, expires_in))
    };
    host.set("encodeToken", Function::new(ctx.clone(), encode)?)?;

    let shared = Rc::clone(notes);
    let validate = move |ctx: Ctx<'js>, secret: String, token: String, state: String| {
        let claims = shared.validate_token(&secret, &token, &state);
        claims.map_err(|problem| Exception::throw_message(&ctx, &problem))
    };
    host.set("validateToken", Function::new(ctx.clone(), validate)?)?;

    platform::add(ctx, &host)?;
    Ok(host)
}

/// A script of the environment that not every Action uses.
fn library<'js>(ctx: &Ctx<'js>, name: &str) -> JsResult<Function<'js>> {
    let (file, script) = match name {
        "absent" => ("stepup:absent", include_str!("js/absent.js")),
        "console" => ("stepup:console", include_str!("js/console.js")),
        "node" => ("stepup:node", include_str!("js/node.js")),
        "others" => ("stepup:others", include_str!("js/others.js")),
        "session" => ("stepup:session", include_str!("js/session.js")),
        "timers" => ("stepup:timers", include_str!("js/timers.js")),
        "url" => ("stepup:url", include_str!("js/url.js")),
        _ => return Err(Exception::throw_reference(ctx, &format!("no library `{name}`"))),
    };
    execution::evaluate(ctx, file, script)
}

/// Throws the problem at the place of the call.
pub(super) fn type_error<T>(ctx: &Ctx<'_>, result: Result<T, String>) -> JsResult<T> {
    result.map_err(|problem| Exception::throw_type(ctx, &problem))
}

fn level_of(word: &str) -> ConsoleLevel {
    match word {
        "debug" => ConsoleLevel::Debug,
        "error" => ConsoleLevel::Error,
        "info" => ConsoleLevel::Info,
        "warn" => ConsoleLevel::Warn,
        _ => ConsoleLevel::Log,
    }
}
