// @auth0/nextjs-auth0 opens what `stepup seal` makes, and `stepup inspect` opens what it makes.
import assert from "node:assert/strict";
import { step } from "../lib/step.mjs";
import { stepup } from "../lib/stepup.mjs";

// The package exports what applications call. What they call seals and opens with these very functions, with a request around them.
const inside = (path) => import(new URL(path, import.meta.resolve("@auth0/nextjs-auth0/server")));
const { RequestCookies, ResponseCookies } = await inside("cookies.js");
const { StatelessSessionStore } = await inside("session/stateless-session-store.js");
const { TransactionStore } = await inside("transaction-store.js");
const { decryptMfaToken, encryptMfaToken } = await inside("../utils/mfa-utils.js");

const secret = "a secret of at least thirty-two characters";
const newest = "a newer secret of at least thirty-two characters";
const now = Math.floor(Date.now() / 1000);

const session = {
  user: { sub: "auth0|ada", name: "Ada Lovelace – Gräfin", email: "ada@example.com", email_verified: true },
  tokenSet: { accessToken: "access", idToken: "id", scope: "openid profile", refreshToken: "refresh", expiresAt: now + 3600 },
  accessTokens: [{ accessToken: "api", scope: "transfer:funds", audience: "https://api.example.com", expiresAt: now + 60 }],
  internal: { sid: "sid", createdAt: now },
};
const largeSession = { ...session, user: { ...session.user, groups: Array.from({ length: 400 }, (_, index) => `group-${index}`) } };
const transaction = {
  nonce: "nonce",
  maxAge: 3600,
  codeVerifier: "verifier",
  responseType: "code",
  state: "state-of-this-login",
  returnTo: "/transfer?to=bob",
};
const mfaContext = {
  mfaToken: "raw",
  audience: "https://api.example.com",
  scope: "transfer:funds",
  mfaRequirements: { challenge: [{ type: "otp" }] },
  createdAt: now * 1000,
};

const sessions = new StatelessSessionStore({ secret });
const transactions = new TransactionStore({ secret });

function seal(kind, payload) {
  const parameters = ["seal", "--kind", kind, "--format", "nextjs-auth0", "--secret", secret, "--ttl", "600"];
  const { status, output, complaint } = stepup(parameters, JSON.stringify(payload));
  assert.equal(status, 0, complaint);
  return output;
}

function inspect(value, ...secrets) {
  const parameters = ["inspect", ...secrets.flatMap((secret) => ["--secret", secret]), "-"];
  const { status, output, complaint } = stepup(parameters, value);
  return { status, ...(status === 0 ? JSON.parse(output) : { complaint }) };
}

function assertInspected(found, kind, payload) {
  assert.equal(found.status, 0, found.complaint);
  assert.equal(found.kind, kind);
  assert.equal(found.format, "nextjs-auth0");
  for (const [name, value] of Object.entries(payload)) assert.deepEqual(found.payload[name], value, name);
}

const requestWith = (cookies) => new RequestCookies(new Headers({ cookie: cookies.join("; ") }));

/** The cookies that a store of the package writes. */
async function written(store, ...values) {
  const response = new ResponseCookies(new Headers());
  await (store.set ? store.set(requestWith([]), response, ...values) : store.save(response, ...values));
  return response.getAll().filter(({ value }) => value !== "");
}

await step("the package opens a session", async () => {
  assert.deepEqual(await opened([`__session=${seal("session", session)}`]), session);
});

await step("the package opens a session in chunks", async () => {
  const lines = seal("session", largeSession).split("\n");
  assert.ok(lines.length > 1, "one cookie");
  assert.deepEqual(await opened(lines), largeSession);
});

async function opened(cookies) {
  const { exp, iat, ...found } = await sessions.get(requestWith(cookies));
  return found;
}

await step("the package opens a transaction", async () => {
  const { payload } = await transactions.get(requestWith([`__txn_${transaction.state}=${seal("transaction", transaction)}`]), transaction.state);
  for (const [name, value] of Object.entries(transaction)) assert.deepEqual(payload[name], value, name);
});

await step("the package opens an mfa token", async () => {
  const { exp, ...context } = await decryptMfaToken(seal("mfa-token", mfaContext), secret);
  assert.deepEqual(context, mfaContext);
  assert.ok(Math.abs(exp - now - 600) <= 5, `expires ${exp - now} seconds from now`);
});

await step("`inspect` opens the package's session", async () => {
  const [{ name, value }] = await written(sessions, structuredClone(session), true);
  assert.equal(name, "__session");
  assertInspected(inspect(value, newest, secret), "session", session);
});

await step("`inspect` opens the package's session in chunks", async () => {
  const chunks = await written(sessions, structuredClone(largeSession), true);
  assert.ok(chunks.length > 1);
  assertInspected(inspect(chunks.map(({ value }) => value).join(""), secret), "session", largeSession);
});

await step("`inspect` opens the package's transaction", async () => {
  const [{ value }] = await written(transactions, transaction);
  assertInspected(inspect(value, secret), "transaction", transaction);
});

await step("`inspect` opens the package's mfa token", async () => {
  const { mfaToken, audience, scope, mfaRequirements } = mfaContext;
  const found = inspect(await encryptMfaToken(mfaToken, audience, scope, mfaRequirements, secret, 300), secret);
  assertInspected(found, "mfa-token", { mfaToken, audience, scope, mfaRequirements });
});

await step("`inspect` refuses another secret, a changed value, an expired one", async () => {
  const value = await encryptMfaToken("raw", "", "", undefined, secret, 300);
  const expired = await encryptMfaToken("raw", "", "", undefined, secret, -60);
  const changed = value.slice(0, -4) + (value.endsWith("AAAA") ? "BBBB" : "AAAA");
  for (const found of [inspect(value, newest), inspect(changed, secret), inspect(expired, secret)]) {
    assert.equal(found.status, 1);
    assert.equal(found.complaint.split("\n").length, 1, found.complaint);
  }
});
