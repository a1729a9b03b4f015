//! The language and the globals that an Action finds, and how its errors are told.

use std::time::Duration;

use serde_json::json;
use stepup_tenant::actions::{Action, Cause, ConsoleLevel, Engine, Entry, Host, Limits};

use super::{NOW, cause, host, printed, run, run_module, thrown};

#[tokio::test]
async fn both_ways_to_export_a_handler() {
    for code in [
        "exports.onExecutePostLogin = (event, api) => { api.access.deny('x') }",
        "module.exports = { onExecutePostLogin: async function (event, api) { api.access.deny('x') } }",
        "module.exports.onExecutePostLogin = async (event, api) => { await null; api.access.deny('x') }",
        "const { createHash } = require('node:crypto'); if (!createHash) return; exports.onExecutePostLogin = (event, api) => ({ then(done) { api.access.deny('x'); done() } })",
    ] {
        assert_eq!(run_module(code, json!({})).await.unwrap().denial.unwrap().reason, "x", "{code}");
    }
}

#[tokio::test]
async fn a_module_without_the_handler_says_what_to_write() {
    let error = run_module("exports.onExecutePostlogin = () => {}", json!({})).await.unwrap_err();
    assert_eq!(error.cause, Cause::NoHandler(Entry::PostLogin));
    assert_eq!(
        error.cause.to_string(),
        "it exports no function `onExecutePostLogin`; write `exports.onExecutePostLogin = async (event, api) => { … }`"
    );
    let action = Action::new("a.js", "exports.onExecutePostLogin = () => {}");
    let engine = Engine::new(Limits::default());
    let error = engine.run(&action, Entry::ContinuePostLogin, json!({}), host()).await.unwrap_err();
    assert_eq!(error.cause, Cause::NoHandler(Entry::ContinuePostLogin));
}

#[tokio::test]
async fn errors_are_told_in_the_person_s_own_lines() {
    let code = "const helper = () => {\n  throw new RangeError('too far');\n};\nexports.onExecutePostLogin = async () => {\n  await null;\n  helper();\n};";
    let Cause::Threw(thrown) = run_module(code, json!({})).await.unwrap_err().cause else { panic!() };
    assert_eq!(thrown.message, "RangeError: too far");
    let location = thrown.location.unwrap();
    assert_eq!((location.line, location.column), (2, 13));
    assert_eq!(
        thrown.stack.lines().collect::<Vec<_>>()[..2],
        ["at helper (test.js:2:13)", "at <anonymous> (test.js:6:3)"]
    );

    let Cause::Threw(first_line) =
        run_module("throw new Error('at once')", json!({})).await.unwrap_err().cause
    else {
        panic!()
    };
    assert_eq!(first_line.location.unwrap().to_string(), "1:11");
    assert_eq!(first_line.message, "at once");

    let Cause::Threw(noted) = cause("\n  api.accessToken.addScope(5)").await else { panic!() };
    assert_eq!(noted.location.unwrap().line, 2);
    assert!(!noted.stack.contains("stepup:"), "{}", noted.stack);
}

#[tokio::test]
async fn syntax_errors_have_a_line() {
    for (code, line, message) in [
        ("const a = ;", 1, "unexpected token"),
        ("\n\nconst const = 1;", 3, "variable name expected"),
        ("exports.onExecutePostLogin = async () => {\n  if (true) {\n", 2, ""),
        ("let a;\nlet a;", 2, "redefinition"),
        ("\nimport x from 'y';", 2, ""),
    ] {
        let Cause::Syntax(thrown) = run_module(code, json!({})).await.unwrap_err().cause else {
            panic!("{code}")
        };
        assert_eq!(thrown.location.unwrap().line, line, "{code}: {thrown:?}");
        assert!(
            thrown.message.starts_with("SyntaxError: ") && thrown.message.contains(message),
            "{thrown:?}"
        );
    }
    assert!(matches!(cause("JSON.parse('{')").await, Cause::Threw(_)));
}

