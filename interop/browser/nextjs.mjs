// @auth0/nextjs-auth0 in a Next.js application, in Chromium: login, refresh, step-up by every factor and in its pop-up, logout.
import assert from "node:assert/strict";
import { withPage } from "../lib/chromium.mjs";
import { logInOn } from "../lib/pages.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { asker, stepUpInPopup } from "../scenarios/popup.mjs";
import { anyFactor as audience, stepUpByEveryFactor, stepUpInTurn } from "../scenarios/step-up.mjs";
import { clientOf, stepUpIn } from "./page-client.mjs";

const app = process.env.STEPUP_APP;
const local = await tenant();

await withPage({ ignoreHTTPSErrors: true }, async (page) => {
  const context = page.context();

  /** Logs in, in a browser that has forgotten everything, on the way to a page that needs it. */
  async function logIn(user) {
    await context.clearCookies();
    await page.goto(`${app}/account`);
    await logInOn(page, user);
    await page.waitForURL(`${app}/account`);
    await page.waitForFunction(() => globalThis.client);
  }

  await step("log in on the way to a page that needs it", async () => {
    await logIn(ada);
    assert.equal(await page.textContent("#email"), ada.username);
    await page.waitForFunction((email) => document.querySelector("#client").textContent === email, ada.username);
  });

  await step("the callback of no login is refused", async () => {
    const answer = await context.request.get(`${app}/auth/callback?code=any&state=any`);
    assert.equal(answer.status(), 500);
    assert.match(await answer.text(), /state/);
  });

  await step("a refresh token is good once; whoever uses it again ends the family", async () => {
    const refresh = async () => (await context.request.post(`${app}/api/refresh`)).json();
    const stolen = await context.cookies(app);
    assert.equal(typeof (await refresh()).expiresAt, "number");
    const own = await context.cookies(app);
    for (const cookies of [stolen, own]) {
      await context.addCookies(cookies);
      const { name, code, cause } = await refresh();
      assert.deepEqual({ name, code }, { name: "AccessTokenError", code: "failed_to_refresh_token" });
      assert.deepEqual(cause, { code: "invalid_grant", message: "Unknown or invalid refresh token." });
    }
  });

  const sdk = stepUpIn(page, audience, logIn);
  await stepUpByEveryFactor(local, sdk);
  await stepUpInTurn(local, sdk);

  const user = async () => (await context.request.get(`${app}/auth/profile`)).json();
  await stepUpInPopup(local, { logIn, ask: asker(page, clientOf(page)), user, amr: undefined }); // the package keeps no `amr`

  await step("logging out ends both sessions", async () => {
    await page.goto(app);
    await page.getByRole("link", { name: "Log out" }).click();
    await page.getByRole("link", { name: "Log in" }).waitFor();
    assert.equal((await context.request.get(`${app}/auth/profile`)).status(), 401);
    await page.goto(`${app}/account`);
    await page.waitForURL("**/u/login?**");
  });
});
