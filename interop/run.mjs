// Runs the programs of this folder, each against its own freshly started `stepup`, and stops at the first that fails.
//
//     node run.mjs [name]…
import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as after } from "node:timers/promises";

const folder = import.meta.dirname;
const stepup = process.env.STEPUP_BIN ?? join(folder, "../target/debug/stepup");
const python = join(folder, ".venv/bin/python");

const programs = [
  { name: "auth0-auth-js", start: tenant, command: ["node", "node/step-up.mjs"] },
  { name: "auth0-server-python", start: tenant, command: [python, "python/step_up.py"] },
  { name: "nextjs-auth0 sealed values", start: nothing, command: ["node", "node/sealed.mjs"] },
  { name: "auth0-server-python sealed values", start: nothing, command: [python, "python/sealed.py"] },
  { name: "nextjs-auth0 browser client", start: demo, command: ["node", "browser/client-step-up.mjs", "official"] },
  { name: "own browser client", start: demo, command: ["node", "browser/client-step-up.mjs", "own"] },
  { name: "demo", start: demo, command: ["node", "browser/demo.mjs"] },
];

const wanted = process.argv.slice(2);
const chosen = programs.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0) throw new Error(`no such program; there are: ${programs.map(({ name }) => name).join(", ")}`);

let steps = 0;
for (const { name, start, command } of chosen) {
  console.log(`\n${name}`);
  const scratch = await mkdtemp(join(tmpdir(), "stepup-interop-"));
  let running;
  try {
    running = await start(scratch);
    const { passed, failed } = await run(command, { STEPUP_BIN: stepup, ...running.environment });
    steps += passed;
    if (failed) {
      console.log(running.log());
      console.log(`\n${steps} passed, 1 failed`);
      process.exitCode = 1;
      break;
    }
  } finally {
    await running?.stop();
    await rm(scratch, { recursive: true });
  }
}
if (!process.exitCode) console.log(`\n${steps} passed, 0 failed`);

/** Runs one program, at most two minutes, and counts its steps. */
async function run([file, ...parameters], environment) {
  const program = spawn(file, parameters, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 120_000,
  });
  let passed = 0;
  createInterface(program.stdout).on("line", (line) => {
    console.log(line);
    if (line.startsWith("ok ")) passed += 1;
  });
  const [status] = await once(program, "close");
  return { passed, failed: status !== 0 };
}

function nothing() {
  return { environment: {}, log: () => "", stop: () => {} };
}

/** `stepup tenant` with TLS: what the official server packages insist on. They find its certificate in the environment. */
async function tenant(scratch) {
  const readyFile = join(scratch, "ready.json");
  const parameters = ["tenant", "--port", "0", "--tls", "--control", "--data-dir", scratch, "--ready-file", readyFile];
  const server = serve(parameters, {});
  await server.until(appeared(scratch, readyFile));
  const { ca_certificate: certificate } = JSON.parse(await readFile(readyFile, "utf8"));
  return {
    ...server,
    environment: { STEPUP_READY_FILE: readyFile, NODE_EXTRA_CA_CERTS: certificate, SSL_CERT_FILE: certificate },
  };
}

/** `stepup dev`: the tenant, and the demo on a free port. */
async function demo(scratch) {
  const readyFile = join(scratch, "ready.json");
  const port = await freePort();
  const server = serve(["dev", "--app-port", String(port)], {
    STEPUP_TENANT_PORT: "0",
    STEPUP_TENANT_CONTROL: "1",
    STEPUP_TENANT_DATA_DIR: scratch,
    STEPUP_TENANT_READY_FILE: readyFile,
  });
  const address = `http://localhost:${port}`;
  await server.until(Promise.all([appeared(scratch, readyFile), server.says(address)]));
  return { ...server, environment: { STEPUP_READY_FILE: readyFile, STEPUP_APP: address } };
}

/** Starts `stepup`: `until` waits for it, but not for ever and not when it has ended; `says` waits for a text on its output. */
function serve(parameters, environment) {
  const server = spawn(stepup, parameters, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      printed += text;
      server.emit("printed");
    });
  }
  const closed = once(server, "close");
  const failure = (what) => new Error(`stepup ${parameters[0]} ${what}:\n${printed}`);
  return {
    log: () => printed,
    async until(ready) {
      const ended = closed.then(([status]) => Promise.reject(failure(`ended with ${status}`)));
      const late = after(30_000, undefined, { ref: false }).then(() => Promise.reject(failure("is not ready after 30 s")));
      await Promise.race([ready, ended, late]).catch(async (error) => {
        await this.stop();
        throw error;
      });
    },
    async says(text) {
      while (!printed.includes(text)) await once(server, "printed");
    },
    async stop() {
      server.kill("SIGTERM");
      await closed;
    },
  };
}

/** Waits until a file is there; it is put there whole. */
async function appeared(parent, file) {
  const changes = watch(parent);
  try {
    while (!(await access(file).then(() => true, () => false))) await once(changes, "change");
  } finally {
    changes.close();
  }
}

async function freePort() {
  const server = createServer().listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
