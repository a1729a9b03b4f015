import assert from "node:assert/strict";
import { test } from "node:test";
import * as stepup from "../stepup.js";
import { rejection, scripted } from "./scripted.js";
import { broadcast, scriptedWindow, turns } from "./scripted-window.js";

const { challengeWithPopup } = stepup.mfa;
const audience = "https://api.example.com";
const full = { token: "eyJ", scope: "openid", expires_at: 1790000000, expires_in: 3600, token_type: "Bearer" };
const done = (page, more) => ({ type: "auth_complete", success: true, user: { sub: "auth0|1" }, transactionId: page.query().transactionId, ...more });
const failed = (page, code, message) => done(page, { success: false, user: undefined, error: { code, message } });

/** The pop-up that a call opens, which waits for its end. */
function asked(page, options = {}) {
  const call = challengeWithPopup({ audience, ...options });
  call.catch(() => {}); // until somebody waits for it
  return { call, popup: page.opened.at(-1) };
}

test("the pop-up goes to the login route, in the middle of the window", async (t) => {
  const page = scriptedWindow(t);
  scripted([200, full]);
  const { call, popup } = asked(page, { scope: "openid transfer:funds", prompt: "login", returnTo: "/transfer" });
  assert.equal(popup.target, "_blank");
  assert.equal(popup.features, "width=400,height=600,left=400,top=150,scrollbars=yes");
  assert.ok(popup.url.startsWith("/auth/login?"));
  const { transactionId, ...query } = page.query();
  assert.match(transactionId, /^[0-9]+(-[0-9]+){3}$/);
  assert.deepEqual(query, {
    returnTo: "/transfer",
    acr_values: "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
    audience,
    challengeMode: "popup",
    prompt: "login",
    scope: "openid transfer:funds",
  });
  page.post(done(page));
  await call;
});

test("what may be left out is not sent, and the size is the caller's", async (t) => {
  const page = scriptedWindow(t);
  const requests = scripted([200, full]);
  const { call, popup } = asked(page, { acr_values: "urn:own", popupWidth: 500, popupHeight: 300 });
  const { transactionId, ...query } = page.query();
  assert.deepEqual(query, { returnTo: "/", acr_values: "urn:own", audience, challengeMode: "popup" });
  assert.equal(popup.features, "width=500,height=300,left=350,top=300,scrollbars=yes");
  page.post(done(page));
  assert.deepEqual(await call, full);
  assert.equal(requests[0].url, "/auth/access-token?audience=https%3A%2F%2Fapi.example.com");
});

test("what an answer by RFC 9470 asks for is sent, and without an API no token is asked for", async (t) => {
  const page = scriptedWindow(t);
  const requests = scripted();
  const call = challengeWithPopup({ audience: null, acr_values: "urn:own", maxAge: 0 });
  const { transactionId, ...query } = page.query();
  assert.deepEqual(query, { returnTo: "/", acr_values: "urn:own", max_age: "0", challengeMode: "popup" });
  page.post(done(page));
  assert.equal(await call, undefined);
  assert.deepEqual(requests, []);
});

test("what a guarded route without an API asks for may have a scope", async (t) => {
  const page = scriptedWindow(t);
  const requests = scripted();
  const call = challengeWithPopup({ audience: null, scope: "transfer:funds", acr_values: "urn:own" });
  const { transactionId, ...query } = page.query();
  assert.deepEqual(query, { returnTo: "/", acr_values: "urn:own", challengeMode: "popup", scope: "transfer:funds" });
  page.post(done(page));
  assert.equal(await call, undefined);
  assert.deepEqual(requests, []);
});

test("at the end it closes, and the token comes from the session", async (t) => {
  const page = scriptedWindow(t);
  const requests = scripted([200, full]);
  const { call, popup } = asked(page, { scope: "transfer:funds" });
  page.post(done(page));
  assert.deepEqual(await call, full);
  assert.equal(popup.closed, true);
  assert.deepEqual(requests.map(({ url }) => url), [
    "/auth/access-token?audience=https%3A%2F%2Fapi.example.com&scope=transfer%3Afunds&mergeScopes=false",
  ]);
});

test("with the configured scopes beside its own, it leaves what a plain look-up finds", async (t) => {
  const page = scriptedWindow(t);
  const requests = scripted([200, full]);
  const { call } = asked(page, { scope: "transfer:funds", mergeScopes: true });
  assert.equal(page.query().mergeScopes, "true");
  page.post(done(page));
  await call;
  assert.deepEqual(requests.map(({ url }) => url), [
    "/auth/access-token?audience=https%3A%2F%2Fapi.example.com&scope=transfer%3Afunds",
  ]);
});

test("without a scope of its own, the look-up is the plain one", async (t) => {
  for (const mergeScopes of [undefined, false, true]) {
    const page = scriptedWindow(t);
    const requests = scripted([200, full]);
    const { call } = asked(page, { mergeScopes });
    assert.equal(page.query().mergeScopes, undefined);
    page.post(done(page));
    await call;
    assert.deepEqual(requests.map(({ url }) => url), ["/auth/access-token?audience=https%3A%2F%2Fapi.example.com"], `${mergeScopes}`);
  }
});