#[tokio::test]
async fn anything_can_be_thrown() {
    assert_eq!(thrown("throw 'text'").await, "text");
    assert_eq!(thrown("throw { a: 1 }").await, "[object Object]");
    assert_eq!(thrown("throw undefined").await, "undefined");
    assert_eq!(thrown("throw null").await, "null");
    assert_eq!(thrown("const nothing = null; await Promise.reject(nothing)").await, "null");
    assert_eq!(
        thrown("const all = []; for (let n = 0; n < 20000; n++) all.push({ n }); throw null").await,
        "null"
    );
    assert_eq!(thrown("throw Object.create(null)").await, "something that has no text");
    assert_eq!(thrown("throw Symbol('s')").await, "something that has no text");
    assert_eq!(thrown("await Promise.reject(new TypeError('later'))").await, "TypeError: later");
    assert_eq!(
        thrown("throw new (class Refused extends Error { name = 'Refused' })('no')").await,
        "Refused: no"
    );
}

#[tokio::test]
async fn time_is_the_tenant_s() {
    let body = "const d = new Date(); console.log(Date.now(), +d, d instanceof Date, d.constructor === Date, Date.name, typeof Date());
                console.log(new Date(0).toISOString(), Date.UTC(2020, 1), Date.parse('2020-01-01T00:00:00Z'), new Date(2020, 5, 1).getMonth());
                await new Promise((resolve) => setTimeout(resolve, 1500)); console.log(Date.now() - d, performance.now());
                class Mine extends Date {} console.log(new Mine() - d)";
    let now = NOW.milliseconds();
    assert_eq!(
        printed(body).await,
        [
            format!("{now} {now} true true Date string"),
            "1970-01-01T00:00:00.000Z 1580515200000 1577836800000 5".to_owned(),
            "1500 1500".to_owned(),
            "1500".to_owned(),
        ]
    );
}

#[tokio::test]
async fn timers_fire_in_order_and_can_be_cleared() {
    let body = "setTimeout(() => console.log('b'), 20); setTimeout((x) => console.log(x), 10, 'a');
                const gone = setTimeout(() => console.log('never'), 5); clearTimeout(gone); setTimeout(() => console.log('c'), 20);
                await new Promise((resolve) => setTimeout(resolve, 30)); console.log('end')";
    assert_eq!(printed(body).await, ["a", "b", "c", "end"]);
    assert_eq!(
        thrown("setTimeout(() => { throw new Error('in a timer') }, 1); await new Promise(() => {})").await,
        "in a timer"
    );
}

#[tokio::test]
async fn chance_follows_the_seed() {
    let code = "exports.onExecutePostLogin = () => { console.log(Math.random(), crypto.randomUUID(), require('crypto').randomBytes(4).toString('hex')) }";
    let draw = async |seed| {
        let host = Host { now: NOW, seed: [seed; 32] };
        let action = Action::new("r.js", code);
        let engine = Engine::new(Limits::default());
        engine.run(&action, Entry::PostLogin, json!({}), host).await.unwrap().console.remove(0).text
    };
    let first = draw(1).await;
    assert_eq!(first, draw(1).await);
    assert_ne!(first, draw(2).await);
    let parts: Vec<_> = first.split(' ').collect();
    assert!((0.0..1.0).contains(&parts[0].parse::<f64>().unwrap()));
    assert_eq!((parts[1].len(), &parts[1][14..15], parts[2].len()), (36, "4", 8));
}

#[tokio::test]
async fn console_prints_in_the_manner_of_node() {
    let body = "console.log('%s is %d of %j%%', 'one', '2', { a: 1 }, 'rest'); console.error('bad', undefined, null, 5n, [1]);
                console.info(); console.warn('w'); console.debug('d'); console.assert(true); console.assert(false, 'no');
                console.log(new TypeError('x')); const o = {}; o.o = o; console.log(o); console.log(() => {}, Symbol('s'))";
    let outcome = run(body, json!({})).await.unwrap();
    let lines: Vec<_> = outcome.console.iter().map(|line| (line.level, line.text.as_str())).collect();
    assert_eq!(lines[0], (ConsoleLevel::Log, "one is 2 of {\n  \"a\": 1\n}% rest"));
    assert_eq!(lines[1], (ConsoleLevel::Error, "bad undefined null 5n [\n  1\n]"));
    assert_eq!(lines[2], (ConsoleLevel::Info, ""));
    assert_eq!(lines[3], (ConsoleLevel::Warn, "w"));
    assert_eq!(lines[4], (ConsoleLevel::Debug, "d"));
    assert_eq!(lines[5], (ConsoleLevel::Error, "Assertion failed no"));
    assert!(lines[6].1.starts_with("TypeError: x\n    at "), "{}", lines[6].1);
    assert_eq!(lines[7].1, "[object Object]");
    assert_eq!(lines[8].1, "[Function: (anonymous)] Symbol(s)");
}

