// @auth0/auth0-auth-js: login, refresh, step-up by every factor, the MFA audience, logout.
import assert from "node:assert/strict";
import { AuthClient, isMfaRequiredError } from "@auth0/auth0-auth-js";
import { claimsOf } from "../lib/jwt.mjs";
import { errorOf, said } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { codeOf } from "../lib/totp.mjs";
import { Browser, expectPage, logIn } from "../lib/universal-login.mjs";
import { otp } from "../scenarios/factors.mjs";
import { api as audience, stepUpByEveryFactor } from "../scenarios/step-up.mjs";

const redirectUri = "http://localhost:3000/auth/callback";

const local = await tenant();
const { client_id: clientId, client_secret: clientSecret } = local.client("webapp");
const auth0 = new AuthClient({
  domain: local.domain,
  clientId,
  clientSecret,
  authorizationParams: { redirect_uri: redirectUri, scope: "openid profile email offline_access" },
});

async function tokensOf(user, authorizationParams) {
  const { authorizationUrl, codeVerifier } = await auth0.buildAuthorizationUrl({ authorizationParams });
  return auth0.getTokenByCode(await logIn(authorizationUrl, user, redirectUri), { codeVerifier });
}

await step("log in through Universal Login", async () => {
  const tokens = await tokensOf(ada);
  assert.equal(tokens.claims.email, ada.username);
  assert.equal(tokens.claims.iss, local.issuer);
  assert.ok(tokens.refreshToken);
});

await step("a code is good once, and for its verifier only", async () => {
  const first = await auth0.buildAuthorizationUrl();
  const back = await logIn(first.authorizationUrl, ada, redirectUri);
  const other = await auth0.buildAuthorizationUrl();
  const wrong = await errorOf(auth0.getTokenByCode(back, { codeVerifier: other.codeVerifier }), "TokenByCodeError");
  assert.equal(wrong.cause.error, "invalid_grant");

  const second = await auth0.buildAuthorizationUrl();
  const again = await logIn(second.authorizationUrl, ada, redirectUri);
  await auth0.getTokenByCode(again, { codeVerifier: second.codeVerifier });
  const used = await errorOf(auth0.getTokenByCode(again, { codeVerifier: second.codeVerifier }), "TokenByCodeError");
  assert.deepEqual(said(used.cause), { error: "invalid_grant", error_description: "Invalid authorization code" });
});

await step("a refresh token is good once; whoever uses it again ends the family", async () => {
  const { refreshToken } = await tokensOf(ada);
  const next = await auth0.getTokenByRefreshToken({ refreshToken });
  assert.ok(next.refreshToken);
  assert.notEqual(next.refreshToken, refreshToken);
  assert.equal(next.claims.email, ada.username);
  const dead = { error: "invalid_grant", error_description: "Unknown or invalid refresh token." };
  for (const token of [refreshToken, next.refreshToken]) {
    const error = await errorOf(auth0.getTokenByRefreshToken({ refreshToken: token }), "TokenByRefreshTokenError");
    assert.deepEqual(said(error.cause), dead);
  }
});

await step("a revoked refresh token is refused", async () => {
  const { refreshToken } = await tokensOf(ada);
  await auth0.revokeToken({ token: refreshToken, tokenTypeHint: "refresh_token" });
  const error = await errorOf(auth0.getTokenByRefreshToken({ refreshToken }), "TokenByRefreshTokenError");
  assert.equal(error.cause.error, "invalid_grant");
});

await step("a wrong secret is refused", async () => {
  const stranger = new AuthClient({ domain: local.domain, clientId, clientSecret: "not the secret" });
  const error = await errorOf(stranger.getTokenByRefreshToken({ refreshToken: "any" }), "TokenByRefreshTokenError");
  assert.deepEqual(said(error.cause), { error: "access_denied", error_description: "Unauthorized" });
});

