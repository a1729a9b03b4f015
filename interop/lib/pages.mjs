// Universal Login's pages, as a person goes through them in Chromium.
import { codeOf } from "./totp.mjs";

const goOn = 'button[name="action"][value="default"]';

/** Fills in the log-in page that is shown, and goes on. */
export async function logInOn(page, { username, password }) {
  await page.waitForURL("**/u/login?**");
  await page.fill("#username", username);
  await page.fill("#password", password);
  await page.click(goOn);
}

/** Enrols an authenticator app on the pages that are shown, keeps the recovery code, and goes on; gives the app's key. */
export async function enrolAppOn(page, local) {
  await page.waitForURL(/\/u\/mfa-(begin-enroll-options|enroll-options|otp-enrollment)\?/);
  if (page.url().includes("options")) await page.click('button[name="action"][value="otp"]'); // more than one is offered
  await page.waitForURL("**/u/mfa-otp-enrollment?**");
  const secret = await page.locator("[data-secret]").getAttribute("data-secret");
  const barcodeUri = `otpauth://totp/app?secret=${secret}`;
  await page.fill("#code", codeOf(barcodeUri, await local.now()));
  await page.click(goOn);
  await page.waitForURL("**/u/mfa-recovery-code-enrollment?**");
  await page.check('[name="saved"]');
  await page.click(goOn);
  return barcodeUri;
}

/** Answers the challenge that is shown with the app's next code, and goes on. */
export async function answerAppOn(page, local, barcodeUri) {
  await page.waitForURL("**/u/mfa-otp-challenge?**");
  await local.advance(30); // a code is good once
  await page.fill("#code", codeOf(barcodeUri, await local.now()));
  await page.click(goOn);
}

/** Answers the challenge that is shown with the code that was sent to an address, and goes on. */
export async function answerEmailOn(page, local, address) {
  await page.waitForURL("**/u/mfa-email-challenge?**");
  await page.fill("#code", await local.codeSentTo(address, "email"));
  await page.click(goOn);
}
