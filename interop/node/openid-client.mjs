// openid-client: what any OpenID client does with the tenant, and the MFA grants as extension grants (RFC 6749 section 4.5).
import assert from "node:assert/strict";
import * as client from "openid-client";
import { claimsOf } from "../lib/jwt.mjs";
import { errorOf, said } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { Browser, expectPage } from "../lib/universal-login.mjs";
import { api, stepUpByEveryFactor, stepUpInTurn } from "../scenarios/step-up.mjs";
import { redirectUri, scope, tokensOf } from "./relying-party.mjs";

const returnTo = "http://localhost:3000/bye";

const local = await tenant();
const webapp = local.client("webapp");
const discover = (authentication, { client_id } = webapp) =>
  client.discovery(new URL(local.issuer), client_id, undefined, authentication);

const config = await step("discover the tenant", async () => {
  const config = await discover(client.ClientSecretBasic(webapp.client_secret));
  client.enableNonRepudiationChecks(config); // ID tokens' signatures are checked by the published keys
  assert.equal(config.serverMetadata().issuer, local.issuer);
  return config;
});

/** A refused exchange: `error`, `error_description`, and what else the body says. */
const refusedBody = async (call) => (await errorOf(call, "ResponseBodyError")).cause;

await step("log in: code, PKCE, state, nonce, signatures; then userinfo", async () => {
  const tokens = await tokensOf(config, ada);
  const claims = tokens.claims();
  assert.equal(claims.email, ada.username);
  const user = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(user.email, ada.username);
});

await step("each way to send the secret is taken", async () => {
  for (const way of [client.ClientSecretPost, client.ClientSecretBasic]) {
    const tokens = await tokensOf(await discover(way(webapp.client_secret)), ada);
    assert.ok(tokens.refresh_token);
  }
  const wrong = await discover(client.ClientSecretPost("not the secret"));
  const body = await refusedBody(tokensOf(wrong, ada));
  assert.deepEqual(said(body), { error: "access_denied", error_description: "Unauthorized" });
});

await step("a public client needs no secret", async () => {
  const tokens = await tokensOf(await discover(client.None(), local.client("spa")), ada);
  assert.equal(tokens.claims().aud, local.client("spa").client_id);
});

await step("a refresh token is good once; whoever uses it again ends the family", async () => {
  const { refresh_token: first } = await tokensOf(config, ada);
  const { refresh_token: second } = await client.refreshTokenGrant(config, first);
  assert.notEqual(second, first);
  const dead = { error: "invalid_grant", error_description: "Unknown or invalid refresh token." };
  for (const token of [first, second]) {
    assert.deepEqual(said(await refusedBody(client.refreshTokenGrant(config, token))), dead);
  }
});

await step("a revoked refresh token is refused", async () => {
  const { refresh_token: token } = await tokensOf(config, ada);
  await client.tokenRevocation(config, token);
  assert.equal((await refusedBody(client.refreshTokenGrant(config, token))).error, "invalid_grant");
});

await step("prompt=none without a session, and an unknown API, come back as errors", async () => {
  const browser = new Browser();
  const ask = async (parameters) => {
    const url = client.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope, state: "s", ...parameters });
    const { url: back } = await browser.open(url, { stopAt: redirectUri });
    assert.equal(back.searchParams.get("state"), "s");
    return (await errorOf(client.authorizationCodeGrant(config, back, { expectedState: "s" }), "AuthorizationResponseError")).error;
  };
  assert.equal(await ask({ prompt: "none" }), "login_required");
  assert.equal(await ask({ audience: "https://nobody.example.com" }), "access_denied");
});

await step("log out with the ID token as a hint", async () => {
  const browser = new Browser();
  const tokens = await tokensOf(config, ada, { browser });
  const url = client.buildEndSessionUrl(config, { post_logout_redirect_uri: returnTo, id_token_hint: tokens.id_token, state: "bye" });
  const { url: gone } = await browser.open(url, { stopAt: returnTo });
  assert.equal(gone.href, `${returnTo}?state=bye`);
  expectPage(await browser.open(client.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope })), "/u/login");
});

/** A call of the MFA API; its refusal is an error like those of the token endpoint. */
async function mfaApi(mfaToken, method, path, body) {
  const response = await client.fetchProtectedResource(
    config,
    mfaToken,
    new URL(`mfa/${path}`, local.issuer),
    method,
    body && JSON.stringify(body),
    new Headers(body && { "Content-Type": "application/json" }),
  );
  const answer = response.status === 204 ? undefined : await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error_description), { name: "MfaApiError", cause: answer });
  return answer;
}

const mfaGrant = (name) => `http://auth0.com/oauth/grant-type/mfa-${name}`;
let session;

const sdk = {
  async logIn(user) {
    session = { tokens: await tokensOf(config, user) };
  },
  async stepUp(scope, audience = api) {
    session.asked = { audience, scope: `openid ${scope}` };
    return sdk.asked(client.refreshTokenGrant(config, session.tokens.refresh_token, session.asked));
  },
  async asked(call) {
    const { error, error_description, mfa_token: mfaToken, mfa_requirements: requirements } = await refusedBody(call);
    assert.deepEqual({ error, error_description }, { error: "mfa_required", error_description: "Multifactor authentication required" });
    return { mfaToken, requirements };
  },
  list: (mfaToken) => mfaApi(mfaToken, "GET", "authenticators"),
  async enroll(mfaToken, { authenticatorTypes, oobChannels, phoneNumber, email }) {
    const answer = await mfaApi(mfaToken, "POST", "associate", {
      authenticator_types: authenticatorTypes,
      oob_channels: oobChannels,
      phone_number: phoneNumber,
      email,
    });
    return camelCased(answer);
  },
  async challenge(mfaToken, challengeType, authenticatorId) {
    const answer = await mfaApi(mfaToken, "POST", "challenge", {
      client_id: webapp.client_id,
      client_secret: webapp.client_secret,
      mfa_token: mfaToken,
      challenge_type: challengeType,
      authenticator_id: authenticatorId,
    });
    return camelCased(answer);
  },
  async verify(mfaToken, { otp, oobCode, bindingCode, recoveryCode }) {
    const name = otp ? "otp" : oobCode ? "oob" : "recovery-code";
    const proof = { otp, oob_code: oobCode, binding_code: bindingCode, recovery_code: recoveryCode };
    const given = Object.fromEntries(Object.entries(proof).filter(([, value]) => value !== undefined));
    const tokens = await client.genericGrantRequest(config, mfaGrant(name), { mfa_token: mfaToken, ...given });
    const claims = claimsOf(tokens.access_token);
    assert.ok([claims.aud].flat().includes(session.asked.audience), `audience ${claims.aud}`);
    assert.equal(tokens.claims().sub, session.tokens.claims().sub);
    for (const scope of session.asked.scope.split(" ")) assert.ok(tokens.scope.split(" ").includes(scope), tokens.scope);
    return { recoveryCode: tokens.recovery_code };
  },
  refused: async (call, what) => said((await errorOf(call, what === "verify" ? "ResponseBodyError" : "MfaApiError")).cause),
};

await stepUpByEveryFactor(local, sdk);
await stepUpInTurn(local, sdk);

function camelCased(answer) {
  return Object.fromEntries(
    Object.entries(answer).map(([name, value]) => [name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()), value]),
  );
}