await step("logging out ends the session at the tenant", async () => {
  const browser = new Browser();
  const { authorizationUrl, codeVerifier } = await auth0.buildAuthorizationUrl();
  await auth0.getTokenByCode(await logIn(authorizationUrl, ada, redirectUri, browser), { codeVerifier });
  const known = await auth0.buildAuthorizationUrl();
  const back = await browser.open(known.authorizationUrl, { stopAt: redirectUri });
  assert.ok(back.url.searchParams.has("code"), "logged in already");

  const returnTo = "http://localhost:3000/bye";
  const question = await browser.open(await auth0.buildLogoutUrl({ returnTo }));
  expectPage(question, "/oidc/logout"); // no hint says whose session it is, so the person is asked
  const gone = await browser.send(question, {}, returnTo);
  assert.equal(gone.url.href, returnTo);
  const unknown = await auth0.buildAuthorizationUrl();
  expectPage(await browser.open(unknown.authorizationUrl), "/u/login");
});

const errors = {
  list: "MfaListAuthenticatorsError",
  enroll: "MfaEnrollmentError",
  challenge: "MfaChallengeError",
  verify: "MfaVerifyError",
};
let session;

await stepUpByEveryFactor(local, {
  async logIn(user) {
    session = await tokensOf(user);
  },
  async stepUp(scope) {
    const asked = auth0.getTokenByRefreshToken({ refreshToken: session.refreshToken, audience, scope: `openid ${scope}` });
    const error = await errorOf(asked, "TokenByRefreshTokenError");
    assert.ok(isMfaRequiredError(error), error.stack);
    session.asked = scope;
    return { mfaToken: error.cause.mfa_token, requirements: error.cause.mfa_requirements };
  },
  list: (mfaToken) => auth0.mfa.listAuthenticators({ mfaToken }),
  enroll: (mfaToken, enrolment) => auth0.mfa.enrollAuthenticator({ mfaToken, ...enrolment }),
  challenge: (mfaToken, challengeType, authenticatorId) =>
    auth0.mfa.challengeAuthenticator({ mfaToken, challengeType, authenticatorId }),
  async verify(mfaToken, proof) {
    const factorType = proof.otp ? "otp" : proof.oobCode ? "oob" : "recovery-code";
    const tokens = await auth0.mfa.verify({ mfaToken, factorType, audience, ...proof });
    const claims = claimsOf(tokens.accessToken);
    assert.ok([claims.aud].flat().includes(audience), `audience ${claims.aud}`);
    assert.equal(claims.sub, session.claims.sub);
    for (const scope of session.asked.split(" ")) assert.ok(tokens.scope.split(" ").includes(scope), tokens.scope);
    return tokens;
  },
  refused: async (call, what) => said((await errorOf(call, errors[what])).cause),
});

await step("with a token of the MFA API: enrol an address, list, delete", async () => {
  const { accessToken: mfaToken } = await tokensOf(ada, {
    audience: `${local.issuer}mfa/`,
    scope: "openid enroll read:authenticators remove:authenticators",
  });
  const ids = async () => (await auth0.mfa.listAuthenticators({ mfaToken })).filter(({ active }) => active).map(({ id }) => id);
  const automatic = await ids();
  assert.equal(automatic.length, 1, automatic);

  const app = await auth0.mfa.enrollAuthenticator({ mfaToken, ...otp.enrolment });
  await auth0.mfa.verify({ mfaToken, factorType: "otp", otp: codeOf(app.barcodeUri, await local.now()) });
  const address = { authenticatorTypes: ["oob"], oobChannels: ["email"], email: "ada.lovelace@example.com" };
  const { oobCode } = await auth0.mfa.enrollAuthenticator({ mfaToken, ...address });
  await auth0.mfa.verify({ mfaToken, factorType: "oob", oobCode, bindingCode: await local.codeSentTo(address.email, "email") });

  const [added] = (await ids()).filter((id) => id.startsWith("email|") && !automatic.includes(id));
  await auth0.mfa.deleteAuthenticator({ mfaToken, authenticatorId: added });
  assert.ok(!(await ids()).includes(added));
  const unknown = auth0.mfa.deleteAuthenticator({ mfaToken, authenticatorId: added });
  assert.equal((await errorOf(unknown, "MfaDeleteAuthenticatorError")).statusCode, 404);
  const fixed = auth0.mfa.deleteAuthenticator({ mfaToken, authenticatorId: automatic[0] });
  assert.equal((await errorOf(fixed, "MfaDeleteAuthenticatorError")).statusCode, 403);
});
