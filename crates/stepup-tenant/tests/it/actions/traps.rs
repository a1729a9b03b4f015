//! Code that does not end, takes all memory, or leaves something behind.

use std::time::Duration;

use serde_json::json;
use stepup_tenant::actions::{Action, Cause, Engine, Entry, Limits};

use tokio::time::timeout;

use super::{cause, host, run, run_module};

const SHORT: Duration = Duration::from_millis(50);

fn quick() -> Engine {
    let mut limits = Limits::default();
    limits.time = SHORT;
    Engine::new(limits)
}

async fn cause_in(engine: &Engine, body: &str) -> Cause {
    let action =
        Action::new("trap.js", format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }}"));
    engine.run(&action, Entry::PostLogin, json!({}), host()).await.unwrap_err().cause
}

#[tokio::test]
async fn endless_code_is_interrupted_however_it_is_written() {
    for body in [
        "for (;;) {}",
        "try { for (;;) {} } catch {} finally { for (;;) {} }",
        "for (;;) { try { for (;;) {} } catch {} }",
        "for (;;) await null",
        "(async () => { for (;;) await null })()",
        "const f = () => { setTimeout(f, 0) }; f(); for (;;) await null",
        "/^(a+)+$/.test('a'.repeat(40) + 'b')",
        "await { then() { for (;;) {} } }",
        "throw { get message() { for (;;) {} }, toString() { for (;;) {} } }",
        "JSON.stringify({ toJSON() { for (;;) {} } })",
        "Array.from({ length: 1e9 }, () => 0).sort(() => { for (;;) {} })",
    ] {
        let engine = quick();
        let cause = cause_in(&engine, body).await;
        assert!(
            matches!(cause, Cause::TimedOut { limit: SHORT } | Cause::OutOfMemory { .. }),
            "{body}: {cause:?}"
        );
        // on a busy machine the caller may have gone first; the thread ends all the same
        timeout(Duration::from_secs(10), engine.idle()).await.unwrap();
        assert_eq!(engine.running(), 0);
    }
}

#[tokio::test]
async fn endless_code_at_the_top_of_the_module_is_interrupted() {
    let action = Action::new("trap.js", "for (;;) {}");
    let error = quick().run(&action, Entry::PostLogin, json!({}), host()).await.unwrap_err();
    assert_eq!(error.cause, Cause::TimedOut { limit: SHORT });
    assert_eq!(error.to_string(), "the Action `trap.js` failed");
    assert_eq!(error.cause.to_string(), "it did not end within 50 ms");
}

/// Here memory runs out within the engine, between two jobs: the second one is lost, and with it all that waits for it.
#[tokio::test]
async fn an_endless_chain_of_promises_ends() {
    let cause = cause("const again = () => Promise.resolve().then(again); await again()").await;
    assert!(matches!(cause, Cause::OutOfMemory { .. }), "{cause:?}");
}

#[tokio::test]
async fn a_timer_beyond_the_limit_times_out_at_once() {
    let cause = cause("await new Promise((resolve) => setTimeout(resolve, 60000))");
    let cause = timeout(Duration::from_secs(1), cause).await.unwrap();
    assert_eq!(cause, Cause::TimedOut { limit: Duration::from_secs(20) });
}

#[tokio::test]
async fn a_promise_that_nothing_settles_is_noticed_at_once() {
    let cause = timeout(Duration::from_secs(1), cause("await new Promise(() => {})")).await.unwrap();
    assert_eq!(cause, Cause::NeverSettles);
}

#[tokio::test]
async fn memory_is_limited() {
    const LIMIT: Cause = Cause::OutOfMemory { limit: 8 << 20 };
    assert_eq!(cause("const all = []; for (;;) all.push([1, 2, 3])").await, LIMIT);
    assert_eq!(cause("new Array(1e6).fill(0).map((_, i) => ({ i })).sort()").await, LIMIT);
    assert_eq!(cause("new Uint8Array(16 << 20)").await, LIMIT);
    assert_eq!(LIMIT.to_string(), "it ran out of memory: the limit is 8192 KiB");
}