#[tokio::test]
async fn what_is_missing_is_named() {
    assert_eq!(
        thrown("await fetch('https://x.example')").await,
        "fetch is not available to an Action of this tenant: it has no network"
    );
    assert_eq!(
        thrown("require('axios')").await,
        "Cannot find module 'axios': an Action of this tenant can require buffer, crypto, url, util only, and npm packages are not installed"
    );
    assert!(thrown("require('node:fs')").await.starts_with("Cannot find module 'node:fs'"));
    assert!(thrown("setInterval(() => {}, 1)").await.starts_with("setInterval is not available"));
    for (body, message) in [
        (
            "process.exit()",
            "process.exit is not available to an Action of this tenant: it ends when its function returns",
        ),
        (
            "new AbortController()",
            "AbortController is not available to an Action of this tenant: nothing in it can be",
        ),
        (
            "AbortSignal.timeout(5)",
            "AbortSignal is not available to an Action of this tenant: nothing in it can be",
        ),
        (
            "new Headers({ a: 'b' })",
            "Headers is not available to an Action of this tenant: it has no network",
        ),
        (
            "new WebSocket('wss://x.example')",
            "WebSocket is not available to an Action of this tenant: it has no network",
        ),
        (
            "new Intl.DateTimeFormat('en')",
            "Intl is not available to an Action of this tenant: it has no tables of",
        ),
    ] {
        assert!(thrown(body).await.starts_with(message), "{body}: {}", thrown(body).await);
    }
    assert_eq!(printed("console.log(typeof fetch, {} instanceof Headers)").await, ["function false"]);
    assert_eq!(thrown("await import('fs')").await.split(':').next().unwrap(), "ReferenceError");
}

#[tokio::test]
async fn what_modules_of_node_look_at_is_there() {
    let body = "console.log(global === globalThis, process.env.NODE_ENV, Object.keys(process.env).length);
                const util = require('node:util'); console.log(util.format('%s!', 'a'), util.inspect('a'));
                const later = util.promisify((x, done) => process.nextTick(done, null, x + 1)); console.log(await later(1))";
    assert_eq!(printed(body).await, ["true undefined 0", "a! \"a\"", "2"]);
}

#[tokio::test]
async fn copies_are_whole() {
    let body = "const one = { at: new Date(5), map: new Map([['k', { n: 1 }]]), set: new Set([1]), bytes: new Uint8Array([7, 8]).subarray(1), none: undefined };
                one.self = one; const two = structuredClone(one);
                console.log(two !== one, two.self === two, two.at.getTime(), two.map.get('k').n, two.map.get('k') !== one.map.get('k'), two.set.has(1), two.bytes[0], two.bytes.length, 'none' in two);
                const gone = structuredClone(new RangeError('far')); console.log(gone instanceof RangeError, gone.message, structuredClone(/a/g).flags, structuredClone([1, , 2]).length, structuredClone(undefined))";
    assert_eq!(printed(body).await, ["true true 5 1 true true 8 1 true", "true far g 3 undefined"]);
    assert_eq!(thrown("structuredClone({ f() {} })").await, "DataCloneError: f() {} could not be cloned.");
    assert_eq!(
        thrown("structuredClone(new WeakMap())").await,
        "DataCloneError: #<WeakMap> could not be cloned."
    );
}

