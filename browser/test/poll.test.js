import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { mfa } from "../stepup.js";
import { rejection, scripted } from "./scripted.js";
import { turns } from "./scripted-window.js";

const options = { mfaToken: "sealed", oobCode: "Fe26" };
const pending = [400, { error: "authorization_pending", error_description: "Not yet" }];
const slowDown = [400, { error: "slow_down", error_description: "Slowly" }];
const approved = [200, { success: true }];

/** Lets time go by until the call has ended, or for `seconds`; the seconds at which requests went out. */
async function timeline(t, requests, call, seconds) {
  let ended = false;
  call.then(() => (ended = true), () => (ended = true));
  const times = [];
  for (let tenths = 0; ; tenths++) {
    await turns();
    while (times.length < requests.length) times.push(Math.floor(tenths / 10));
    if (ended || tenths === seconds * 10) break;
    t.mock.timers.tick(100);
  }
  return times;
}

test("poll asks until the push is approved", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const requests = scripted(pending, pending, approved);
  const call = mfa.poll(options);
  assert.deepEqual(await timeline(t, requests, call, 60), [0, 5, 10]);
  assert.deepEqual(await call, { success: true });
  assert.equal(requests[0].url, "/auth/mfa/push");
  assert.equal(requests[0].method, "POST");
  assert.deepEqual(requests[0].body, { mfa_token: "sealed", oob_code: "Fe26" });
});

test("slow_down makes the interval five seconds longer, for good", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const requests = scripted(pending, slowDown, pending, slowDown, approved);
  const call = mfa.poll({ ...options, interval: 2 });
  assert.deepEqual(await timeline(t, requests, call, 60), [0, 2, 4, 11, 18]);
  await call;
});

test("an answer that the server held back for the interval is followed at once", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const late = () => new Promise((resolve) => setTimeout(() => resolve(new Response(JSON.stringify(pending[1]), { status: 400 })), 25_000));
  const requests = scripted(late, approved);
  const call = mfa.poll(options);
  assert.deepEqual(await timeline(t, requests, call, 60), [0, 25]);
  await call;
});

test("Retry-After is waited for", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const requests = scripted([...slowDown, { "Retry-After": "20" }], approved);
  const call = mfa.poll(options);
  assert.deepEqual(await timeline(t, requests, call, 60), [0, 20]);
  await call;
});

test("a connection that is cut is no answer", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const requests = scripted(() => Promise.reject(new TypeError("Failed to fetch")), [504, "<h1>Gateway Timeout</h1>"], approved);
  const call = mfa.poll(options);
  assert.deepEqual(await timeline(t, requests, call, 60), [0, 5, 10]);
  await call;
});

test("a proxy says by itself that the application restarts: that is no answer", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const requests = scripted([502, "<h1>Bad Gateway</h1>"], [503, "", { "Retry-After": "8" }], approved);
  const call = mfa.poll(options);
  assert.deepEqual(await timeline(t, requests, call, 60), [0, 5, 13]);
  await call;
  for (const answer of [[500, "<h1>Oh</h1>"], [502, { error: "server_error", error_description: "" }]]) {
    scripted(answer);
    assert.equal((await rejection(mfa.poll(options))).status, answer[0]);
  }
});

test("a refusal ends it", async (t) => {
  for (const code of ["access_denied", "invalid_grant", "mfa_token_expired", "server_error"]) {
    const requests = scripted([403, { error: code, error_description: "MFA Authorization rejected." }]);
    const error = await rejection(mfa.poll(options));
    assert.equal(error.name, code === "mfa_token_expired" ? "MfaTokenExpiredError" : "MfaVerifyError");
    assert.deepEqual([error.code, error.message, requests.length], [code, "MFA Authorization rejected.", 1]);
  }
});

test("another factor is asked for with an MfaRequiredError", async () => {
  scripted([403, { error: "mfa_required", error_description: "Again", mfa_token: "next" }]);
  const error = await rejection(mfa.poll(options));
  assert.deepEqual([error.name, error.mfa_token], ["MfaRequiredError", "next"]);
});

test("nobody waits for ever, not even for an answer under way", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  let signal;
  scripted(pending, (given) => new Promise((_, reject) => (signal = given).addEventListener("abort", () => reject(given.reason))));
  const call = mfa.poll({ ...options, timeout: 12_000 });
  await timeline(t, [], call, 20);
  const error = await rejection(call);
  assert.deepEqual([error.name, error.code], ["MfaVerifyError", "timeout"]);
  assert.equal(signal.aborted, true);
});

test("a time that no timer takes is the longest one", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  for (const timeout of [Infinity, 2 ** 31, 30 * 24 * 3600 * 1000]) {
    const requests = scripted(pending, approved);
    const call = mfa.poll({ ...options, timeout });
    assert.deepEqual(await timeline(t, requests, call, 60), [0, 5]);
    assert.deepEqual(await call, { success: true });
  }
});

test("a question that was answered leaves nothing behind", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const listeners = [];
  const later = (signal) => {
    listeners.push(getEventListeners(signal, "abort").length);
    return new Response(JSON.stringify(pending[1]), { status: 400 });
  };
  const requests = scripted(later, later, later, approved);
  await timeline(t, requests, mfa.poll(options), 60);
  assert.deepEqual(listeners, [listeners[0], listeners[0], listeners[0]]);
});

test("poll can be given up, between two questions too", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const requests = scripted(pending);
  const controller = new AbortController();
  const call = mfa.poll({ ...options, signal: controller.signal });
  await turns();
  controller.abort();
  assert.equal(await rejection(call), controller.signal.reason);
  assert.equal(requests.length, 1);
});

test("any reason for giving up is what poll rejects with", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const unanswered = (given) => new Promise((_, reject) => given.addEventListener("abort", () => reject(given.reason)));
  for (const reason of [null, "enough", { code: "slow_down" }]) {
    for (const answer of [unanswered, pending]) {
      const requests = scripted(answer);
      const controller = new AbortController();
      const call = mfa.poll({ ...options, signal: controller.signal });
      await turns();
      controller.abort(reason);
      assert.equal(await rejection(call), reason);
      assert.equal(requests.length, 1);
    }
  }
});

test("poll needs the code of the push", async () => {
  assert.equal((await rejection(mfa.poll({ mfaToken: "sealed" }))).name, "InvalidRequestError");
});
