// What the programs run against: each kind of start gives `{ environment, log, stop }`.
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { watch } from "node:fs";
import { access, appendFile, cp, readdir, readFile, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as after } from "node:timers/promises";

const folder = import.meta.dirname;
export const stepup = process.env.STEPUP_BIN ?? join(folder, "../target/debug/stepup");
const users = join(folder, "users.json");
export const python = join(folder, ".venv/bin/python");

export function nothing() {
  return { environment: {}, log: () => "", stop: () => {} };
}

/** `stepup tenant` with TLS: what the official packages insist on. They find its certificate in the environment. */
export async function tenant(scratch, more = [], environment = {}) {
  const readyFile = join(scratch, "ready.json");
  const parameters = ["--port", "0", "--tls", "--control", "--users", users, "--data-dir", scratch, "--ready-file", readyFile];
  const server = serve(stepup, ["tenant", ...parameters, ...more], environment);
  await server.until(appeared(scratch, readyFile));
  const { ca_certificate: certificate } = JSON.parse(await readFile(readyFile, "utf8"));
  return {
    ...server,
    environment: { STEPUP_READY_FILE: readyFile, NODE_EXTRA_CA_CERTS: certificate, SSL_CERT_FILE: certificate },
  };
}

/** `stepup tenant` with the configuration of `tenants/`; it tells an application at `STEPUP_APP` of logouts. */
export async function configured(scratch) {
  const app = `http://localhost:${await freePort()}`;
  const { file, environment, privateKey } = await configuration(scratch, app);
  const server = await tenant(scratch, ["--config", file], environment);
  return { ...server, environment: { ...server.environment, STEPUP_CLIENT_KEY: privateKey, STEPUP_APP: app } };
}

/** The configuration of `tenants/` for an application at `app`. */
async function configuration(scratch, app) {
  const format = { publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } };
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048, ...format });
  const copy = join(scratch, "configuration");
  await cp(join(folder, "tenants"), copy, { recursive: true });
  await cp(join(folder, "../examples/actions/step-up.js"), join(copy, "step-up.js"));
  const environment = { INTEROP_APP: app, INTEROP_PUBLIC_KEY: publicKey };
  return { file: join(copy, "interop.yaml"), environment, privateKey };
}

/**
 * The same, and routes as applications have them, once of the SDK and once of auth0-server-python: `plain` ones, `pushed` ones
 * that push their authorization requests and log out as Auth0 did before OpenID Connect, and `proved` ones of a client that
 * signs and, where the package can, binds its tokens to a key. Their addresses are in `STEPUP_ROUTES`.
 */
export async function routes(scratch) {
  const provider = await configured(scratch);
  const { issuer, domain, clients } = JSON.parse(await readFile(provider.environment.STEPUP_READY_FILE, "utf8"));
  const client = (name) => clients.find((client) => client.name === name);
  const format = { publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } };
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256", ...format });
  const keys = { AUTH0_DPOP_PRIVATE_KEY: privateKey, AUTH0_DPOP_PUBLIC_KEY: publicKey };
  const secret = { AUTH0_CLIENT_ID: client("webapp").client_id, AUTH0_CLIENT_SECRET: client("webapp").client_secret };
  const signs = { AUTH0_CLIENT_ID: client("signed").client_id, AUTH0_CLIENT_ASSERTION_SIGNING_KEY: provider.environment.STEPUP_CLIENT_KEY };
  const kinds = { plain: secret, pushed: { ...secret, PUSHED: "1", LOGOUT: "v2" }, proved: { ...signs, ...keys } };
  const addresses = { own: {}, python: {} };
  const servers = [];
  for (const [kind, more] of Object.entries(kinds)) {
    const [port, pythonPort] = [await freePort(), await freePort()];
    addresses.own[kind] = `http://localhost:${port}`;
    addresses.python[kind] = `http://localhost:${pythonPort}`;
    const environment = {
      ...provider.environment,
      ...more,
      AUTH0_DOMAIN: issuer,
      AUTH0_SECRET: "a secret of at least thirty-two characters",
      APP_BASE_URL: addresses.own[kind],
    };
    servers.push([serve(join(dirname(stepup), "examples/same_requests"), [], environment), "listening"]);
    // Whoever takes the visitor back is known by one address, so that nothing but the packages makes a difference.
    servers.push([serve(python, [join(folder, "python/application.py")], { ...environment, AUTH0_DOMAIN: domain, PORT: String(pythonPort) }), "running on"]);
  }
  const running = await allReady(provider, servers);
  return { ...running, environment: { ...provider.environment, ...keys, STEPUP_ROUTES: JSON.stringify(addresses) } };
}

