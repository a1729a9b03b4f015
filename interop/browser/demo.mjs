// The demo as a customer sees it, in Chromium: log in, transfer, scan, type the code; the second time a challenge, the third the recovery code.
// axe looks at every page on the way. With SCREENSHOTS=FOLDER a person can look at them too.
import assert from "node:assert/strict";
import { withPage } from "../lib/chromium.mjs";
import { assertAccessible, assertFits, screenshot } from "../lib/look.mjs";
import { logInOn } from "../lib/pages.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { codeOf } from "../lib/totp.mjs";

const app = process.env.STEPUP_APP;
const local = await tenant();

await withPage({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }, async (page, complaints) => {
  let looks = 0;

  async function look() {
    looks += 1;
    const path = new URL(page.url()).pathname;
    await screenshot(page, `${String(looks).padStart(2, "0")}${path.replaceAll("/", "_")}`);
    await assertAccessible(page, path);
    await assertFits(page, path);
    assert.deepEqual(complaints, [], path);
  }
  const heading = (text) => page.getByRole("heading", { name: text, level: 1 }).waitFor();
  const press = (name) => page.getByRole("button", { name }).click();

  /** Orders a transfer; the page that comes asks for the second factor. */
  async function order(to, amount) {
    await page.goto(`${app}/transfer`);
    await page.fill("#to", to);
    await page.fill("#amount", amount);
    await press("Continue");
  }
  const balance = async () => {
    await page.goto(`${app}/balance`);
    return Number((await page.locator(".figure").textContent()).replace(/[^0-9.]/g, ""));
  };

  await step("the front page", async () => {
    await page.goto(app);
    await heading("A bank that asks twice");
    await look();
  });

  await step("log in", async () => {
    await page.getByRole("link", { name: "Log in" }).first().click();
    await page.waitForURL("**/u/login?**");
    await look();
    await page.fill("#username", ada.username);
    await page.fill("#password", "not her password");
    await page.click('button[name="action"][value="default"]');
    await page.getByRole("alert").waitFor();
    await look();
    await logInOn(page, ada);
    await page.waitForURL(`${app}/balance`);
    await look();
  });

  const before = await balance();

  await step("a transfer that is not complete is not ordered", async () => {
    await order("", "");
    await page.getByRole("alert").first().waitFor();
    await look();
  });

  const enrolled = await step("the first transfer asks to set up an authenticator app", async () => {
    await order("Grace Hopper", "12.50");
    await heading("Protect your transfers");
    await page.locator("svg").first().waitFor();
    await look();
    const barcodeUri = await page.locator('a[href^="otpauth:"]').getAttribute("href");
    assert.equal(new URL(barcodeUri).searchParams.get("secret"), await page.locator("[data-secret]").getAttribute("data-secret"));
    return { barcodeUri };
  });

  await step("a wrong code is refused, and may be tried again", async () => {
    await page.fill("#code", "000000");
    await press(/^Transfer/);
    await page.getByRole("alert").waitFor();
    await look();
  });

  const recovery = await step("its code sends the money and shows the recovery code", async () => {
    await page.fill("#code", codeOf(enrolled.barcodeUri, await local.now()));
    await press(/^Transfer/);
    await heading("Keep your recovery code");
    await look();
    const code = await page.locator("[data-recovery-code]").getAttribute("data-recovery-code");
    await page.check("#saved");
    await press("Continue");
    await heading("Transfer done");
    await look();
    return { code };
  });

  await step("the second transfer asks for a code of the app", async () => {
    await order("Alan Turing", "7");
    await heading("Enter your code");
    await look();
    await local.advance(30); // a code is good once: the app shows the next one
    await page.fill("#code", codeOf(enrolled.barcodeUri, await local.now()));
    await press(/^Transfer/);
    await heading("Transfer done");
  });

  await step("without the phone, the recovery code does it, and is replaced", async () => {
    await order("Charles Babbage", "0.50");
    await heading("Enter your code");
    await page.getByRole("link", { name: "Use your recovery code" }).click();
    await heading("Use your recovery code");
    await look();
    await page.fill("#code", recovery.code);
    await press(/^Transfer/);
    await heading("Keep your recovery code");
    const next = await page.locator("[data-recovery-code]").getAttribute("data-recovery-code");
    assert.notEqual(next, recovery.code);
  });

  await step("the money went out three times", async () => {
    assert.equal((before - (await balance())).toFixed(2), "20.00");
    await look();
  });

  await step("log out", async () => {
    await page.getByRole("link", { name: "Log out" }).click();
    await page.waitForURL((url) => url.origin === app);
    await page.goto(`${app}/balance`);
    await page.waitForURL("**/u/login?**");
  });
});
