// What the SDK's own module does beyond that of @auth0/nextjs-auth0: calls given up, lock-outs told apart.
import assert from "node:assert/strict";
import { errorOf } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada } from "../lib/tenant.mjs";
import { codeOf } from "../lib/totp.mjs";
import { changed, otp } from "../scenarios/factors.mjs";
import { api } from "../scenarios/step-up.mjs";
import { clientOf } from "./page-client.mjs";

/** The page is one that `sdk.logIn` opened. */
export async function ownModule(local, sdk, page) {
  const call = clientOf(page);

  /** Ada begins anew and enrols; what the enrolment said is given. */
  async function enrolled(factor) {
    await local.reset();
    await sdk.logIn(ada);
    const { mfaToken } = await sdk.stepUp("transfer:funds");
    return { mfaToken, ...(await sdk.enroll(mfaToken, factor.enrolment)) };
  }

  await step("every call can be given up", async () => {
    const reasons = await page.evaluate(async () => {
      const signal = AbortSignal.abort("enough");
      const { mfa, getAccessToken, getUser } = client;
      const options = { mfaToken: "sealed", signal };
      const calls = [
        mfa.getAuthenticators(options),
        mfa.enroll({ ...options, factorType: "otp" }),
        mfa.challenge({ ...options, challengeType: "otp" }),
        mfa.verify({ ...options, otp: "123456" }),
        mfa.poll({ ...options, oobCode: "any" }),
        mfa.deleteAuthenticator({ ...options, authenticatorId: "any" }),
        mfa.challengeWithPopup({ audience: "any", signal }),
        getAccessToken({ signal }),
        getUser({ signal }),
      ];
      return (await Promise.allSettled(calls)).map(({ reason }) => reason);
    });
    assert.deepEqual(reasons, Array(9).fill("enough"));
  });

  await step("the factors to enrol come with the error", async () => {
    await local.reset();
    await sdk.logIn(ada);
    const factors = await page.evaluate(async (audience) => {
      const error = await client.getAccessToken({ audience, scope: "transfer:funds" }).catch((error) => error);
      return [error instanceof client.MfaRequiredError, client.mfa.getEnrollmentFactors(error)];
    }, api);
    assert.deepEqual(factors, [true, [{ type: "otp" }, { type: "phone" }, { type: "push-notification" }]]);
  });

  await step("a lock-out is told apart from a wrong code", async () => {
    const { mfaToken, barcodeUri } = await enrolled(otp);
    const code = codeOf(barcodeUri, await local.now());
    const answer = async (otp) => {
      const { error, status } = await errorOf(call("mfa.verify", { mfaToken, otp }), "MfaVerifyError");
      return [error, status];
    };
    for (let tries = 0; tries < 10; tries++) assert.deepEqual(await answer(changed(code)), ["invalid_grant", 403]);
    assert.deepEqual(await answer(code), ["too_many_attempts", 429]);
  });

  await step("an authenticator is not deleted by a step-up that is not done", async () => {
    const { mfaToken, barcodeUri } = await enrolled(otp);
    await sdk.verify(mfaToken, { otp: codeOf(barcodeUri, await local.now()) });
    const next = await sdk.stepUp("read:sensitive");
    const ids = async () => (await sdk.list(next.mfaToken)).map(({ id }) => id);
    const before = await ids();
    const authenticatorId = before.find((id) => id.startsWith("totp|"));
    const error = await errorOf(call("mfa.deleteAuthenticator", { mfaToken: next.mfaToken, authenticatorId }), "MfaDeleteAuthenticatorError");
    assert.equal(error.error, "invalid_grant");
    assert.deepEqual(await ids(), before);
  });
}
