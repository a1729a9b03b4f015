// @auth0/auth0-spa-js in Chromium: login, silent frame, refresh, step-up by every factor, logout.
import assert from "node:assert/strict";
import { withPage } from "../lib/chromium.mjs";
import { claimsOf } from "../lib/jwt.mjs";
import { errorOf, said } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { api, stepUpByEveryFactor, stepUpInTurn } from "../scenarios/step-up.mjs";
import { Application, serve } from "./spa.mjs";

const local = await tenant();
const address = await serve();
const options = { domain: local.domain, clientId: local.client("spa").client_id };

await withPage({ ignoreHTTPSErrors: true }, async (page) => {
  const framed = new Application(page, address, options);

  await step("log in by redirect", async () => {
    const { appState } = await framed.logIn(ada);
    assert.deepEqual(appState, { from: "/transfer" });
    assert.equal((await framed.call("getUser")).email, ada.username);
    assert.equal(await framed.call("isAuthenticated"), true);
  });

  await step("a token by a silent frame", async () => {
    const before = await framed.call("getTokenSilently");
    const after = await framed.call("getTokenSilently", { cacheMode: "off" });
    assert.notEqual(after, before);
  });

  await step("the callback of no login is refused", async () => {
    const error = await errorOf(framed.call("handleRedirectCallback", `${address}/?code=any&state=any`), "GenericError");
    assert.equal(error.error, "missing_transaction");
  });

  await step("logging out ends the session at the tenant", async () => {
    await page.evaluate((returnTo) => void auth0.logout({ logoutParams: { returnTo } }), `${address}/bye`);
    await page.waitForURL(`${address}/bye`);
    await framed.open();
    assert.equal(await framed.call("isAuthenticated"), false);
    const error = await errorOf(framed.call("getTokenSilently"), "GenericError");
    assert.equal(error.error, "login_required");
  });

  const refreshing = new Application(page, address, {
    ...options,
    useRefreshTokens: true,
    useMrrt: true,
    authorizationParams: { scope: "openid profile email" },
  });

  await step("a refresh token is good once; whoever uses it again ends the family", async () => {
    await refreshing.logIn(ada);
    const kept = () => page.evaluate(() => Object.values(localStorage).map((text) => JSON.parse(text).body?.refresh_token).find(Boolean));
    const first = await kept();
    await refreshing.call("getTokenSilently", { cacheMode: "off" });
    const second = await kept();
    assert.notEqual(second, first);

    await page.evaluate(
      ([first, second]) => {
        for (const [key, text] of Object.entries(localStorage)) localStorage[key] = text.replaceAll(second, first);
      },
      [first, second],
    );
    const error = await errorOf(refreshing.call("getTokenSilently", { cacheMode: "off" }), "GenericError");
    assert.deepEqual(said(error), { error: "invalid_grant", error_description: "Unknown or invalid refresh token." });
  });

  const errors = {
    list: "MfaListAuthenticatorsError",
    enroll: "MfaEnrollmentError",
    challenge: "MfaChallengeError",
    verify: "GenericError", // as every token request
  };
  let asked;

  const sdk = {
    logIn: (user) => refreshing.logIn(user),
    async stepUp(scope, audience = api) {
      asked = { audience, scope };
      return sdk.asked(refreshing.call("getTokenSilently", { cacheMode: "off", authorizationParams: asked }));
    },
    async asked(call) {
      const error = await errorOf(call, "MfaRequiredError");
      return { mfaToken: error.mfa_token, requirements: error.mfa_requirements };
    },
    list: (mfaToken) => refreshing.call("mfa.getAuthenticators", mfaToken),
    enroll: (mfaToken, enrolment) => refreshing.call("mfa.enroll", { mfaToken, ...enrolment }),
    challenge: (mfaToken, challengeType, authenticatorId) =>
      refreshing.call("mfa.challenge", { mfaToken, challengeType, authenticatorId }),
    async verify(mfaToken, proof) {
      const tokens = await refreshing.call("mfa.verify", { mfaToken, ...proof });
      const claims = claimsOf(tokens.access_token);
      assert.ok([claims.aud].flat().includes(asked.audience), `audience ${claims.aud}`);
      for (const scope of asked.scope.split(" ")) assert.ok(claims.scope.split(" ").includes(scope), claims.scope);
      assert.equal(claimsOf(tokens.id_token).sub, claims.sub);
      return { recoveryCode: tokens.recovery_code };
    },
    refused: async (call, what) => said(await errorOf(call, errors[what])),
  };

  await stepUpByEveryFactor(local, sdk);
  await stepUpInTurn(local, sdk);
});
