import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import * as stepup from "../stepup.js";
import { rejection, scripted } from "./scripted.js";

const { configure, getAccessToken, getUser, login, logout } = stepup;

const full = { token: "eyJ", scope: "openid", expires_at: 1790000000, expires_in: 3600, token_type: "Bearer" };

afterEach(() => {
  configure({ basePath: "", routes: { accessToken: "/auth/access-token", login: "/auth/login" } });
  delete globalThis.location;
  delete globalThis.window;
});

test("getAccessToken asks for audience and scope", async () => {
  const requests = scripted([200, full]);
  const token = await getAccessToken({ audience: "https://api.example.com", scope: "read write", mergeScopes: false });
  assert.equal(token, "eyJ");
  assert.equal(requests[0].url, "/auth/access-token?audience=https%3A%2F%2Fapi.example.com&scope=read+write&mergeScopes=false");
  assert.equal(requests[0].method, "GET");
});

test("getAccessToken without options has no query", async () => {
  const requests = scripted([200, full]);
  assert.deepEqual(await getAccessToken({ includeFullResponse: true, mergeScopes: true }), full);
  assert.equal(requests[0].url, "/auth/access-token");
});

test("the query does not depend on URLSearchParams.size", async (t) => {
  const size = Object.getOwnPropertyDescriptor(URLSearchParams.prototype, "size");
  delete URLSearchParams.prototype.size;
  t.after(() => Object.defineProperty(URLSearchParams.prototype, "size", size));
  const requests = scripted([200, full]);
  await getAccessToken({ audience: "a" });
  assert.equal(requests[0].url, "/auth/access-token?audience=a");
});

test("getAccessToken reads the nested error of its route", async () => {
  scripted([401, { error: { code: "missing_session", message: "The user does not have an active session." } }]);
  const error = await rejection(getAccessToken());
  assert.ok(error instanceof stepup.AccessTokenError);
  assert.equal(error.code, "missing_session");
  assert.equal(error.message, "The user does not have an active session.");
  assert.equal(error.status, 401);
});

test("without an mfa_token only a new login helps, and the error says so", async () => {
  scripted([403, { error: "mfa_required", error_description: "Multifactor authentication required" }]);
  const error = await rejection(getAccessToken());
  assert.ok(error instanceof stepup.MfaRequiredError);
  assert.equal(error.mfa_token, "");
});

test("getUser answers the claims, or null for nobody", async () => {
  const requests = scripted([200, { sub: "auth0|1", name: "Ada" }], [401, null], [204, null]);
  assert.deepEqual(await getUser(), { sub: "auth0|1", name: "Ada" });
  assert.equal(await getUser(), null);
  assert.equal(await getUser(), null);
  assert.equal(requests[0].url, "/auth/profile");
});

test("getUser rejects with any reason for giving up", async () => {
  const unanswered = (given) => new Promise((_, reject) => given.addEventListener("abort", () => reject(given.reason)));
  for (const reason of [null, { status: 401 }]) {
    scripted(unanswered);
    const controller = new AbortController();
    const call = getUser({ signal: controller.signal });
    controller.abort(reason);
    assert.equal(await rejection(call), reason);
  }
});

test("getUser rejects when the server fails", async () => {
  scripted([500, "oops"]);
  const error = await rejection(getUser());
  assert.equal(error.name, "StepupError");
  assert.equal(error.code, "client_error");
  assert.equal(error.message, "HTTP status 500");
});

test("an answer that cannot be read is a client_error of the call", async (t) => {
  const cases = {
    "a page": [[200, "<!doctype html>"], "The answer from accessToken is not JSON", 200],
    "an empty answer": [[200, ""], "The answer from accessToken is not JSON", 200],
    "a bare value": [[200, "true"], "The answer from accessToken is not JSON", 200],
    "a proxy's page": [[502, "<h1>Bad Gateway</h1>"], "HTTP status 502", 502],
    "a bare null": [[400, "null"], "HTTP status 400", 400],
  };
  for (const [name, [answer, message, status]] of Object.entries(cases)) {
    await t.test(name, async () => {
      scripted(answer);
      const error = await rejection(getAccessToken());
      assert.equal(error.name, "AccessTokenError");
      assert.equal(error.code, "client_error");
      assert.equal(error.message, message);
      assert.equal(error.status, status);
    });
  }
});

test("a network failure keeps its cause", async () => {
  const cause = new TypeError("Failed to fetch");
  scripted(() => Promise.reject(cause));
  const error = await rejection(getAccessToken());
  assert.equal(error.name, "AccessTokenError");
  assert.equal(error.code, "client_error");
  assert.equal(error.message, "No answer from accessToken");
  assert.equal(error.cause, cause);
  assert.equal(error.status, undefined);
});

test("an aborted call rejects with the signal's reason", async () => {
  const controller = new AbortController();
  scripted((signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
  const call = getAccessToken({ signal: controller.signal });
  controller.abort();
  assert.equal(await rejection(call), controller.signal.reason);
});

test("Retry-After is read as seconds or as a date", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-01-01T00:00:00Z") });
  const cases = { 30: 30, "Thu, 01 Jan 2026 00:01:30 GMT": 90, "Wed, 31 Dec 2025 00:00:00 GMT": 0, soon: undefined };
  for (const [header, seconds] of Object.entries(cases)) {
    scripted([429, { error: "too_many_attempts", error_description: "Wait" }, { "Retry-After": header }]);
    assert.equal((await rejection(getAccessToken())).retryAfter, seconds);
  }
  scripted([429, { error: "too_many_attempts", error_description: "Wait" }]);
  assert.equal((await rejection(getAccessToken())).retryAfter, undefined);
});

test("configure moves the routes", async () => {
  const requests = scripted([200, full], [200, full], [200, full]);
  configure({ basePath: "bank/", routes: { accessToken: "/api/token" } });
  await getAccessToken();
  configure({ basePath: "/deep/bank" });
  await getAccessToken();
  configure({ basePath: "/" });
  await getAccessToken();
  assert.deepEqual(requests.map(({ url }) => url), ["/bank/api/token", "/deep/bank/api/token", "/api/token"]);
});

test("configure refuses a route that does not exist", () => {
  assert.throws(() => configure({ routes: { acessToken: "/x" } }), { name: "InvalidRequestError", message: "Unknown route: acessToken" });
});

test("login and logout leave the page", () => {
  const visited = [];
  globalThis.window = globalThis;
  globalThis.location = { pathname: "/transfer", search: "?to=bob", hash: "#form", assign: (url) => visited.push(url) };
  login();
  login({ returnTo: "/", authorizationParams: { prompt: "login", audience: undefined } });
  logout();
  logout({ returnTo: "https://bank.example/bye", federated: true });
  assert.deepEqual(visited, [
    "/auth/login?returnTo=%2Ftransfer%3Fto%3Dbob%23form",
    "/auth/login?prompt=login&returnTo=%2F",
    "/auth/logout",
    "/auth/logout?returnTo=https%3A%2F%2Fbank.example%2Fbye&federated=",
  ]);
});
