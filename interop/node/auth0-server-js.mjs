// @auth0/auth0-server-js: login, refresh, step-up by every factor, logout, back-channel logout.
import assert from "node:assert/strict";
import { ServerClient, isMfaRequiredError } from "@auth0/auth0-server-js";
import { claimsOf } from "../lib/jwt.mjs";
import { listenForLogouts } from "../lib/logout-listener.mjs";
import { errorOf, said } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { Browser, expectPage, logIn } from "../lib/universal-login.mjs";
import { api as audience, stepUpByEveryFactor } from "../scenarios/step-up.mjs";

const redirectUri = "http://localhost:3000/auth/callback";
const returnTo = "http://localhost:3000/bye";

/** Keeps what the package gives it. */
class Memory {
  #values = new Map();

  async set(identifier, value) {
    this.#values.set(identifier, value);
  }

  async get(identifier) {
    return structuredClone(this.#values.get(identifier));
  }

  async delete(identifier) {
    this.#values.delete(identifier);
  }

  /** Makes the access tokens of every session as old as they get. */
  expire() {
    for (const { tokenSets } of this.#values.values()) for (const tokens of tokenSets) tokens.expiresAt = 0;
  }

  clear() {
    this.#values.clear();
  }

  async deleteByLogoutToken({ sid }) {
    for (const [identifier, { internal }] of this.#values) if (internal.sid === sid) this.#values.delete(identifier);
  }
}

const stateStore = new Memory();
const local = await tenant();
const { client_id: clientId, client_secret: clientSecret } = local.client("webapp");
const auth0 = new ServerClient({
  domain: local.domain,
  clientId,
  clientSecret,
  authorizationParams: { redirect_uri: redirectUri, scope: "openid profile email offline_access" },
  transactionStore: new Memory(),
  stateStore,
});

async function logInAs(user, browser) {
  const url = await auth0.startInteractiveLogin({ appState: { came: "from /transfer" } });
  return auth0.completeInteractiveLogin(await logIn(url, user, redirectUri, browser));
}

await step("log in through Universal Login", async () => {
  const { appState } = await logInAs(ada);
  assert.deepEqual(appState, { came: "from /transfer" });
  const user = await auth0.getUser();
  assert.equal(user.email, ada.username);
  assert.equal(user.email_verified, true);
});

await step("the callback of no login is refused", async () => {
  const url = new URL(`${redirectUri}?code=any&state=any`);
  await errorOf(auth0.completeInteractiveLogin(url), "MissingTransactionError");
});

await step("an access token that ran out is refreshed, and the refresh token replaced", async () => {
  const before = await auth0.getSession();
  assert.equal((await auth0.getAccessToken()).accessToken, before.tokenSets[0].accessToken);
  stateStore.expire();
  const { accessToken } = await auth0.getAccessToken();
  assert.notEqual(accessToken, before.tokenSets[0].accessToken);
  const after = await auth0.getSession();
  assert.notEqual(after.refreshToken, before.refreshToken);
  assert.equal(after.user.email, ada.username);

  // Somebody has stolen the token before, and uses it: nobody goes on with either.
  const dead = { error: "invalid_grant", error_description: "Unknown or invalid refresh token." };
  const reused = auth0.authClient.getTokenByRefreshToken({ refreshToken: before.refreshToken });
  assert.deepEqual(said((await errorOf(reused, "TokenByRefreshTokenError")).cause), dead);
  stateStore.expire();
  const error = await errorOf(auth0.getAccessToken(), "TokenByRefreshTokenError");
  assert.deepEqual(said(error.cause), dead);
});

await step("logging out ends both sessions", async () => {
  const browser = new Browser();
  await logInAs(ada, browser);
  const question = await browser.open(await auth0.logout({ returnTo }));
  assert.equal(await auth0.getUser(), undefined);
  const gone = await browser.send(question, {}, returnTo);
  assert.equal(gone.url.href, returnTo);
  expectPage(await browser.open(await auth0.startInteractiveLogin()), "/u/login");
});

await step("a logout elsewhere ends the session here", async () => {
  const logouts = await listenForLogouts((token) => auth0.handleBackchannelLogout(token));
  const browser = new Browser();
  await logInAs(ada, browser);
  const { idToken } = await auth0.getSession();
  await errorOf(auth0.handleBackchannelLogout(idToken), "VerifyLogoutTokenError");
  await browser.open(`${local.issuer}v2/logout`);
  await logouts.until(async () => (await auth0.getUser()) === undefined);
  logouts.close();
});

const errors = {
  list: "MfaListAuthenticatorsError",
  enroll: "MfaEnrollmentError",
  challenge: "MfaChallengeError",
  verify: "MfaVerifyError",
};
let asked;

await stepUpByEveryFactor(local, {
  async logIn(user) {
    stateStore.clear();
    await logInAs(user);
  },
  async stepUp(scope) {
    asked = `openid ${scope}`;
    const error = await errorOf(auth0.getAccessToken({ audience, scope: asked }), "TokenByRefreshTokenError");
    assert.ok(isMfaRequiredError(error), error.stack);
    return { mfaToken: error.cause.mfa_token, requirements: error.cause.mfa_requirements };
  },
  list: (mfaToken) => auth0.mfa.listAuthenticators({ mfaToken }),
  enroll: (mfaToken, enrolment) => auth0.mfa.enrollAuthenticator({ mfaToken, ...enrolment }),
  challenge: (mfaToken, challengeType, authenticatorId) =>
    auth0.mfa.challengeAuthenticator({ mfaToken, challengeType, authenticatorId }),
  async verify(mfaToken, proof) {
    const factorType = proof.otp ? "otp" : proof.oobCode ? "oob" : "recovery-code";
    const { recoveryCode } = await auth0.mfa.verify({ mfaToken, factorType, audience, ...proof });
    // The token is the session's from now on.
    const { accessToken } = await auth0.getAccessToken({ audience, scope: asked });
    const claims = claimsOf(accessToken);
    assert.ok([claims.aud].flat().includes(audience), `audience ${claims.aud}`);
    for (const scope of asked.split(" ")) assert.ok(claims.scope.split(" ").includes(scope), claims.scope);
    return { recoveryCode };
  },
  refused: async (call, what) => said((await errorOf(call, errors[what])).cause),
});
