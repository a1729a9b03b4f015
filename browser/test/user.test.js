import assert from "node:assert/strict";
import { test } from "node:test";
import { ExecutionContextError, login, logout, mfa, onUserChange } from "../stepup.js";
import { scripted } from "./scripted.js";
import { broadcast, scriptedWindow, turns } from "./scripted-window.js";

const ada = { sub: "auth0|ada" };
const nobody = [401, null];

test("onUserChange tells the user, and again only what is new", async (t) => {
  const page = scriptedWindow(t);
  const requests = scripted([200, ada], [200, ada], nobody, [200, { ...ada, amr: ["mfa"] }]);
  const heard = [];
  const end = onUserChange((user) => heard.push(user));
  await turns();
  assert.deepEqual(heard, [ada]);
  page.show();
  await turns();
  assert.deepEqual(heard, [ada]);
  page.show();
  await turns();
  assert.deepEqual(heard, [ada, null]);
  await broadcast({ type: "auth_complete" });
  await turns();
  assert.deepEqual(heard, [ada, null, { ...ada, amr: ["mfa"] }]);
  end();
  page.show();
  await turns();
  assert.equal(requests.length, 4);
});

test("a second factor is a change", async (t) => {
  scriptedWindow(t);
  scripted([200, ada], [200, { success: true }], [200, { ...ada, amr: ["mfa"] }]);
  const heard = [];
  const end = onUserChange((user) => heard.push(user));
  await turns();
  await mfa.verify({ mfaToken: "sealed", otp: "123456" });
  await turns();
  assert.deepEqual(heard, [ada, { ...ada, amr: ["mfa"] }]);
  end();
});

test("a page out of view does not ask, and a server that is down tells nothing", async (t) => {
  const page = scriptedWindow(t);
  const requests = scripted([500, "oops"], [200, ada]);
  const heard = [];
  const end = onUserChange((user) => heard.push(user));
  await turns();
  page.document.visibilityState = "hidden";
  page.document.dispatchEvent(new Event("visibilitychange"));
  await turns();
  assert.deepEqual([heard, requests.length], [[], 1]);
  page.show();
  await turns();
  assert.deepEqual(heard, [ada]);
  end();
});

test("without a page there is no user to watch and nothing to leave", () => {
  const requests = scripted();
  for (const call of [() => onUserChange(() => {}), () => login(), () => login({ returnTo: "/" }), () => logout()]) {
    assert.throws(call, ExecutionContextError);
  }
  assert.deepEqual(requests, []);
});

test("a signal ends it", async (t) => {
  const page = scriptedWindow(t);
  const requests = scripted([200, ada]);
  const controller = new AbortController();
  const heard = [];
  onUserChange((user) => heard.push(user), { signal: controller.signal });
  controller.abort();
  page.show();
  await turns();
  assert.deepEqual(heard, []);
  assert.ok(requests.length <= 1);
});
