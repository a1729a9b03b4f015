// @auth0/auth0-spa-js in Chromium: whoever is asked for a second factor gives it in a pop-up, on the tenant's pages.
import assert from "node:assert/strict";
import { closed, withPage } from "../lib/chromium.mjs";
import { claimsOf } from "../lib/jwt.mjs";
import { answerAppOn, answerMessageOn, enrolAppOn } from "../lib/pages.mjs";
import { errorOf } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada, hedy, tenant } from "../lib/tenant.mjs";
import { anyFactor as audience } from "../scenarios/step-up.mjs";
import { Application, serve } from "./spa.mjs";

const local = await tenant();
const address = await serve();
const options = { domain: local.domain, clientId: local.client("spa").client_id, interactiveErrorHandler: "popup" };
const authorizationParams = { audience, scope: "openid profile email transfer:funds" };

await withPage({ ignoreHTTPSErrors: true }, async (page) => {
  const refreshing = new Application(page, address, { ...options, useRefreshTokens: true, useMrrt: true });
  const framed = new Application(page, address, options);

  /** Asks for a token, which opens a pop-up; gives both. */
  async function asked(app) {
    const opened = page.context().waitForEvent("page");
    const token = app.call("getTokenSilently", { authorizationParams });
    token.catch(() => {}); // until somebody waits for it
    return { popup: await opened, token };
  }

  async function assertToken(token) {
    const claims = claimsOf(await token);
    assert.ok([claims.aud].flat().includes(audience), `audience ${claims.aud}`);
    assert.ok(claims.scope.split(" ").includes("transfer:funds"), claims.scope);
  }

  await step("a refused refresh: whose address is verified gives the code sent there, in the pop-up", async () => {
    await refreshing.logIn(ada);
    const { popup, token } = await asked(refreshing);
    await answerMessageOn(popup, local, "email", ada.username);
    await assertToken(token);
    await closed(popup);
  });

  const app = await step("a refused refresh: who has nothing enrols, in the pop-up", async () => {
    await refreshing.logIn(hedy);
    const { popup, token } = await asked(refreshing);
    const app = await enrolAppOn(popup, local);
    await assertToken(token);
    return app;
  });

  await step("a refused frame: the challenge in the pop-up", async () => {
    await framed.logIn(hedy);
    const { popup, token } = await asked(framed);
    await answerAppOn(popup, local, app);
    await assertToken(token);
  });

  await step("a pop-up that is closed", async () => {
    await framed.logIn(hedy);
    const { popup, token } = await asked(framed);
    await popup.waitForURL("**/u/mfa-otp-challenge?**");
    await popup.close();
    assert.equal((await errorOf(token, "PopupCancelledError")).error, "cancelled");
  });
});