/** `stepup tenant` with every factor on, asked for at each log-in. */
export function everyFactor(scratch) {
  return tenant(scratch, ["--config", join(folder, "tenants/pages.yaml")]);
}

/** `stepup dev`: the tenant, and the demo on a free port. */
export async function demo(scratch, environment = {}, port) {
  const readyFile = join(scratch, "ready.json");
  port ??= await freePort();
  const server = serve(stepup, ["dev", "--app-port", String(port)], {
    STEPUP_TENANT_PORT: "0",
    STEPUP_TENANT_CONTROL: "1",
    STEPUP_TENANT_USERS: users,
    STEPUP_TENANT_DATA_DIR: scratch,
    STEPUP_TENANT_READY_FILE: readyFile,
    ...environment,
  });
  const address = `http://localhost:${port}`;
  await server.until(Promise.all([appeared(scratch, readyFile), server.says(address)]));
  return { ...server, environment: { STEPUP_READY_FILE: readyFile, STEPUP_APP: address } };
}

/** The same, with the configuration of `tenants/`, and what is `more`. */
export async function configuredDemo(scratch, more = "") {
  const port = await freePort();
  const { file, environment } = await configuration(scratch, `http://localhost:${port}`);
  await appendFile(file, more);
  return demo(scratch, { ...environment, STEPUP_TENANT_CONFIG: file }, port);
}

/** The same; the tenant takes ten calls a minute. */
export const limitedDemo = (scratch) => configuredDemo(scratch, "stepup: { authentication_calls_per_minute: 10 }\n");

/** The example `pages` of stepup-axum: a small application with the ready-made pages, and a tenant of its own. */
export async function readyMadePages(scratch) {
  const readyFile = join(scratch, "ready.json");
  const port = await freePort();
  const server = serve(join(stepup, "../examples/pages"), [], { PORT: String(port), STEPUP_READY_FILE: readyFile });
  const address = `http://localhost:${port}`;
  await server.until(Promise.all([appeared(scratch, readyFile), server.says(address)]));
  return { ...server, environment: { STEPUP_READY_FILE: readyFile, STEPUP_APP: address } };
}

/** The Next.js application of `nextjs/`, built where that is due, against a tenant of its own. */
export async function nextjs(scratch, environment = {}) {
  await buildNextjs();
  const provider = await configured(scratch);
  const { STEPUP_APP: address } = provider.environment;
  const { issuer, clients } = JSON.parse(await readFile(provider.environment.STEPUP_READY_FILE, "utf8"));
  const { client_id: id, client_secret: secret } = clients.find(({ name }) => name === "webapp");
  const application = next(["start", "--port", new URL(address).port], {
    ...environment,
    ...provider.environment,
    AUTH0_DOMAIN: issuer,
    AUTH0_CLIENT_ID: id,
    AUTH0_CLIENT_SECRET: secret,
    AUTH0_SECRET: "a secret of at least thirty-two characters",
    APP_BASE_URL: address,
  });
  const stop = () => Promise.all([application.stop(), provider.stop()]);
  await application.until(application.says("Ready in")).catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    environment: provider.environment,
    log: () => `${provider.log()}\n${application.log()}`,
    stop,
  };
}

/** The same, with the sessions kept by the application. */
export const nextjsWithSessions = (scratch) => nextjs(scratch, { SESSIONS: "memory" });