/// The engine throws `null` where it has not even the memory for an error: that is told from code that throws it.
#[tokio::test]
async fn memory_that_runs_out_in_small_steps_is_told_from_a_thrown_null() {
    for body in [
        "const all = []; for (;;) all.push({})",
        "const all = []; for (;;) all.push('text ' + all.length)",
        "let chain = null; for (;;) chain = { chain }",
        "const all = []; for (;;) all.push(() => all)",
        "const all = new Map(); for (;;) all.set({}, [])",
        "const down = (all) => { for (;;) all.push([]) }; const all = []; try { down(all) } finally { all.push(1) }",
    ] {
        assert_eq!(cause(body).await, Cause::OutOfMemory { limit: 8 << 20 }, "{body}");
    }
}

#[tokio::test]
async fn a_string_cannot_double_for_ever() {
    let cause = cause("let text = 'x'; for (;;) text += text").await;
    assert!(
        matches!(&cause, Cause::Threw(thrown) if thrown.message.contains("string too long")),
        "{cause:?}"
    );
}

#[tokio::test]
async fn recursion_is_limited() {
    let cause = cause("const down = () => down() + 1;\ndown()").await;
    let Cause::StackOverflow(thrown) = &cause else { panic!("{cause:?}") };
    assert_eq!(thrown.location.unwrap().line, 1);
    for body in [
        "let deep = []; for (let i = 0; i < 100000; i++) deep = [deep]; JSON.stringify(deep)",
        "JSON.parse('['.repeat(200000))",
        "new RegExp('('.repeat(100000) + ')'.repeat(100000))",
        "eval('('.repeat(100000))",
        "let deep = []; for (let i = 0; i < 100000; i++) deep = [deep]; String(deep)",
    ] {
        assert!(run(body, json!({})).await.is_err(), "{body}");
    }
}

#[tokio::test]
async fn native_work_that_nothing_interrupts_is_given_up() {
    // the interrupt counts steps of the script, and one such step here takes long
    let body = "const text = 'a'.repeat(1e6); for (let i = 0; i < 100; i++) text.indexOf('ab')";
    let engine = quick();
    let cause = timeout(Duration::from_secs(1), cause_in(&engine, body)).await.unwrap();
    assert_eq!(cause, Cause::TimedOut { limit: SHORT });
    assert_eq!(engine.given_up(), 1);
    assert_eq!(engine.running(), 1, "its thread keeps its place");
    engine.idle().await;
    assert_eq!(engine.running(), 0, "and ends by itself");
}

#[tokio::test]
async fn actions_given_up_take_the_places_of_others_until_they_end() {
    let mut limits = Limits::default();
    limits.time = SHORT;
    limits.concurrent = 1;
    let engine = Engine::new(limits);
    let body = "const text = 'a'.repeat(1e6); for (let i = 0; i < 100; i++) text.indexOf('ab')";
    assert_eq!(cause_in(&engine, body).await, Cause::TimedOut { limit: SHORT });
    assert_eq!(cause_in(&engine, "").await, Cause::Busy { running: 1 });
    engine.idle().await;
    let action = Action::new("fine.js", "exports.onExecutePostLogin = () => {}");
    assert!(engine.run(&action, Entry::PostLogin, json!({}), host()).await.is_ok());
}

#[tokio::test]
async fn a_user_whose_actions_do_not_end_keeps_nobody_else_waiting() {
    let mut limits = Limits::default();
    (limits.time, limits.concurrent) = (Duration::from_secs(1), 4);
    let engine = Engine::new(limits);
    let action = Action::new(
        "t.js",
        "exports.onExecutePostLogin = (event) => { while (event.user.name === 'Eve') {} }",
    );
    let log_in = async |name: &str| {
        let event = json!({ "user": { "user_id": format!("auth0|{name}"), "name": name } });
        engine.run(&action, Entry::PostLogin, event, host()).await
    };
    let looping = async { tokio::join!(log_in("Eve"), log_in("Eve"), log_in("Eve"), log_in("Eve")) };
    tokio::pin!(looping);
    tokio::select! {
        biased;
        _ = &mut looping => panic!("Ada waited for Eve"),
        outcome = log_in("Ada") => assert!(outcome.is_ok(), "{outcome:?}"),
    }
    let (first, ..) = looping.await;
    assert_eq!(first.unwrap_err().cause, Cause::TimedOut { limit: limits.time });
    timeout(Duration::from_secs(10), engine.idle()).await.unwrap();
}

