// The SDK's own browser module where the tenant has had enough of calls, in Chromium: it says how long to wait.
import assert from "node:assert/strict";
import { withPage } from "../lib/chromium.mjs";
import { logInOn } from "../lib/pages.mjs";
import { errorOf } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { api } from "../scenarios/step-up.mjs";
import { clientOf, loaders } from "./page-client.mjs";

const app = process.env.STEPUP_APP;
const local = await tenant();

await withPage({ bypassCSP: true }, async (page) => {
  await step("too many calls: retryAfter says for how long, and then it goes on", async () => {
    await page.goto(`${app}/auth/login?returnTo=/balance`);
    await logInOn(page, ada);
    await page.waitForURL(`${app}/balance`);
    await loaders.own(page);
    const call = clientOf(page);
    const wanted = { audience: api, scope: "transfer:funds", mergeScopes: false };
    const { mfa_token: mfaToken } = await errorOf(call("getAccessToken", wanted), "MfaRequiredError");
    await call("mfa.enroll", { mfaToken, factorType: "otp" });
    const answer = async () => {
      const { error, status, retryAfter } = await errorOf(call("mfa.verify", { mfaToken, otp: "000000" }), "MfaVerifyError");
      return { error, status, retryAfter };
    };
    const wrong = { error: "invalid_grant", status: 403, retryAfter: undefined };
    let last = await answer();
    for (let tries = 1; tries < 10 && last.status !== 429; tries++) {
      assert.deepEqual(last, wrong);
      last = await answer();
    }
    const { retryAfter, ...refused } = last;
    assert.deepEqual(refused, { error: "too_many_requests", status: 429 });
    assert.ok(retryAfter > 0 && retryAfter <= 60, `${retryAfter} s`);
    await local.advance(retryAfter);
    assert.deepEqual(await answer(), wrong);
  });
});
