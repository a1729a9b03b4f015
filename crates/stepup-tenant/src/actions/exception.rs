//! From a JavaScript exception to a [`Cause`].

use rquickjs::{Coerced, Ctx, Error, Object, Type, Value};

use super::error::{Cause, Location, Thrown};

/// The code that an exception's places are told in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) code: &'a str,
    /// Characters that the wrapper adds before the first line.
    pub(super) indent: u32,
}

/// What the engine reported; `limit` in bytes of heap.
pub(super) fn cause(ctx: &Ctx<'_>, error: &Error, source: Source<'_>, limit: usize) -> Cause {
    match error {
        Error::Exception => thrown(&ctx.catch(), source, limit),
        Error::Allocation => Cause::OutOfMemory { limit },
        other => Cause::Engine(other.to_string()),
    }
}

/// What was thrown, or what a promise was rejected with.
fn thrown(value: &Value<'_>, source: Source<'_>, limit: usize) -> Cause {
    if value.type_of() == Type::Uninitialized {
        return Cause::OutOfMemory { limit };
    }
    let Some(error) = value.as_object().filter(|object| object.is_error()) else {
        let message = text(value).unwrap_or_else(|| "something that has no text".to_owned());
        return Cause::Threw(Box::new(Thrown {
            message,
            location: None,
            stack: String::new(),
            is_null: value.is_null(),
        }));
    };
    let name = property(error, "name").unwrap_or_default();
    let message = property(error, "message").unwrap_or_default();
    // an error whose message found no memory has none
    if name == "InternalError" && matches!(message.as_str(), "" | "out of memory") {
        return Cause::OutOfMemory { limit };
    }
    let frames = property(error, "stack").unwrap_or_default();
    let frames: Vec<&str> = frames.lines().map(str::trim).filter(|frame| !is_ours(frame)).collect();
    let is_overflow = name == "RangeError" && message == "Maximum call stack size exceeded";
    let message = if name == "Error" || name.is_empty() { message } else { format!("{name}: {message}") };
    let location = frames.iter().find_map(|frame| location(frame, source));
    let thrown = Box::new(Thrown { message, location, stack: frames.join("\n"), is_null: false });
    if is_overflow { Cause::StackOverflow(thrown) } else { Cause::Threw(thrown) }
}

fn property(object: &Object<'_>, name: &str) -> Option<String> {
    let value: Value<'_> = object.get(name).ok()?;
    text(&value)
}

fn text(value: &Value<'_>) -> Option<String> {
    value.get::<Coerced<String>>().ok().map(|text| text.0)
}

/// Frames of the libraries, and of functions that are not JavaScript.
fn is_ours(frame: &str) -> bool {
    frame.is_empty()
        || frame.contains("(stepup:")
        || frame.starts_with("at stepup:")
        || frame.ends_with("(native)")
}

/// The place in `at name (file:line:column)` or `at file:line:column`, if it is in the Action's own file.
fn location(frame: &str, source: Source<'_>) -> Option<Location> {
    let place = frame.strip_suffix(')').unwrap_or(frame);
    let (rest, column) = place.rsplit_once(':')?;
    let (rest, line) = rest.rsplit_once(':')?;
    let before = rest.strip_suffix(source.file)?;
    if !(before.ends_with('(') || before.ends_with("at ")) {
        return None;
    }
    let (line, column): (u32, u32) = (line.parse().ok()?, column.parse().ok()?);
    let lines = u32::try_from(source.code.lines().count().max(1)).unwrap_or(u32::MAX);
    // code that ends too early is noticed in the wrapper's own last line
    let (line, column) = if line > lines { (lines, 1) } else { (line, column) };
    let column = if line == 1 { column.saturating_sub(source.indent).max(1) } else { column };
    Some(Location { line, column })
}
