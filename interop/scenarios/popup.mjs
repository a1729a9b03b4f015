// Step-up in a pop-up, on the tenant's pages: the same steps for every client module that has one.
import assert from "node:assert/strict";
import { claimsOf } from "../lib/jwt.mjs";
import { answerAppOn, answerEmailOn, enrolAppOn } from "../lib/pages.mjs";
import { errorOf } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada, hedy } from "../lib/tenant.mjs";
import { anyFactor as audience } from "./step-up.mjs";

export const wanted = { audience, scope: "openid transfer:funds" };

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

/** `logIn(user)` begins a new session, and `ask()` opens the pop-up. Hedy has an app in the end: its key is given. */
export async function stepUpInPopup(local, { logIn, ask }) {
  await step("in the pop-up: the code that was sent to the verified address", async () => {
    await local.reset();
    await logIn(ada);
    const { popup, token } = await ask();
    await answerEmailOn(popup, local, ada.username);
    await assertToken(token);
  });

  const barcodeUri = await step("in the pop-up: enrol, and then the challenge", async () => {
    await logIn(hedy);
    const enrolment = await ask();
    const barcodeUri = await enrolAppOn(enrolment.popup, local);
    await assertToken(enrolment.token);
    await logIn(hedy);
    const challenge = await ask();
    await answerAppOn(challenge.popup, local, barcodeUri);
    await assertToken(challenge.token);
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
