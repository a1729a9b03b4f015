// The client module that a page has as `client`: that of @auth0/nextjs-auth0, or the SDK's own.
import assert from "node:assert/strict";
import { build } from "esbuild";
import { claimsOf } from "../lib/jwt.mjs";
import { errorOf, said } from "../lib/refusal.mjs";

/** The module as an application's build would bundle it. */
async function bundle() {
  const { outputFiles } = await build({
    stdin: {
      contents: 'export { getAccessToken, mfa } from "@auth0/nextjs-auth0/client";',
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    globalName: "client",
    define: { "process.env": "{}" },
    logLevel: "error",
  });
  return outputFiles[0].text;
}

/** Each puts its module into a page of an application with the SDK's routes. */
export const loaders = {
  official: async (page) => page.addScriptTag({ content: await bundle() }),
  own: (page) =>
    page.evaluate(async () => {
      globalThis.client = await import("/auth/stepup.js");
    }),
};

/** The same as scripts that a page runs by itself. */
export const scripts = {
  official: async () => `${await bundle()}\nglobalThis.client = client;`,
  own: async () => 'globalThis.loaded = import("/auth/stepup.js").then((module) => (globalThis.client = module));',
};

/** Calls the module, as in `call("mfa.verify", options)`. An error has the name, the code and the texts of the module's own. */
export const clientOf = (page) => async (path, options) => {
  const { value, error } = await page.evaluate(
    async ([path, options]) => {
      try {
        const [first, second] = path.split(".");
        return { value: await (second ? client[first][second](options) : client[first](options)) };
      } catch ({ name, code, message, error = code, error_description, mfa_token, mfa_requirements, status, retryAfter }) {
        return { error: { name, error, message, error_description, mfa_token, mfa_requirements, status, retryAfter } };
      }
    },
    [path, options],
  );
  if (error) throw Object.assign(new Error(error.message), error);
  return value;
};

const errors = {
  list: "MfaGetAuthenticatorsError",
  enroll: "MfaEnrollmentError",
  challenge: "MfaChallengeError",
  verify: "MfaVerifyError",
};

/** Step-up by the module of a page, to an API; `logIn(user)` begins a new session and opens the page. */
export function stepUpIn(page, api, logIn) {
  const call = clientOf(page);
  let wanted;
  const sdk = {
    logIn,
    async stepUp(scope, audience = api) {
      wanted = { audience, scope, mergeScopes: false };
      return sdk.asked(call("getAccessToken", wanted));
    },
    async asked(call) {
      const error = await errorOf(call, "MfaRequiredError");
      assert.equal(error.error, "mfa_required");
      return { mfaToken: error.mfa_token, requirements: error.mfa_requirements };
    },
    list: (mfaToken) => call("mfa.getAuthenticators", { mfaToken }),
    enroll: (mfaToken, enrolment) => call("mfa.enroll", { mfaToken, ...enrolment }),
    challenge: (mfaToken, challengeType, authenticatorId) => call("mfa.challenge", { mfaToken, challengeType, authenticatorId }),
    async verify(mfaToken, proof) {
      // A push has no code; the package's route asks for one all the same.
      const given = proof.oobCode ? { bindingCode: "none", ...proof } : proof;
      const { recovery_code: recoveryCode } = await call("mfa.verify", { mfaToken, ...given });
      // The token is the session's from now on.
      const claims = claimsOf(await call("getAccessToken", wanted));
      assert.ok([claims.aud].flat().includes(wanted.audience), `audience ${claims.aud}`);
      for (const scope of wanted.scope.split(" ")) assert.ok(claims.scope.split(" ").includes(scope), claims.scope);
      return { recoveryCode };
    },
    async refused(call, what) {
      const { status, error } = await call.catch((error) => error);
      // The status is told by our own module alone, and with it that the step-up is over.
      const isOver = status === 401 && error === "invalid_grant";
      return said(await errorOf(call, isOver ? "MfaTokenInvalidError" : errors[what]));
    },
  };
  return sdk;
}