test("only its own pop-up is heard", async (t) => {
  const page = scriptedWindow(t);
  scripted([200, full]);
  const { call } = asked(page);
  page.post(failed(page, "wrong_origin"), { origin: "https://evil.example.com" });
  page.post(failed(page, "wrong_source"), { source: {} });
  page.post({ ...failed(page, "wrong_id"), transactionId: "1-2-3-4" });
  page.post({ ...failed(page, "no_id"), transactionId: undefined });
  page.post({ ...failed(page, "wrong_type"), type: "other" });
  page.post("text");
  page.post(null);
  await broadcast({ ...failed(page, "another_tabs"), transactionId: "1-2-3-4" });
  page.post(done(page));
  assert.deepEqual(await call, full);
});

test("a pop-up that was cut off is heard on the channel, and is not closed as long as the person is in it", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  const page = scriptedWindow(t);
  scripted([200, full]);
  const { call, popup } = asked(page);
  popup.closed = true;
  page.document.focused = false;
  t.mock.timers.tick(30_000);
  await broadcast(done(page));
  assert.deepEqual(await call, full);
});

test("a pop-up that is closed", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  const page = scriptedWindow(t);
  scripted();
  const { call, popup } = asked(page);
  t.mock.timers.tick(2_000);
  popup.closed = true;
  t.mock.timers.tick(1_000);
  const error = await rejection(call);
  assert.ok(error instanceof stepup.PopupCancelledError && error instanceof stepup.StepupError);
  assert.deepEqual([error.name, error.code, error.message], ["PopupCancelledError", "popup_cancelled", "The pop-up was closed"]);
});

test("what it said as it closed counts", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  const page = scriptedWindow(t);
  scripted([200, full]);
  const { call, popup } = asked(page);
  popup.closed = true;
  t.mock.timers.tick(500);
  page.post(done(page));
  t.mock.timers.tick(500);
  assert.deepEqual(await call, full);
});

test("a pop-up that takes too long is closed", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  const page = scriptedWindow(t);
  scripted();
  const { call, popup } = asked(page);
  t.mock.timers.tick(59_999);
  await turns();
  assert.equal(popup.closed, false);
  t.mock.timers.tick(1);
  const error = await rejection(call);
  assert.deepEqual([error.name, error.code], ["PopupTimeoutError", "popup_timeout"]);
  assert.equal(popup.closed, true);
});

test("a pop-up may take as long as the longest timer", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  for (const timeout of [Infinity, 2 ** 31, 2 ** 31 - 1]) {
    const page = scriptedWindow(t);
    scripted([200, full]);
    const { call, popup } = asked(page, { timeout });
    t.mock.timers.tick(24 * 3600 * 1000);
    await turns();
    assert.equal(popup.closed, false, `${timeout}`);
    page.post(done(page));
    assert.deepEqual(await call, full);
  }
});

test("a blocked pop-up", async (t) => {
  const page = scriptedWindow(t);
  page.window.open = () => null;
  const error = await rejection(challengeWithPopup({ audience }));
  assert.deepEqual([error.name, error.code], ["PopupBlockedError", "popup_blocked"]);
});

test("one pop-up at a time, and the next when it has come to its end", async (t) => {
  const page = scriptedWindow(t);
  scripted([200, full]);
  const first = asked(page);
  const error = await rejection(challengeWithPopup({ audience }));
  assert.deepEqual([error.name, error.code], ["PopupInProgressError", "popup_in_progress"]);
  assert.equal(page.opened.length, 1);
  page.post(failed(page, "access_denied", "No"));
  await rejection(first.call);
  const { call } = asked(page);
  page.post(done(page));
  assert.deepEqual(await call, full);
});

test("the tenant's code becomes the error", async (t) => {
  const cases = [
    ["access_denied", "The user said no", "AccessTokenError"],
    ["user_mismatch", "Somebody else", "AccessTokenError"],
    ["mfa_required", "Once more", "MfaRequiredError"],
  ];
  for (const [code, message, name] of cases) {
    const page = scriptedWindow(t);
    scripted();
    const { call, popup } = asked(page);
    page.post(failed(page, code, message));
    const error = await rejection(call);
    assert.ok(error instanceof stepup[name]);
    assert.deepEqual([error.code, error.message, error.error_description], [code, message, message]);
    assert.equal(error.login_required, name === "MfaRequiredError" ? true : undefined);
    assert.equal(popup.closed, true);
  }
});

test("an error after the pop-up is the access token's", async (t) => {
  const page = scriptedWindow(t);
  scripted([403, { error: "mfa_required", error_description: "Again", mfa_token: "next" }]);
  const { call } = asked(page);
  page.post(done(page));
  const error = await rejection(call);
  assert.deepEqual([error.name, error.mfa_token], ["MfaRequiredError", "next"]);
});

test("giving up closes the pop-up", async (t) => {
  const page = scriptedWindow(t);
  scripted();
  const controller = new AbortController();
  const { call, popup } = asked(page, { signal: controller.signal });
  controller.abort();
  assert.equal(await rejection(call), controller.signal.reason);
  assert.equal(popup.closed, true);
  assert.equal(await rejection(challengeWithPopup({ audience, signal: controller.signal })), controller.signal.reason);
  assert.equal(page.opened.length, 1);
});

test("an API must be named, or be said to be none, and a page be there", async (t) => {
  const outside = await rejection(challengeWithPopup({ audience }));
  assert.deepEqual([outside.name, outside.code], ["ExecutionContextError", "invalid_execution_context"]);
  const page = scriptedWindow(t);
  for (const options of [{}, { audience: "" }, { scope: "transfer:funds" }]) {
    const error = await rejection(challengeWithPopup(options));
    assert.deepEqual([error.name, error.message], ["InvalidRequestError", "audience is required"]);
  }
  assert.equal(page.opened.length, 0);
});
