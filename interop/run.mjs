// Runs the programs of this folder, each against its own freshly started servers, and stops at the first that fails.
//
//     node run.mjs [name]…
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  configured,
  configuredDemo,
  demo,
  everyFactor,
  fleet,
  limitedDemo,
  nextjs,
  nextjsWithSessions,
  nothing,
  python,
  readyMadePages,
  routes,
  stepup,
  tenant,
} from "./servers.mjs";

const folder = import.meta.dirname;

const programs = [
  { name: "auth0-auth-js", start: tenant, command: ["node", "node/auth0-auth-js.mjs"] },
  { name: "auth0-server-js", start: configured, command: ["node", "node/auth0-server-js.mjs"] },
  { name: "openid-client", start: configured, command: ["node", "node/openid-client.mjs"] },
  { name: "openid-client secured", start: configured, command: ["node", "node/openid-client-secured.mjs"] },
  { name: "same requests", start: routes, command: ["node", "node/same-requests.mjs"] },
  { name: "auth0 (management)", start: tenant, command: ["node", "node/management.mjs"] },
  { name: "auth0-server-python", start: configured, command: [python, "python/step_up.py"] },
  { name: "auth0-spa-js", start: configured, command: ["node", "browser/auth0-spa-js.mjs"] },
  { name: "auth0-spa-js pop-up", start: configured, command: ["node", "browser/auth0-spa-js-popup.mjs"] },
  { name: "nextjs-auth0", start: nextjs, command: ["node", "browser/nextjs.mjs"] },
  { name: "nextjs-auth0 back-channel logout", start: nextjsWithSessions, command: ["node", "browser/nextjs-backchannel.mjs"] },
  { name: "fleet", start: fleet, command: ["node", "browser/fleet.mjs"] },
  { name: "nextjs-auth0 sealed values", start: nothing, command: ["node", "node/sealed.mjs"] },
  { name: "auth0-server-python sealed values", start: nothing, command: [python, "python/sealed.py"] },
  { name: "nextjs-auth0 browser client", start: configuredDemo, command: ["node", "browser/client-step-up.mjs", "official"] },
  { name: "own browser client", start: configuredDemo, command: ["node", "browser/client-step-up.mjs", "own"] },
  { name: "nextjs-auth0 browser client, pop-up", start: configuredDemo, command: ["node", "browser/popup.mjs", "official"] },
  { name: "own browser client, pop-up", start: configuredDemo, command: ["node", "browser/popup.mjs", "own"] },
  { name: "own browser client, limited", start: limitedDemo, command: ["node", "browser/limited.mjs"] },
  { name: "pages", start: everyFactor, command: ["node", "browser/pages.mjs"] },
  { name: "ready-made pages", start: readyMadePages, command: ["node", "browser/mfa-pages.mjs"] },
  { name: "demo", start: demo, command: ["node", "browser/demo.mjs"] },
  { name: "dashboard", start: tenant, command: ["node", "browser/dashboard.mjs"] },
];

const wanted = process.argv.slice(2);
const chosen = programs.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0) throw new Error(`no such program; there are: ${programs.map(({ name }) => name).join(", ")}`);

let steps = 0;
let failed = false;
for (const program of chosen) {
  failed = !(await passes(program));
  if (failed) break;
}
console.log(`\n${steps} passed, ${failed ? 1 : 0} failed`);
process.exitCode = failed ? 1 : 0;

/** Starts what a program needs, runs it, and says how long that took; where it fails, the end of the servers' log too. */
async function passes({ name, start, command }) {
  console.log(`\n${name}`);
  const begun = performance.now();
  const scratch = await mkdtemp(join(tmpdir(), "stepup-interop-"));
  let running;
  try {
    running = await start(scratch);
    const good = await run(command, { STEPUP_BIN: stepup, ...running.environment });
    console.log(good ? `     ${((performance.now() - begun) / 1000).toFixed(1)} s` : running.log().split("\n").slice(-100).join("\n"));
    return good;
  } catch (error) {
    console.log(error);
    return false;
  } finally {
    await running?.stop();
    await rm(scratch, { recursive: true });
  }
}

/** Runs one program, at most three minutes, and counts its steps; whether all of them passed. */
async function run([file, ...parameters], environment) {
  const program = spawn(file, parameters, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 180_000,
  });
  createInterface(program.stdout).on("line", (line) => {
    console.log(line);
    if (line.startsWith("ok ")) steps += 1;
  });
  const [status] = await once(program, "close");
  return status === 0;
}
