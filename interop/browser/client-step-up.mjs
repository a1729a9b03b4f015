// A browser's client module against the SDK's routes, in Chromium: step-up by enrolment, by challenge, by recovery code.
// The same steps run with the client of @auth0/nextjs-auth0 (`official`) and with the SDK's own module (`own`).
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { logInOn, withPage } from "../lib/chromium.mjs";
import { claimsOf } from "../lib/jwt.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { codeOf } from "../lib/totp.mjs";

const audience = "https://api.example.com";
const app = process.env.STEPUP_APP;
const local = await tenant();

const loaders = {
  /** Bundled as an application's build would, and put into the page as `client`. */
  async official(page) {
    const { outputFiles } = await build({
      stdin: {
        contents: 'export { getAccessToken, mfa } from "@auth0/nextjs-auth0/client";',
        resolveDir: fileURLToPath(new URL("..", import.meta.url)),
      },
      bundle: true,
      write: false,
      platform: "browser",
      format: "iife",
      globalName: "client",
      define: { "process.env": "{}" },
      logLevel: "error",
    });
    await page.addScriptTag({ content: outputFiles[0].text });
  },
  async own(page) {
    await page.evaluate(async () => {
      globalThis.client = await import("/auth/stepup.js");
    });
  },
};

await withPage({ bypassCSP: true }, async (page) => {
  await step("log in to the demo", async () => {
    await page.goto(`${app}/auth/login?returnTo=/balance`);
    await logInOn(page, ada);
    await page.waitForURL(`${app}/balance`);
    await loaders[process.argv[2]](page);
  });

  /** Calls the client in the page; a refusal is an answer too. */
  const call = (path, options) =>
    page.evaluate(
      async ([path, options]) => {
        try {
          const [first, second] = path.split(".");
          return { value: await (second ? client[first][second](options) : client[first](options)) };
        } catch ({ name, code, message, mfa_token, mfa_requirements }) {
          return { error: { name, code, message, mfa_token, mfa_requirements } };
        }
      },
      [path, options],
    );
  const succeeds = async (path, options) => {
    const { value, error } = await call(path, options);
    assert.equal(error, undefined, `${path}: ${JSON.stringify(error)}`);
    return value;
  };
  const refused = async (path, options, name) => {
    const { error, value } = await call(path, options);
    assert.equal(error?.name, name, `${path}: ${JSON.stringify(error ?? value)}`);
    return error;
  };
  const assertToken = async (scope) => {
    const claims = claimsOf(await succeeds("getAccessToken", { audience, scope, mergeScopes: false }));
    assert.ok([claims.aud].flat().includes(audience), `audience ${claims.aud}`);
    assert.ok(claims.scope.split(" ").includes(scope), `scope ${claims.scope}`);
  };
  const asked = (scope) => refused("getAccessToken", { audience, scope, mergeScopes: false }, "MfaRequiredError");

  const enrolment = await step("the first call is asked to enrol", async () => {
    const error = await asked("transfer:funds");
    assert.equal(error.code, "mfa_required");
    assert.ok(error.mfa_requirements.enroll.some(({ type }) => type === "otp"), JSON.stringify(error.mfa_requirements));
    return { mfaToken: error.mfa_token };
  });

  const device = await step("enrol an authenticator app", async () => {
    const device = await succeeds("mfa.enroll", { mfaToken: enrolment.mfaToken, factorType: "otp" });
    assert.equal(device.authenticatorType, "otp");
    assert.ok(device.barcodeUri.includes(device.secret));
    assert.equal(device.recoveryCodes.length, 1);
    return device;
  });

  await step("a wrong code is refused", async () => {
    const error = await refused("mfa.verify", { mfaToken: enrolment.mfaToken, otp: "000000" }, "MfaVerifyError");
    assert.equal(error.code, "invalid_grant");
  });

  await step("a changed mfa token is refused", async () => {
    await refused("mfa.verify", { mfaToken: `${enrolment.mfaToken}x`, otp: "000000" }, "MfaTokenInvalidError");
  });

  await step("verify with its code: the token is in the session", async () => {
    const otp = codeOf(device.barcodeUri, await local.now());
    assert.equal((await succeeds("mfa.verify", { mfaToken: enrolment.mfaToken, otp })).success, true);
    await assertToken("transfer:funds");
  });

  await step("list, challenge, verify: the token for another scope", async () => {
    const { mfa_token: mfaToken, mfa_requirements: requirements } = await asked("read:sensitive");
    assert.ok(requirements.challenge.some(({ type }) => type === "otp"), JSON.stringify(requirements));
    const authenticators = await succeeds("mfa.getAuthenticators", { mfaToken });
    const app = authenticators.find(({ authenticatorType }) => authenticatorType === "otp");
    assert.equal(app?.active, true, JSON.stringify(authenticators));
    const challenge = await succeeds("mfa.challenge", { mfaToken, challengeType: "otp", authenticatorId: app.id });
    assert.equal(challenge.challengeType, "otp");

    await local.advance(30); // a code is good once: the app shows the next one
    const otp = codeOf(device.barcodeUri, await local.now());
    await succeeds("mfa.verify", { mfaToken, otp });
    await assertToken("read:sensitive");
  });

  await step("the recovery code gives the token, and is replaced", async () => {
    const { mfa_token: mfaToken } = await asked("read:sensitive transfer:funds");
    const [recoveryCode] = device.recoveryCodes;
    const answer = await succeeds("mfa.verify", { mfaToken, recoveryCode });
    assert.ok(answer.recovery_code);
    assert.notEqual(answer.recovery_code, recoveryCode);
    const token = await succeeds("getAccessToken", { audience, scope: "read:sensitive transfer:funds", mergeScopes: false });
    assert.equal(typeof token, "string");
  });
});
