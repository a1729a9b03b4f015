// @auth0/auth0-auth-js: login, step-up by enrolment, by challenge, by recovery code.
import assert from "node:assert/strict";
import { AuthClient, isMfaRequiredError } from "@auth0/auth0-auth-js";
import { claimsOf } from "../lib/jwt.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { codeOf } from "../lib/totp.mjs";
import { logIn } from "../lib/universal-login.mjs";

const audience = "https://api.example.com";
const scope = "openid transfer:funds";
const redirectUri = "http://localhost:3000/auth/callback";

const local = await tenant();
const { client_id: clientId, client_secret: clientSecret } = local.client("webapp");
const auth0 = new AuthClient({
  domain: local.domain,
  clientId,
  clientSecret,
  authorizationParams: { redirect_uri: redirectUri, scope: "openid profile email offline_access" },
});

const login = await step("log in through Universal Login", async () => {
  const { authorizationUrl, codeVerifier } = await auth0.buildAuthorizationUrl();
  const tokens = await auth0.getTokenByCode(await logIn(authorizationUrl, ada, redirectUri), { codeVerifier });
  assert.equal(tokens.claims.email, ada.username);
  assert.ok(tokens.refreshToken);
  return tokens;
});

/** Asks for a token of the API, which needs a second factor; gives what the tenant wants. */
async function refused() {
  const error = await auth0.getTokenByRefreshToken({ refreshToken: login.refreshToken, audience, scope }).then(
    () => assert.fail("a token without a second factor"),
    (error) => error,
  );
  assert.ok(isMfaRequiredError(error), `${error.code}: ${error.message} ${JSON.stringify(error.cause)}`);
  return { mfaToken: error.cause.mfa_token, requirements: error.cause.mfa_requirements };
}

function assertStepUpToken(tokens) {
  const claims = claimsOf(tokens.accessToken);
  assert.ok([claims.aud].flat().includes(audience), `audience ${claims.aud}`);
  assert.ok(tokens.scope.split(" ").includes("transfer:funds"), `scope ${tokens.scope}`);
  assert.equal(claims.sub, login.claims.sub);
}

const enrolment = await step("the first call is asked to enrol", async () => {
  const { mfaToken, requirements } = await refused();
  assert.ok(requirements.enroll.some(({ type }) => type === "otp"), JSON.stringify(requirements));
  return { mfaToken };
});

const device = await step("enrol an authenticator app", async () => {
  const device = await auth0.mfa.enrollAuthenticator({ mfaToken: enrolment.mfaToken, authenticatorTypes: ["otp"] });
  assert.equal(device.authenticatorType, "otp");
  assert.ok(device.barcodeUri.includes(device.secret));
  assert.equal(device.recoveryCodes.length, 1);
  return device;
});

await step("a wrong code is refused", async () => {
  const error = await auth0.mfa.verify({ mfaToken: enrolment.mfaToken, factorType: "otp", otp: "000000" }).catch((error) => error);
  assert.equal(error.name, "MfaVerifyError");
  assert.equal(error.cause.error, "invalid_grant");
});

await step("verify with its code: the token", async () => {
  const otp = codeOf(device.barcodeUri, await local.now());
  assertStepUpToken(await auth0.mfa.verify({ mfaToken: enrolment.mfaToken, factorType: "otp", otp, audience }));
});

const challenge = await step("the second call is asked for a challenge", async () => {
  const { mfaToken, requirements } = await refused();
  assert.ok(requirements.challenge.some(({ type }) => type === "otp"), JSON.stringify(requirements));
  return { mfaToken };
});

await step("list, challenge, verify: the token", async () => {
  const authenticators = await auth0.mfa.listAuthenticators({ mfaToken: challenge.mfaToken });
  const app = authenticators.find(({ authenticatorType, active }) => authenticatorType === "otp" && active);
  assert.ok(app, JSON.stringify(authenticators));
  const asked = await auth0.mfa.challengeAuthenticator({ mfaToken: challenge.mfaToken, challengeType: "otp", authenticatorId: app.id });
  assert.equal(asked.challengeType, "otp");

  await local.advance(30); // a code is good once: the app shows the next one
  const otp = codeOf(device.barcodeUri, await local.now());
  assertStepUpToken(await auth0.mfa.verify({ mfaToken: challenge.mfaToken, factorType: "otp", otp, audience }));
});

await step("the recovery code gives the token, and is replaced", async () => {
  const { mfaToken } = await refused();
  const [recoveryCode] = device.recoveryCodes;
  const tokens = await auth0.mfa.verify({ mfaToken, factorType: "recovery-code", recoveryCode, audience });
  assertStepUpToken(tokens);
  assert.ok(tokens.recoveryCode);
  assert.notEqual(tokens.recoveryCode, recoveryCode);
});

await step("the used recovery code is refused", async () => {
  const { mfaToken } = await refused();
  const [recoveryCode] = device.recoveryCodes;
  const error = await auth0.mfa.verify({ mfaToken, factorType: "recovery-code", recoveryCode }).catch((error) => error);
  assert.equal(error.name, "MfaVerifyError");
  assert.equal(error.cause.error, "invalid_grant");
});
