//! One post-login Action: through the tenant's engine, and what a fresh JavaScript runtime costs by itself.

use anyhow::Context;
use serde_json::{Value, json};
use stepup_protocol::time::UnixTime;
use stepup_tenant::actions::{Action, Engine, Entry, Host, Limits};

use crate::{
    report::{Figure, Promise, Raw},
    sample::median,
    stopwatch::Stopwatch,
};

const STEP_UP: &str = include_str!("../../examples/actions/step-up.js");
const RUNS: usize = 1000;

pub(crate) fn one() -> anyhow::Result<Figure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let engine = Engine::new(Limits::default());
    let action = Action::new("step-up.js", STEP_UP);
    let host = Host { now: UnixTime::from_seconds(1_767_225_600), seed: [7; 32] };
    let (mut runs, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let watch = Stopwatch::start(&[])?;
        let outcome = runtime.block_on(engine.run(&action, Entry::PostLogin, event(), host));
        runs.push(watch.stop()?);
        anyhow::ensure!(outcome?.commands.len() == 1, "the Action asks for no factor");
        let watch = Stopwatch::start(&[])?;
        bare()?;
        raw.push(watch.stop()?);
    }
    Ok(Figure {
        name: "run one Action",
        unit: "ms",
        measured: median(runs),
        raw: Some(Raw { name: "new QuickJS runtime, compile, call", measured: median(raw) }),
        promise: Some(Promise::AtMost(1.0)),
    })
}

fn event() -> Value {
    json!({
        "request": { "ip": "127.0.0.1", "method": "POST", "hostname": "localhost",
                     "body": { "grant_type": "refresh_token", "audience": "https://api.example.com" } },
        "resource_server": { "identifier": "https://api.example.com" },
        "transaction": { "protocol": "oauth2-refresh-token", "metadata": {} },
        "user": { "user_id": "auth0|ada", "email": "ada@example.com", "enrolledFactors": [{ "type": "otp" }] },
    })
}

/// The least that any execution takes: the same module, with an `api` that does nothing.
fn bare() -> anyhow::Result<()> {
    let runtime = rquickjs::Runtime::new()?;
    let context = rquickjs::Context::full(&runtime)?;
    context.with(|ctx| {
        let script = format!(
            "(() => {{ const exports = {{}}; {STEP_UP}\n; return exports.onExecutePostLogin({}, {{ authentication: {{ \
             challengeWithAny() {{}} }} }}) }})()",
            event()
        );
        ctx.eval::<rquickjs::Promise<'_>, _>(script).map(drop).context("the bare Action fails")
    })?;
    while runtime.is_job_pending() {
        runtime.execute_pending_job().ok().context("the bare Action fails")?;
    }
    Ok(())
}
