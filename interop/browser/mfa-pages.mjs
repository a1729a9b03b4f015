// The ready-made pages as a person sees them, in Chromium: every page in its states, with scripts and without.
//
// Each page is looked at light and dark, down to 320 px: axe finds nothing, nothing is wider than the screen, nothing in the
// console. With SCREENSHOTS=FOLDER a person can look at them too, on a phone and on a desk.
import assert from "node:assert/strict";
import { withPage } from "../lib/chromium.mjs";
import { lookAt } from "../lib/look.mjs";
import { logInOn } from "../lib/pages.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { codeOf } from "../lib/totp.mjs";

const app = process.env.STEPUP_APP;
const local = await tenant();
const action = (value) => `button[name="action"][value="${value}"]`;

/** The pages in one browser. */
class Visitor {
  constructor(page, complaints) {
    Object.assign(this, { page, complaints });
  }

  look(name) {
    return lookAt(this.page, this.complaints, name);
  }

  heading(text) {
    return this.page.getByRole("heading", { name: text, level: 1 }).waitFor();
  }

  press(value) {
    return this.page.click(action(value));
  }

  /** Chooses what is called so. */
  choose(name) {
    return this.page.getByRole("button", { name: new RegExp(`^${name}`) }).first().click();
  }

  /** Logs Ada in anew: a session without the token that a transfer needs. */
  async logIn() {
    await this.page.context().clearCookies();
    await this.page.goto(app);
    await logInOn(this.page, ada);
    await this.page.getByRole("heading", { name: "Good day" }).waitFor();
  }

  /** Orders a transfer; the page that comes asks for the second factor. */
  async order() {
    await this.page.goto(app);
    await this.page.fill("[name=to]", "Bob & Söhne");
    await this.page.getByRole("button", { name: "Transfer" }).click();
    await this.page.waitForURL("**/auth/mfa/d/*");
  }

  /** The form arrived as it was. */
  async arrived() {
    await this.heading("Sent to Bob & Söhne");
  }
}

async function visit(options, use) {
  await withPage(options, async (page, complaints) => {
    await use(new Visitor(page, complaints), page);
  });
}

/** The key of Ada's app. */
let app_uri;