#[tokio::test]
async fn addresses() {
    let body = "const u = new URL('../b?x=1&x=2#h', 'https://user:pw@bank.example:8443/a/c'); console.log(u.href, u.origin, u.host, u.port, u.pathname, u.search, u.hash, u.username);
                u.searchParams.append('y', 'a b&c'); u.searchParams.delete('x'); u.pathname = '/ü'; u.protocol = 'http'; u.port = 80; console.log(String(u), JSON.stringify({ u }));
                const q = new URLSearchParams({ b: 2, a: 1 }); q.sort(); q.set('a', '3'); console.log(q.toString(), [...q.keys()], q.get('none'), q.has('a'), q.size);
                u.search = '?z=1'; console.log(u.searchParams.get('z'), URL.canParse('nonsense'), new URLSearchParams([['a', '1']]).getAll('a').length)";
    assert_eq!(
        printed(body).await,
        [
            "https://user:pw@bank.example:8443/b?x=1&x=2#h https://bank.example:8443 bank.example:8443 8443 /b ?x=1&x=2 #h user",
            "http://user:pw@bank.example/%C3%BC?y=a+b%26c#h {\"u\":\"http://user:pw@bank.example/%C3%BC?y=a+b%26c#h\"}",
            "a=3&b=2 [\n  \"a\",\n  \"b\"\n] null true 2",
            "1 false 1",
        ]
    );
    assert_eq!(thrown("new URL('nonsense')").await, "TypeError: Invalid URL: nonsense");
}

#[tokio::test]
async fn bytes_and_digests() {
    let body = "console.log(Buffer.from('héllo').toString('base64'), Buffer.from('aMOpbGxv', 'base64').toString(), Buffer.from('ff00', 'hex').toString('base64url'), btoa('a'), atob('YQ=='));
                console.log(require('crypto').createHash('sha256').update('abc').digest('hex'));
                console.log(require('crypto').createHmac('sha256', 'key').update('The quick brown fox ').update('jumps over the lazy dog').digest('hex'));
                console.log(new TextDecoder().decode(new TextEncoder().encode('€')), new TextEncoder().encode('€').length, new TextDecoder().decode(new Uint8Array([0xff, 65])));
                console.log(Buffer.concat([Buffer.from('a'), Buffer.from('b')]).toString(), Buffer.byteLength('€'), Buffer.isBuffer(Buffer.alloc(1)));
                console.log(crypto.getRandomValues(new Uint32Array(2)).length, require('crypto').timingSafeEqual(Buffer.from('a'), Buffer.from('a')), structuredClone({ a: [1] }).a[0])";
    assert_eq!(
        printed(body).await,
        [
            "aMOpbGxv héllo _wA YQ== a",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
            "€ 3 \u{fffd}A",
            "ab 3 true",
            "2 true 1",
        ]
    );
    let body = "const { createHash, createHmac } = require('crypto');
                for (const name of ['sha1', 'SHA-384', 'sha512']) console.log(createHash(name).update('abc').digest('hex').slice(0, 16), createHmac(name, 'key').update('The quick brown fox jumps over the lazy dog').digest('hex').slice(0, 16))";
    assert_eq!(
        printed(body).await,
        [
            "a9993e364706816a de7c9b85b8b78aa6",
            "cb00753f45a35e8b d7f4727e2c0b39ae",
            "ddaf35a193617aba b42af09057bac1e2",
        ]
    );
    assert!(
        thrown("require('crypto').createHash('md5')").await.starts_with("Digest method not supported: md5")
    );
}

/// The cost of the way an Action is run, as the log of the test tells it: a fresh thread, runtime and context each time.
#[tokio::test]
async fn an_execution_is_quick() {
    let engine = Engine::new(Limits::default());
    let action = Action::new("step-up.js", include_str!("../../../../../examples/actions/step-up.js"));
    let event = json!({ "request": { "body": { "grant_type": "refresh_token" } }, "user": { "enrolledFactors": [] },
                        "resource_server": { "identifier": "https://api.example.com" } });
    let mut durations = Vec::new();
    for _ in 0..200 {
        durations.push(engine.run(&action, Entry::PostLogin, event.clone(), host()).await.unwrap().duration);
    }
    durations.sort();
    println!("one Action: p50 {:?}, p99 {:?}", durations[100], durations[198]);
    assert!(durations[100] < Duration::from_millis(20), "{:?}", durations[100]);
}