/**
 * The applications of a fleet, on ports of their own and at one address that the program gives them: `nextjs/`, `fastapi/`,
 * and the demo in the sealed form of each, in the first one's reading the other's too. All have one secret and one client of the tenant.
 */
export async function fleet(scratch) {
  await buildNextjs();
  const provider = await configured(scratch);
  const { STEPUP_APP: address } = provider.environment;
  const { issuer, domain, clients } = JSON.parse(await readFile(provider.environment.STEPUP_READY_FILE, "utf8"));
  const { client_id: id, client_secret: secret } = clients.find(({ name }) => name === "webapp");
  const environment = {
    ...provider.environment,
    AUTH0_DOMAIN: issuer,
    AUTH0_CLIENT_ID: id,
    AUTH0_CLIENT_SECRET: secret,
    AUTH0_SECRET: "a secret of at least thirty-two characters",
    APP_BASE_URL: address,
  };
  const ports = { nextjs: 0, fastapi: 0, bank: 0, bankOfFastapi: 0 };
  for (const name of Object.keys(ports)) ports[name] = await freePort();
  const bank = (port, forms) => serve(stepup, ["demo", "--port", String(port)], { ...environment, ...forms });
  const servers = [
    [next(["start", "--port", String(ports.nextjs)], environment), "Ready in"],
    [serve(python, [join(folder, "fastapi/application.py")], { ...environment, AUTH0_DOMAIN: domain, PORT: String(ports.fastapi) }), "running on"],
    [bank(ports.bank, { STEPUP_FORMAT: "nextjs-auth0", STEPUP_ALSO_READ: "auth0-server-python" }), "The bank is open"],
    [bank(ports.bankOfFastapi, { STEPUP_FORMAT: "auth0-server-python" }), "The bank is open"],
  ];
  const running = await allReady(provider, servers);
  return { ...running, environment: { ...provider.environment, STEPUP_FLEET: JSON.stringify(ports) } };
}

/** Waits until each of `servers` has said its text; gives the log of all, the provider's too, and what stops them. */
async function allReady(provider, servers) {
  const running = [...servers.map(([server]) => server), provider];
  const stop = () => Promise.all(running.map((server) => server.stop()));
  await Promise.all(servers.map(([server, text]) => server.until(server.says(text)))).catch(async (error) => {
    await stop();
    throw error;
  });
  return { log: () => running.map((server) => server.log()).join("\n"), stop };
}

/** `next build`, unless nothing was changed since the last. */
async function buildNextjs() {
  const app = join(folder, "nextjs");
  const changed = async (path) => (await stat(path).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
  const sources = (await readdir(app, { recursive: true })).filter((name) => !name.startsWith("."));
  const newest = Math.max(...(await Promise.all([...sources, "../package-lock.json"].map((name) => changed(join(app, name))))));
  if (newest < (await changed(join(app, ".next/BUILD_ID")))) return;
  const build = next(["build"], {});
  const status = await build.ended;
  if (status !== 0) throw new Error(`next build ended with ${status}:\n${build.log()}`);
}

function next([command, ...parameters], environment) {
  const binary = join(folder, "node_modules/next/dist/bin/next");
  return serve(process.execPath, [binary, command, join(folder, "nextjs"), ...parameters], {
    NEXT_TELEMETRY_DISABLED: "1",
    ...environment,
  });
}

/** Starts a server: `until` waits for it, but not for ever and not when it has ended; `says` waits for a text on its output. */
function serve(file, parameters, environment) {
  const server = spawn(file, parameters, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      printed += text;
      server.emit("printed");
    });
  }
  const closed = once(server, "close");
  const failure = (what) => new Error(`${[file, ...parameters].join(" ")} ${what}:\n${printed}`);
  return {
    log: () => printed,
    ended: closed.then(([status]) => status),
    async until(ready) {
      const ended = closed.then(([status]) => Promise.reject(failure(`ended with ${status}`)));
      const late = after(60_000, undefined, { ref: false }).then(() => Promise.reject(failure("is not ready after a minute")));
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
