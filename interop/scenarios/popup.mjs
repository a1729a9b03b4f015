// Step-up in a pop-up, on the tenant's pages: the same steps for every client module that has one.
import assert from "node:assert/strict";
import { closed } from "../lib/chromium.mjs";
import { claimsOf } from "../lib/jwt.mjs";
import {
  answerAppOn,
  answerMessageOn,
  answerRecoveryCodeOn,
  approvePushOn,
  chooseRecoveryCodeOn,
  denyPushOn,
  enrolAppOn,
  enrolDeviceOn,
  enrolPhoneOn,
  keepRecoveryCodeOn,
} from "../lib/pages.mjs";
import { errorOf } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada, hedy } from "../lib/tenant.mjs";
import { anyFactor as audience } from "./step-up.mjs";

export const wanted = { audience, scope: "openid transfer:funds" };
const number = "+12025550199";

/** Asks for a second factor in a pop-up; gives both. */
export function asker(page, call) {
  return async (options) => {
    const opened = page.context().waitForEvent("page");
    const token = call("mfa.challengeWithPopup", { ...wanted, ...options });
    token.catch(() => {}); // until somebody waits for it
    return { popup: await opened, token };
  };
}

export async function assertToken(token) {
  const claims = claimsOf((await token).token);
  assert.ok([claims.aud].flat().includes(audience), `audience ${claims.aud}`);
  assert.ok(claims.scope.split(" ").includes("transfer:funds"), claims.scope);
}

/**
 * Steps up by every factor.
 *
 * - `logIn(user)` begins a new session, and `ask()` opens the pop-up;
 * - `user()` is what the session tells of its user, with this `amr` after a second factor.
 *
 * Hedy has an app in the end: its key is given.
 */
export async function stepUpInPopup(local, { logIn, ask, user, amr }) {
  /** A new session steps up, and the person in the pop-up does what `answer` says; gives what comes of that. */
  async function stepUp(person, answer) {
    await logIn(person);
    const before = await user();
    const { popup, token } = await ask();
    const answered = await answer(popup);
    await assertToken(token);
    await closed(popup);
    const after = await user();
    assert.equal(after.sub, before.sub);
    assert.deepEqual([before.amr, after.amr], [undefined, amr]);
    return answered;
  }

  await step("in the pop-up: email, the code that was sent to the verified address", async () => {
    await local.reset();
    await stepUp(ada, (popup) => answerMessageOn(popup, local, "email", ada.username));
    assert.equal(await local.lastLogged("gd_auth_succeed"), "email");
  });

  for (const channel of ["sms", "voice"]) {
    await step(`in the pop-up: ${channel}, enrolled and then challenged`, async () => {
      await local.reset();
      await stepUp(hedy, (popup) => enrolPhoneOn(popup, local, channel, number));
      await stepUp(hedy, (popup) => answerMessageOn(popup, local, channel, number));
      assert.equal(await local.lastLogged("gd_auth_succeed"), channel);
    });
  }

  await step("in the pop-up: push, enrolled and then denied and approved", async () => {
    await local.reset();
    await stepUp(hedy, (popup) => enrolDeviceOn(popup, local));
    await stepUp(hedy, async (popup) => {
      const before = await user();
      await denyPushOn(popup, local);
      assert.deepEqual(await user(), before);
      await approvePushOn(popup, local);
    });
    assert.equal(await local.lastLogged("gd_auth_succeed"), "push");
  });

  await step("in the pop-up: a recovery code, and the one that takes its place, shown once", async () => {
    await local.reset();
    const kept = await stepUp(hedy, (popup) => enrolPhoneOn(popup, local, "sms", number));
    const { next, shown } = await stepUp(hedy, async (popup) => {
      await chooseRecoveryCodeOn(popup);
      await answerRecoveryCodeOn(popup, kept);
      await popup.waitForURL("**/u/mfa-recovery-code-enrollment?**");
      const address = popup.url();
      const shown = async () => (await popup.context().request.get(address)).text();
      assert.match(await shown(), /data-recovery-code/);
      return { next: await keepRecoveryCodeOn(popup), shown };
    });
    assert.equal(await local.lastLogged("gd_recovery_succeed"), "recovery-code");
    assert.match(next, /^[1-9A-HJ-NP-Z]{24}$/);
    assert.notEqual(next, kept);
    assert.ok(!(await shown()).includes(next), "shown while the login lasts, and no longer");
    await stepUp(hedy, async (popup) => {
      await chooseRecoveryCodeOn(popup);
      await answerRecoveryCodeOn(popup, kept);
      await popup.locator('[role="alert"][data-error-code="invalid-code"]').waitFor();
      await answerRecoveryCodeOn(popup, next);
      await keepRecoveryCodeOn(popup);
    });
  });

  const barcodeUri = await step("in the pop-up: otp, enrolled and then challenged", async () => {
    await local.reset();
    const barcodeUri = await stepUp(hedy, (popup) => enrolAppOn(popup, local));
    await stepUp(hedy, (popup) => answerAppOn(popup, local, barcodeUri));
    assert.equal(await local.lastLogged("gd_auth_succeed"), "otp");
    return barcodeUri;
  });

  await step("a pop-up that is closed", async () => {
    await logIn(hedy);
    const { popup, token } = await ask();
    await popup.waitForURL("**/u/mfa-otp-challenge?**");
    await popup.close();
    await errorOf(token, "PopupCancelledError");
  });
  return barcodeUri;
}