#[tokio::test]
async fn a_user_s_actions_wait_for_each_other_no_longer_than_they_may_run() {
    let mut limits = Limits::default();
    (limits.time, limits.concurrent) = (SHORT, 4);
    let engine = Engine::new(limits);
    let native = "const text = 'a'.repeat(1e6); for (let i = 0; i < 100; i++) text.indexOf('ab')";
    let log_in = async |body: &str| {
        let action = Action::new("t.js", format!("exports.onExecutePostLogin = async () => {{ {body} }}"));
        let event = json!({ "user": { "user_id": "auth0|eve" } });
        engine.run(&action, Entry::PostLogin, event, host()).await.map_err(|error| error.cause)
    };
    assert_eq!(log_in(native).await.unwrap_err(), Cause::TimedOut { limit: SHORT });
    let refused = log_in("").await.unwrap_err();
    assert_eq!(refused, Cause::UserBusy { running: 1 });
    assert_eq!(
        refused.to_string(),
        "1 Actions are running for this user already, which is a user's limit; one that does not end blocks the others"
    );
    engine.idle().await;
    assert!(log_in("").await.is_ok());
}

#[tokio::test]
async fn nothing_outlives_an_execution() {
    let engine = quick();
    let spoil = "Object.prototype.polluted = 1; Array.prototype.map = null; globalThis.leak = event; JSON.stringify = null; \
                 Promise.prototype.then = null; for (;;) await null";
    assert!(matches!(cause_in(&engine, spoil).await, Cause::TimedOut { .. } | Cause::Threw(_)));
    let look = "exports.onExecutePostLogin = async (event, api) => {
        console.log(typeof leak, ({}).polluted, [1].map((n) => n + 1), JSON.stringify([2]));
    }";
    let outcome =
        engine.run(&Action::new("look.js", look), Entry::PostLogin, json!({}), host()).await.unwrap();
    assert_eq!(outcome.console[0].text, "undefined undefined [\n  2\n] [2]");
}

#[tokio::test]
async fn an_action_that_spoils_the_globals_spoils_only_its_own_run() {
    let body = "JSON.stringify = JSON.parse = Object.assign = Array.isArray = null; Promise = null; \
                api.access.deny('as noted')";
    assert_eq!(run(body, json!({})).await.unwrap().denial.unwrap().reason, "as noted");
}

#[tokio::test]
async fn what_was_printed_before_a_trap_is_kept() {
    let action =
        Action::new("t.js", "exports.onExecutePostLogin = () => { console.log('before'); for (;;) {} }");
    let error = quick().run(&action, Entry::PostLogin, json!({}), host()).await.unwrap_err();
    assert_eq!(error.console[0].text, "before");
    let endless = "exports.onExecutePostLogin = () => { for (;;) console.log('x'.repeat(1000)) }";
    let error =
        quick().run(&Action::new("t.js", endless), Entry::PostLogin, json!({}), host()).await.unwrap_err();
    let bytes: usize = error.console.iter().map(|line| line.text.len()).sum();
    assert!((60_000..66_000).contains(&bytes), "{bytes}");
    assert_eq!(error.console.last().unwrap().text, "(what follows is left out)");
}

/// Threads of this process that run an Action.
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let name = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap_or_default()
    };
    tasks.map(name).filter(|name| name.trim_end() == "action").count()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_thread_is_left_behind() {
    let engine = quick();
    for body in [
        "",
        "throw null",
        "throw new Error('no')",
        "await new Promise(() => {})",
        "for (;;) {}",
        "for (;;) await null",
        "const f = () => f(); f()",
        "const all = []; for (;;) all.push({})",
        "let text = 'x'; for (;;) text += text",
        "/^(a+)+$/.test('a'.repeat(40) + 'b')",
        "throw { get message() { for (;;) {} } }",
        "const text = 'a'.repeat(1e6); for (let i = 0; i < 20; i++) text.indexOf('ab')",
    ] {
        let action =
            Action::new("t.js", format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }}"));
        drop(engine.run(&action, Entry::PostLogin, json!({}), host()).await);
        timeout(Duration::from_secs(10), engine.idle()).await.unwrap();
    }
    assert_eq!(threads_but(1).await, 1, "the one that waits for the next execution");
    drop(engine);
    assert_eq!(threads_but(0).await, 0);
}