await visit({}, async (visitor, page) => {
  await step("what to add: an app, a phone, a push; a reload changes nothing", async () => {
    await visitor.logIn();
    await visitor.order();
    await visitor.heading("Add a second step");
    await visitor.look("factors");
    await page.reload();
    await visitor.heading("Add a second step");
  });

  await step("a phone: what is typed stays, the code is sent", async () => {
    await visitor.choose("Phone");
    await visitor.heading("Add your phone");
    await visitor.look("phone");
    await page.fill("#phone", "020 7946");
    await visitor.press("contact");
    await page.getByRole("alert").waitFor();
    assert.equal(await page.inputValue("#phone"), "020 7946");
    await visitor.look("phone-wrong");
    await page.fill("#phone", "+1 202 555 0123");
    await visitor.press("contact");
    await visitor.heading("Enter your code");
    assert.ok(await page.locator(action("resend")).isDisabled(), "another one has to wait");
    await visitor.look("code-sent");
    await visitor.press("other");
    await visitor.heading("Add a second step");
  });

  await step("an app: QR code, key, a wrong code, the right one, the recovery code", async () => {
    await visitor.choose("Authenticator app");
    await visitor.heading("Set up your authenticator app");
    await visitor.look("new-app");
    app_uri = await page.getByRole("link", { name: "Open the app" }).getAttribute("href");
    const { width } = await page.locator(".qr").boundingBox();
    assert.ok(width >= 200, `the QR code is ${width} px wide`);
    await page.reload();
    assert.equal(await page.getByRole("link", { name: "Open the app" }).getAttribute("href"), app_uri, "enrolled once");
    const right = codeOf(app_uri, await local.now());
    await page.fill("#code", right === "000000" ? "111111" : "000000");
    await visitor.press("code");
    await page.getByRole("alert").waitFor();
    await visitor.look("new-app-wrong");
    await page.focus("#code");
    await page.evaluate((text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text", text);
      document.getElementById("code").dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, `${right.slice(0, 3)} ${right.slice(3)}`);
    assert.equal(await page.inputValue("#code"), right, "pasted with a space");
    await page.keyboard.press("Enter");
    await visitor.heading("Keep your recovery code");
    await visitor.look("keep");
    await page.emulateMedia({ media: "print" });
    assert.ok(await page.locator("#recovery-code").isVisible());
    assert.ok(!(await page.locator(action("kept")).isVisible()), "nothing to press on paper");
    await page.emulateMedia({ media: null });
    await visitor.press("kept");
    await page.getByRole("alert").waitFor();
    await visitor.look("keep-not-ticked");
    await page.check("[name=saved]");
    await visitor.press("kept");
    await visitor.arrived();
  });

  await step("the form was sent once: the back button sends nothing", async () => {
    await page.goBack();
    await page.waitForLoadState();
    assert.ok(!(await page.content()).includes("Set up your"), page.url());
  });

  await step("by keyboard alone: choose, and a code", async () => {
    await visitor.logIn();
    await visitor.order();
    await visitor.heading("Confirm that it is you");
    await visitor.look("choose");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await visitor.heading("Enter your code");
    await local.advance(30);
    assert.equal(await page.evaluate(() => document.activeElement.id), "code", "the field has the focus");
    await page.keyboard.type("１２");
    await page.keyboard.type("3 4");
    assert.equal(await page.inputValue("#code"), "1234", "as a Japanese keyboard types digits, and with a blank");
    for (const key of ["ArrowLeft", "ArrowLeft", "Space", "9"]) await page.keyboard.press(key);
    assert.equal(await page.inputValue("#code"), "12934", "the caret stays");
    await page.fill("#code", "");
    const composer = await page.context().newCDPSession(page);
    await composer.send("Input.imeSetComposition", { text: "４５", selectionStart: 2, selectionEnd: 2 });
    assert.equal(await page.inputValue("#code"), "４５", "what is being composed is left alone");
    await composer.send("Input.insertText", { text: "４５" });
    assert.equal(await page.inputValue("#code"), "45");
    await page.fill("#code", "");
    await visitor.look("code-app");
    await page.keyboard.type("000 000");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    await visitor.look("code-app-wrong");
    await page.keyboard.type(codeOf(app_uri, await local.now()));
    await page.keyboard.press("Enter");
    await visitor.arrived();
  });

  await step("the recovery code, wrong; cancel leads back", async () => {
    await visitor.logIn();
    await visitor.order();
    await visitor.choose("Recovery code");
    await visitor.heading("Use your recovery code");
    await visitor.look("recovery");
    await page.fill("#code", "nonsense");
    await visitor.press("code");
    await page.getByRole("alert").waitFor();
    await visitor.look("recovery-wrong");
    await visitor.press("cancel");
    await page.getByRole("heading", { name: "Good day" }).waitFor();
  });

  await step("one's own: listed, one added by push, one removed", async () => {
    await page.getByRole("link", { name: "Your second steps" }).click();
    await page.waitForURL(/\/u\/mfa|\/auth\/mfa\/manage/);
    if (page.url().includes("/u/mfa")) {
      await local.advance(30);
      await page.fill("#code", codeOf(app_uri, await local.now()));
      await page.click('button[name="action"][value="default"]');
    }
    await visitor.heading("Your second steps");
    await visitor.look("manage");
    await visitor.press("add");
    await visitor.choose("Push notification");
    await visitor.heading("Set up push notifications");
    await visitor.look("new-push");
    const barcodeUri = await page.getByRole("link", { name: "Open the app" }).getAttribute("href");
    await local.scan(barcodeUri);
    await visitor.heading("Your second steps");
    await visitor.look("manage-added");
    await page.getByRole("link", { name: "Remove Authenticator app" }).first().click();
    await visitor.heading("Remove Authenticator app?");
    await visitor.look("delete");
    await page.getByRole("link", { name: "Keep it" }).click();
    await visitor.heading("Your second steps");
  });

  await step("a push: it waits and is alive, denied it says so, allowed it goes on", async () => {
    await visitor.logIn();
    await visitor.order();
    await visitor.choose("Push notification");
    await visitor.heading("Check your phone");
    await visitor.look("push");
    await local.answerPush("deny");
    await page.getByRole("alert").waitFor();
    await visitor.look("push-denied");
    await local.advance(30);
    await visitor.press("resend");
    await page.getByRole("status").waitFor();
    await local.answerPush("approve");
    await visitor.arrived();
  });

  await step("what is over says so", async () => {
    await page.goto(`${app}/auth/mfa/d/0123456789abcdef`);
    await visitor.heading("This page is no longer open");
    await visitor.look("gone");
    await visitor.logIn();
    await visitor.order();
    await local.advance(600);
    await visitor.choose("Push notification");
    await page.getByRole("heading", { level: 1 }).waitFor();
    await visitor.look("expired");
  });
});

for (const [locale, heading] of [["de-DE", "Bestätigen Sie, dass Sie es sind"], ["ja-JP", "本人確認"]]) {
  await visit({ locale }, async (visitor, page) => {
    await step(`in the visitor's language: ${locale}`, async () => {
      await visitor.logIn();
      await visitor.order();
      await visitor.heading(heading);
      assert.equal(await page.locator("h1").evaluate((heading) => getComputedStyle(heading).hyphens), "auto", "long words are parted, not cut");
      await visitor.look(`choose-${locale}`);
    });
  });
}

await visit({ javaScriptEnabled: false }, async (visitor, page) => {
  await step("scripts off: a code, and the form's own button", async () => {
    await visitor.logIn();
    await visitor.order();
    await page.getByRole("button", { name: /^Authenticator app/ }).first().click();
    await visitor.heading("Enter your code");
    await local.advance(30);
    await page.fill("#code", codeOf(app_uri, await local.now()));
    await visitor.press("code");
    await visitor.heading("Thank you, it is you");
    await page.getByRole("button", { name: "Continue" }).click();
    await visitor.arrived();
  });

  await step("scripts off: a push goes on by itself", async () => {
    await visitor.logIn();
    await visitor.order();
    await page.getByRole("button", { name: /^Push notification/ }).click();
    await visitor.heading("Check your phone");
    await local.answerPush("approve");
    await visitor.heading("Thank you, it is you");
  });
});

await visit({}, async (visitor, page) => {
  await local.reset(); // Ada has nothing again
  await page.clock.install();

  await step("a push: an answer that cannot be read ends nothing", async () => {
    await visitor.logIn();
    await visitor.order();
    await visitor.choose("Push notification");
    await visitor.heading("Set up push notifications");
    const isPoll = (request) => request.postData() === "action=poll";
    await page.route("**/auth/mfa/d/*", (route) => (isPoll(route.request()) ? route.fulfill({ body: "<html></html>" }) : route.fallback()));
    const asked = () => page.waitForRequest(isPoll);
    await Promise.all([asked(), page.clock.fastForward(2000)]);
    await page.unrouteAll({ behavior: "wait" });
    await Promise.all([asked(), page.clock.fastForward(5000)]);
    await visitor.press("other");
  });

  await step("a key that is copied twice; stopped on its way, a form can be sent again", async () => {
    await visitor.choose("Authenticator app");
    await visitor.heading("Set up your authenticator app");
    const uri = await page.getByRole("link", { name: "Open the app" }).getAttribute("href");
    const copy = page.locator("[data-copy]").first();
    const words = await copy.textContent();
    await page.context().grantPermissions(["clipboard-write"]);
    for (const _ of [1, 2]) {
      await copy.click();
      await page.getByRole("button", { name: "Copied" }).waitFor();
    }
    await page.clock.fastForward(2000);
    await page.getByRole("button", { name: "Copied" }).waitFor({ state: "hidden" });
    assert.equal(await copy.textContent(), words, "copied twice");
    await page.fill("#code", codeOf(uri, await local.now()));
    await local.fault({ method: "POST", path: "/oauth/token", delay_ms: 1000 });
    const sent = () => page.waitForRequest((request) => request.method() === "POST" && request.url().includes("/auth/mfa/d/"));
    await Promise.all([sent(), page.keyboard.press("Enter")]);
    const browser = await page.context().newCDPSession(page);
    await browser.send("Page.stopLoading");
    await page.clock.fastForward(5000);
    await Promise.all([sent(), page.locator(action("code")).click()]);
    await visitor.heading("Keep your recovery code");
  });
});
