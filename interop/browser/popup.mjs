// A client module's pop-up against the SDK's routes, in Chromium: `official` is that of @auth0/nextjs-auth0, `own` the SDK's.
import assert from "node:assert/strict";
import { closed, withPage } from "../lib/chromium.mjs";
import { cuttingOff } from "../lib/cutting-off.mjs";
import { assertAccessible } from "../lib/look.mjs";
import { answerAppOn, answerMessageOn, logInOn } from "../lib/pages.mjs";
import { errorOf } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada, grace, hedy, tenant } from "../lib/tenant.mjs";
import { asker, assertToken, stepUpInPopup, wanted } from "../scenarios/popup.mjs";
import { graceApp } from "../scenarios/step-up.mjs";
import { clientOf, loaders, scripts } from "./page-client.mjs";

const app = process.env.STEPUP_APP;
const which = process.argv[2];
const local = await tenant();

/** Chromium blocks pop-ups here, as it does for people. */
const options = { bypassCSP: true, ignoreDefaultArgs: ["--disable-popup-blocking"] };
await withPage(options, async (page) => {
  const context = page.context();
  const call = clientOf(page);
  const ask = asker(page, call);
  const user = async () => (await context.request.get(`${app}/auth/profile`)).json();
  const asksAgain = () => errorOf(call("getAccessToken", { ...wanted, mergeScopes: false }), "MfaRequiredError");

  async function logIn(user) {
    await context.clearCookies();
    await page.goto(`${app}/auth/login?returnTo=/balance`);
    await logInOn(page, user);
    await page.waitForURL(`${app}/balance`);
    await loaders[which](page);
  }

  const hedysApp = await stepUpInPopup(local, { logIn, ask, user, amr: ["mfa"] });

  await step("somebody else logs in in the pop-up: the session stays as it was", async () => {
    await logIn(ada);
    const before = await user();
    const { popup, token } = await ask({ prompt: "login" });
    await logInOn(popup, grace);
    await answerAppOn(popup, local, graceApp);
    assert.equal((await errorOf(token, "AccessTokenError")).error, "user_mismatch");
    assert.deepEqual(await user(), before);
    await asksAgain();
  });

  await step("what the tenant refuses comes with the tenant's code", async () => {
    await logIn(ada);
    const { token } = await ask({ audience: "https://nowhere.example.com" });
    const error = await errorOf(token, "AccessTokenError");
    assert.equal(error.error, "access_denied");
    assert.match(error.message, /^Service not found: https:\/\/nowhere/);
    assert.equal((await user()).email, ada.username);
  });

  await step("a pop-up that takes too long", async () => {
    await logIn(ada);
    const { popup, token } = await ask({ timeout: 1_000 });
    assert.equal((await errorOf(token, "PopupTimeoutError")).error, "popup_timeout");
    if (which === "official") await popup.close(); // that client leaves it open
    else await closed(popup);
  });

  await step("one at a time", async () => {
    const { popup, token } = await ask();
    assert.equal((await errorOf(call("mfa.challengeWithPopup", wanted), "PopupInProgressError")).error, "popup_in_progress");
    assert.equal(context.pages().length, 2);
    await answerMessageOn(popup, local, "email", ada.username);
    await assertToken(token);
  });

  await step("what no click asked for is blocked", async () => {
    const other = await context.newPage();
    await other.addInitScript(await scripts[which]());
    await other.addInitScript((wanted) => {
      addEventListener("load", async () => {
        await globalThis.loaded;
        globalThis.outcome = client.mfa.challengeWithPopup(wanted).catch(({ name, code }) => ({ name, code }));
      });
    }, wanted);
    await other.goto(`${app}/balance`);
    await other.waitForFunction(() => globalThis.outcome);
    assert.deepEqual(await other.evaluate(() => outcome), { name: "PopupBlockedError", code: "popup_blocked" });
    await other.close();
  });

  if (which === "own") {
    await step("with the configured scopes, a plain look-up finds the token afterwards", async () => {
      await logIn(ada);
      const { popup, token } = await ask({ mergeScopes: true });
      await answerMessageOn(popup, local, "email", ada.username);
      await assertToken(token);
      assert.equal(await call("getAccessToken", wanted), (await token).token);
    });

    await step("who listens hears of the second factor", async () => {
      await logIn(hedy);
      await page.evaluate(() => {
        globalThis.heard = [];
        globalThis.end = client.onUserChange(({ email, amr = [] }) => heard.push([email, ...amr]));
      });
      await page.waitForFunction(() => heard.length === 1);
      const { popup, token } = await ask();
      await answerAppOn(popup, local, hedysApp);
      await assertToken(token);
      await page.waitForFunction(() => heard.length === 2);
      assert.deepEqual(await page.evaluate(() => (end(), heard)), [[hedy.username], [hedy.username, "mfa"]]);
    });

    await step("giving up closes the pop-up", async () => {
      await logIn(ada);
      const opened = context.waitForEvent("page");
      const ended = page.evaluate(async (wanted) => {
        const controller = new AbortController();
        globalThis.giveUp = () => controller.abort("enough");
        return client.mfa.challengeWithPopup({ ...wanted, signal: controller.signal }).catch((reason) => reason);
      }, wanted);
      const popup = await opened;
      await page.evaluate(() => giveUp());
      assert.equal(await ended, "enough");
      await closed(popup);
    });
  }
});

await withPage({ javaScriptEnabled: false }, async (page) => {
  await step("without scripts its end says so, and leads back", async () => {
    await page.goto(`${app}/auth/login?challengeMode=popup&returnTo=/balance`);
    await logInOn(page, ada);
    await page.getByRole("heading", { name: "Done" }).waitFor();
    await page.getByRole("link", { name: "Close" }).click();
    await page.waitForURL(`${app}/balance`);
  });
});

await withPage({}, async (page, complaints) => {
  await step("the page at its end, seen in a window that may not close itself", async () => {
    await page.goto(`${app}/auth/login?challengeMode=popup&returnTo=/balance`);
    await logInOn(page, ada);
    await closingPage("Done");
    await page.goto(`${app}/auth/login?challengeMode=popup&audience=https://nowhere.example.com`);
    await closingPage("That did not work");
    await page.getByRole("link", { name: "Close" }).click();
    await page.waitForURL(`${app}/`);
  });

  /** Its script ran under its own policy, and nobody is kept out. */
  async function closingPage(heading) {
    await page.getByRole("heading", { name: heading }).waitFor();
    await assertAccessible(page, heading);
    assert.deepEqual(complaints, []);
  }
});

if (which === "own") {
  const proxy = await cuttingOff(local.issuer);
  await withPage({ bypassCSP: true, proxy: proxy.options }, async (page) => {
    await step("a pop-up that the tenant's policy cuts off is heard all the same", async () => {
      await page.goto(`${app}/auth/login?returnTo=/balance`);
      await logInOn(page, ada);
      await page.waitForURL(`${app}/balance`);
      await loaders.own(page);
      await page.evaluate(() => (document.hasFocus = () => false)); // the person is in the pop-up
      const { popup, token } = await asker(page, clientOf(page))();
      await popup.waitForURL("**/u/mfa-email-challenge?**");
      assert.equal(await popup.evaluate(() => window.opener), null);
      await answerMessageOn(popup, local, "email", ada.username);
      await assertToken(token);
    });
  });
  proxy.close();
}
