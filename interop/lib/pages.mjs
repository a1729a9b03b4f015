// Universal Login's pages, as a person goes through them in Chromium.
import { codeOf } from "./totp.mjs";

const press = (page, action) => page.click(`button[name="action"][value="${action}"]`);
const goOn = (page) => press(page, "default");

/** Fills in the log-in page that is shown, and goes on. */
export async function logInOn(page, { username, password }) {
  await page.waitForURL("**/u/login?**");
  await page.fill("#username", username);
  await page.fill("#password", password);
  await goOn(page);
}

/** Enrols an authenticator app on the pages that are shown, keeps the recovery code, and goes on; gives the app's key. */
export async function enrolAppOn(page, local) {
  await page.waitForURL(/\/u\/mfa-(begin-enroll-options|enroll-options|otp-enrollment)\?/);
  if (page.url().includes("options")) await press(page, "otp"); // more than one is offered
  await page.waitForURL("**/u/mfa-otp-enrollment?**");
  const secret = await page.locator("[data-secret]").getAttribute("data-secret");
  const barcodeUri = `otpauth://totp/app?secret=${secret}`;
  await page.fill("#code", codeOf(barcodeUri, await local.now()));
  await goOn(page);
  await keepRecoveryCodeOn(page);
  return barcodeUri;
}

/** Enrols a telephone for messages by `channel`, `sms` or `voice`, likewise; gives the recovery code. */
export async function enrolPhoneOn(page, local, channel, number) {
  await page.waitForURL("**/u/mfa-enroll-options?**");
  await press(page, "phone");
  await page.waitForURL("**/u/mfa-phone-enrollment?**");
  await page.fill("#phone", number);
  await page.check(`#channel-${channel}`);
  await goOn(page);
  await answerMessageOn(page, local, channel, number);
  return keepRecoveryCodeOn(page);
}

/** Enrols a device for notifications, likewise. */
export async function enrolDeviceOn(page, local) {
  await page.waitForURL("**/u/mfa-enroll-options?**");
  await press(page, "push-notification");
  await page.waitForURL("**/u/mfa-push-enrollment-qr?**");
  await local.scan(await page.locator("[data-barcode-uri]").getAttribute("data-barcode-uri"));
  return keepRecoveryCodeOn(page);
}

/** Says that the recovery code that is shown is kept, and goes on; gives it. */
export async function keepRecoveryCodeOn(page) {
  await page.waitForURL("**/u/mfa-recovery-code-enrollment?**");
  const code = await page.locator("[data-recovery-code]").getAttribute("data-recovery-code");
  await page.check('[name="saved"]');
  await goOn(page);
  return code;
}

/** Answers the challenge that is shown with the app's next code, and goes on. */
export async function answerAppOn(page, local, barcodeUri) {
  await page.waitForURL("**/u/mfa-otp-challenge?**");
  await local.advance(30); // a code is good once
  await page.fill("#code", codeOf(barcodeUri, await local.now()));
  await goOn(page);
}

/** Answers the challenge that is shown with the code that was sent by `channel`, and goes on. */
export async function answerMessageOn(page, local, channel, to) {
  await page.waitForURL(`**/u/mfa-${channel}-challenge?**`);
  await page.fill("#code", await local.codeSentTo(to, channel));
  await goOn(page);
}

/** Denies the notification that the page waits for, and has another sent. */
export async function denyPushOn(page, local) {
  await page.waitForURL("**/u/mfa-push-challenge-push?**");
  await local.answerPush("deny");
  await page.locator('[role="alert"][data-error-code="transaction-rejected"]').waitFor();
  await press(page, "resend");
  await page.locator("[data-poll]").waitFor();
}

/** Approves the notification that the page waits for; the page goes on by itself. */
export async function approvePushOn(page, local) {
  await page.waitForURL("**/u/mfa-push-challenge-push?**");
  await local.answerPush("approve");
}

/** Chooses the recovery code in place of the challenge that is shown. */
export async function chooseRecoveryCodeOn(page) {
  await page.getByRole("link", { name: "Try another way" }).click();
  await page.waitForURL("**/u/mfa-login-options?**");
  await press(page, "recovery-code");
}

/** Answers that challenge, and goes on. */
export async function answerRecoveryCodeOn(page, code) {
  await page.waitForURL("**/u/mfa-recovery-code-challenge?**");
  await page.fill("#code", code);
  await goOn(page);
}
