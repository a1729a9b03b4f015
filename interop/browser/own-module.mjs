// What the SDK's own module does beyond that of @auth0/nextjs-auth0: pushes waited for, calls given up, lock-outs told apart.
import assert from "node:assert/strict";
import { errorOf } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada } from "../lib/tenant.mjs";
import { codeOf } from "../lib/totp.mjs";
import { changed, otp, push } from "../scenarios/factors.mjs";
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

  /** Waits for a push, while the person does something else. */
  function poll(options) {
    const ended = call("mfa.poll", options);
    ended.catch(() => {}); // until somebody waits for it
    return ended;
  }

  /** Ada has a device, and a push is sent to it. */
  async function pushed() {
    const { mfaToken, oobCode, barcodeUri } = await enrolled(push);
    const scanned = poll({ mfaToken, oobCode });
    await local.scan(barcodeUri);
    assert.deepEqual(await scanned, { success: true });
    await local.advance(2); // a push is not to be asked for at once again
    const next = await sdk.stepUp("read:sensitive");
    const { id } = (await sdk.list(next.mfaToken)).find(({ id }) => id.startsWith("push|"));
    const challenge = await sdk.challenge(next.mfaToken, "oob", id);
    return { mfaToken: next.mfaToken, oobCode: challenge.oobCode };
  }

  await step("push: it waits for the scan of the enrolment, and for the approval", async () => {
    const approved = poll(await pushed());
    await local.answerPush("approve");
    assert.deepEqual(await approved, { success: true });
    await call("getAccessToken", { audience: api, scope: "read:sensitive", mergeScopes: false });
  });

  await step("push: a denial ends it", async () => {
    const denied = poll(await pushed());
    await local.answerPush("deny");
    const error = await errorOf(denied, "MfaVerifyError");
    assert.deepEqual([error.error, error.error_description], ["access_denied", "MFA Authorization rejected."]);
  });

  await step("push: giving up while the server holds its answer back", async () => {
    const reason = await page.evaluate(async (options) => {
      const controller = new AbortController();
      const ended = client.mfa.poll({ ...options, signal: controller.signal }).catch((reason) => reason);
      controller.abort("enough");
      return ended;
    }, await pushed());
    assert.equal(reason, "enough");
  });

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