/// The threads of Actions, once they are no more than so many: one gives its place back just before it ends.
#[cfg(target_os = "linux")]
async fn threads_but(few: usize) -> usize {
    for _ in 0..1000 {
        if threads() <= few {
            break;
        }
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
    threads()
}

#[tokio::test]
async fn an_action_has_what_is_left_of_its_flow_s_time() {
    let engine = Engine::new(Limits::default());
    let action = Action::new("t.js", "exports.onExecutePostLogin = () => { for (;;) {} }");
    let run = engine.run_within(SHORT, &action, Entry::PostLogin, json!({}), host());
    assert_eq!(run.await.unwrap_err().cause, Cause::TimedOut { limit: SHORT });
}

#[tokio::test]
async fn a_failure_repeats_its_line() {
    let code = "exports.onExecutePostLogin = async (event) => {\n  // before\n  event.user.name.length;\n};";
    let error = run_module(code, json!({})).await.unwrap_err();
    assert_eq!(error.line.as_deref(), Some("  event.user.name.length;"));
    assert_eq!(run_module("throw 5", json!({})).await.unwrap_err().line, None);
}

#[tokio::test]
async fn prototypes_are_the_action_s_own_business() {
    for body in [
        "Object.prototype.toString = () => { throw 1 }; Object.prototype.toJSON = () => 'x'; api.access.deny('as noted')",
        "Array.prototype[Symbol.iterator] = null; Object.keys = null; Map = null; api.access.deny('as noted')",
        "Object.setPrototypeOf(api, null); Object.freeze(globalThis); api.access.deny('as noted')",
        "Object.defineProperty(Object.prototype, 'reason', { get() { for (;;) {} } }); api.access.deny('as noted')",
        "String.prototype.valueOf = Number.prototype.valueOf = null; event.__proto__ = null; api.access.deny('as noted')",
    ] {
        let outcome = quick()
            .run(
                &Action::new(
                    "t.js",
                    format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }}"),
                ),
                Entry::PostLogin,
                json!({}),
                host(),
            )
            .await;
        match outcome {
            Ok(outcome) => assert_eq!(outcome.denial.unwrap().reason, "as noted", "{body}"),
            Err(error) => assert!(matches!(error.cause, Cause::Threw(_)), "{body}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn notes_are_limited_in_size() {
    let error =
        run("for (;;) api.user.setUserMetadata('k', 'v'.repeat(100000))", json!({})).await.unwrap_err();
    assert!(error.cause.to_string().contains("an Action can hand over 1024 KiB at most"), "{}", error.cause);
}

/// An engine out of memory at any point whatever frees what it has, and does not bring the process down.
#[tokio::test]
async fn memory_may_run_out_anywhere() {
    let code = include_str!("../../../../../examples/actions/step-up.js");
    let event = json!({ "request": { "body": { "grant_type": "refresh_token" } }, "user": { "enrolledFactors": [] },
                        "resource_server": { "identifier": "https://api.example.com" } });
    let mut finished = 0;
    for heap in (64 << 10..768 << 10).step_by(3 << 10) {
        let mut limits = Limits::default();
        limits.heap = heap;
        let action = Action::new("step-up.js", code);
        match Engine::new(limits).run(&action, Entry::PostLogin, event.clone(), host()).await {
            Ok(outcome) => finished += outcome.commands.len(),
            Err(error) => assert!(matches!(error.cause, Cause::OutOfMemory { .. }), "{heap}: {error:?}"),
        }
    }
    assert!(finished > 0);
}

#[tokio::test]
async fn hostile_modules_are_errors() {
    for code in [
        "",
        "\0",
        "exports.onExecutePostLogin = 1",
        "module.exports = null",
        "}) ; (function () {",
        "module.exports = new Proxy({}, { get() { throw 1 } })",
        "exports.onExecutePostLogin = { toString() { for (;;) {} } }",
        "delete module.exports",
        "#!/usr/bin/env node",
    ] {
        let error = run_module(code, json!({})).await.unwrap_err();
        assert!(!matches!(error.cause, Cause::Busy { .. } | Cause::TimedOut { .. }), "{code}: {error:?}");
    }
}
