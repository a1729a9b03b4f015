// Universal Login as a person sees it, in Chromium: every page in its states, with scripts and without.
//
// Each page is looked at light and dark, down to 320 px: axe finds nothing, nothing is wider than the screen, nothing in the
// console. With SCREENSHOTS=FOLDER a person can look at them too, on a phone and on a desk.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { ManagementClient } from "auth0";
import { withPage } from "../lib/chromium.mjs";
import { lookAt, screenshot } from "../lib/look.mjs";
import { step } from "../lib/step.mjs";
import { ada, grace, hedy, tenant } from "../lib/tenant.mjs";
import { codeOf } from "../lib/totp.mjs";

const local = await tenant();
const { client_id: clientId, client_secret: clientSecret } = local.client("m2m");
const administrator = new ManagementClient({ domain: local.domain, clientId, clientSecret });

/** The port of a server that answers in this way. */
async function serve(host, answer) {
  const server = createServer(answer).listen(0, host);
  await once(server, "listening");
  server.unref();
  return server.address().port;
}

// A site that no page of a log-in is told of: the terms that an Action sends people to, and a home of the application.
const elsewhere = `http://127.0.0.1:${await serve("127.0.0.1", ({ url }, response) => {
  const state = new URL(url, "http://127.0.0.1").searchParams.get("state");
  const agree = `${local.issuer}continue?${new URLSearchParams({ state: state ?? "", agreed: "yes" })}`;
  response.setHeader("Content-Type", "text/html").end(`<!doctype html><title>Elsewhere</title><a href="${agree.replaceAll("&", "&amp;")}">I agree</a>`);
})}`;
// Where every log-in leads; one with the state `go on` goes on from there, whichever way it comes.
const goesOn = "go on";
const application = `http://localhost:${await serve("localhost", async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  const posted = new URLSearchParams(await text(request));
  const state = posted.get("state") ?? searchParams.get("state");
  if (state === goesOn || pathname === "/go-on") response.writeHead(302, { Location: `${elsewhere}/home` });
  response.end("back");
})}`;
const callback = `${application}/auth/callback`;
const newcomer = { email: "joan@example.com", password: "Bletchley 1943", phone: "+442079460958" };
const goOn = 'button[name="action"][value="default"]';
const choose = (value) => `button[name="action"][value="${value}"]`;

/** The pages of one browser. */
class Visitor {
  constructor(page, complaints) {
    Object.assign(this, { page, complaints });
  }

  look(name) {
    return lookAt(this.page, this.complaints, name);
  }

  /** Begins a log-in of the client. */
  async begin(more = {}) {
    const { client_id } = local.client(more.client ?? "webapp");
    delete more.client;
    const query = { client_id, response_type: "code", redirect_uri: callback, scope: "openid profile email", state: "s", ...more };
    await this.page.goto(`${local.issuer}authorize?${new URLSearchParams(query)}`);
  }

  async at(address) {
    await this.page.waitForURL((url) => url.pathname === `/u/${address}`);
  }

  async heading(text) {
    await this.page.getByRole("heading", { name: text, level: 1 }).waitFor();
  }

  press(selector) {
    return this.page.click(selector);
  }

  async alert(code) {
    await this.page.locator(`[role="alert"][data-error-code="${code}"]`).waitFor();
  }

  async logIn({ username, password }) {
    await this.at("login");
    await this.page.fill("#username", username);
    await this.page.fill("#password", password);
    await this.press(goOn);
  }

  /** Gives the next code of Grace's app. */
  async answerApp() {
    await this.at("mfa-otp-challenge");
    await local.advance(30); // a code is good once
    await this.page.fill("#code", codeOf("otpauth://totp/app?secret=GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4", await local.now()));
    await this.press(goOn);
  }

  /** Sends the form of the page that is shown so often, and leaves the page as it is. */
  async repeat(times, fields) {
    const state = new URL(this.page.url()).searchParams.get("state");
    const form = new URLSearchParams({ state, action: "default", ...fields }).toString();
    const send = (form) => fetch(location.href, { method: "POST", body: new URLSearchParams(form) }).then(() => {});
    for (let sent = 0; sent < times; sent++) await this.page.evaluate(send, form);
  }

  /** The login came to its end. */
  async back() {
    await this.page.waitForURL((url) => url.href.startsWith(callback));
    return new URL(this.page.url()).searchParams;
  }
}

async function visit(options, use) {
  await withPage({ ignoreHTTPSErrors: true, ...options }, async (page, complaints) => {
    await use(new Visitor(page, complaints), page);
  });
}

await visit({}, async (visitor, page) => {
  await step("log in: empty, and a password that is wrong", async () => {
    await visitor.begin();
    await visitor.at("login");
    await visitor.look("login");
    await page.fill("#username", ada.username);
    await page.fill("#password", "not her password");
    await visitor.press(goOn);
    await visitor.alert("wrong-email-credentials");
    await visitor.look("login-wrong");
    await page.getByRole("button", { name: "Show password" }).click();
    assert.equal(await page.getAttribute("#password", "type"), "text");
  });

  await step("sign up: what a password must be is marked as one types", async () => {
    await page.getByRole("link", { name: "Sign up" }).click();
    await visitor.at("signup");
    await visitor.look("signup");
    await page.fill("#email", newcomer.email);
    await page.fill("#password", "bletchley");
    assert.equal(await page.locator("#rules > li.met").count(), 1, "long enough, and no more");
    await visitor.press(goOn);
    await visitor.alert("password-policy-not-conformant");
    await visitor.look("signup-weak");
    await page.fill("#password", newcomer.password);
    assert.equal(await page.locator("#rules > li:not(.met)").count(), 0);
    await visitor.press(goOn);
  });

  await step("nothing is enrolled: choose among the factors", async () => {
    await visitor.at("mfa-enroll-options");
    await visitor.look("mfa-enroll-options");
  });

  await step("an authenticator app: QR code, key, and a code that is wrong", async () => {
    await visitor.press(choose("otp"));
    await visitor.at("mfa-otp-enrollment");
    await page.locator("svg.qr").waitFor();
    await visitor.look("mfa-otp-enrollment");
    await page.fill("#code", "000000");
    await visitor.press(goOn);
    await visitor.alert("invalid-code");
    await visitor.look("mfa-otp-enrollment-wrong");
    await page.getByRole("link", { name: "Try another way" }).click();
    await visitor.at("mfa-enroll-options");
  });

  await step("a device: the page waits, runs out, and moves on once one has scanned", async () => {
    await visitor.press(choose("push-notification"));
    await visitor.at("mfa-push-enrollment-qr");
    await page.locator("[data-barcode-uri] svg.qr").waitFor();
    await visitor.look("mfa-push-enrollment-qr");
    await local.advance(300);
    await visitor.alert("enrollment-transaction-expired");
    await visitor.look("mfa-push-enrollment-qr-expired");
    await visitor.press(goOn);
    const barcodeUri = await page.locator("[data-barcode-uri]").getAttribute("data-barcode-uri");
    await local.scan(barcodeUri);
    await visitor.at("mfa-recovery-code-enrollment");
  });

  const recovery = await step("the recovery code: shown, copied, printed, and not passed by without the tick", async () => {
    await visitor.look("mfa-recovery-code-enrollment");
    const code = await page.locator("[data-recovery-code]").getAttribute("data-recovery-code");
    assert.match(code, /^[1-9A-HJ-NP-Z]{24}$/);
    await page.emulateMedia({ media: "print" });
    await screenshot(page, "mfa-recovery-code-enrollment.print");
    await page.emulateMedia({ media: "screen" });
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download" }).click(),
    ]);
    assert.match(await readFile(await download.path(), "utf8"), new RegExp(code));
    await visitor.press(goOn);
    await visitor.alert("no-confirmation");
    await visitor.look("mfa-recovery-code-enrollment-no-tick");
    await page.check("#saved");
    await visitor.press(goOn);
    assert.ok((await visitor.back()).get("code"));
    return { code };
  });

  /** Joan logs in once more. */
  const joan = async (more) => {
    await visitor.begin({ prompt: "login", ...more });
    await visitor.logIn({ username: newcomer.email, password: newcomer.password });
  };

  await step("a notification: denied, too late, allowed", async () => {
    await joan();
    await visitor.at("mfa-push-challenge-push");
    await visitor.look("mfa-push-challenge-push");
    await local.answerPush("deny");
    await visitor.alert("transaction-rejected");
    await visitor.look("mfa-push-challenge-push-denied");
    await visitor.press(choose("resend"));
    await page.locator("[data-poll]").waitFor();
    await local.advance(300);
    await visitor.alert("challenge-transaction-expired");
    await visitor.look("mfa-push-challenge-push-expired");
    await visitor.press(choose("resend"));
    await page.locator("[data-poll]").waitFor();
    await page.check("#rememberBrowser");
    await local.answerPush("approve");
    assert.ok((await visitor.back()).get("code"));
    await joan();
    assert.ok((await visitor.back()).get("code"), "the browser is remembered");
  });

  const multiFactor = { acr_values: "http://schemas.openid.net/pape/policies/2007/06/multi-factor" };

  await step("another way: the code of the app, the recovery code, and the one that takes its place", async () => {
    await joan(multiFactor);
    await visitor.at("mfa-push-challenge-push");
    await visitor.press(choose("enter-otp"));
    await visitor.at("mfa-otp-challenge");
    await visitor.look("mfa-otp-challenge");
    await page.fill("#code", "12345");
    await visitor.press(goOn);
    await visitor.alert("invalid-otp-code-format");
    await visitor.look("mfa-otp-challenge-malformed");
    await page.getByRole("link", { name: "Try another way" }).click();
    await visitor.at("mfa-login-options");
    await visitor.look("mfa-login-options");
    await visitor.press(choose("recovery-code"));
    await visitor.at("mfa-recovery-code-challenge");
    await visitor.look("mfa-recovery-code-challenge");
    await page.fill("#code", recovery.code.toLowerCase());
    await visitor.press(goOn);
    await visitor.at("mfa-recovery-code-enrollment");
    const next = await page.locator("[data-recovery-code]").getAttribute("data-recovery-code");
    assert.notEqual(next, recovery.code);
    await visitor.look("mfa-recovery-code-replaced");
    await page.check("#saved");
    await visitor.press(goOn);
    await visitor.back();
  });

  await step("a code by e-mail: pasted with a space, sent again, too late", async () => {
    await visitor.begin({ prompt: "login" });
    await visitor.logIn(ada);
    await visitor.at("mfa-email-challenge");
    await visitor.look("mfa-email-challenge");
    assert.ok(await page.locator(choose("resend-code")).isDisabled(), "not at once");
    await local.advance(30);
    await page.reload();
    await visitor.press(choose("resend-code"));
    await page.getByRole("status").getByText("A new code is on its way.").waitFor();
    await visitor.look("mfa-email-challenge-resent");
    await local.advance(300);
    await page.fill("#code", await local.codeSentTo(ada.username, "email"));
    await visitor.press(goOn);
    await visitor.alert("transaction-not-found");
    await visitor.look("mfa-email-challenge-expired");
    await visitor.press(choose("resend-code"));
    const code = await local.codeSentTo(ada.username, "email");
    await page.evaluate((text) => {
      const data = new DataTransfer();
      data.setData("text", text);
      document.getElementById("code").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }, `${code.slice(0, 3)} ${code.slice(3)}`);
    assert.equal(await page.inputValue("#code"), code);
    await visitor.press(goOn);
    await visitor.back();
  });

  await step("consent, refused and given", async () => {
    await visitor.begin({ client: "Budget planner", scope: "openid profile email transfer:funds", audience: "https://api.example.com" });
    await visitor.at("consent");
    await visitor.look("consent");
    await visitor.press(choose("deny"));
    assert.equal((await visitor.back()).get("error"), "access_denied");
    await visitor.begin({ client: "Budget planner" });
    await visitor.at("consent");
    await visitor.press(choose("accept"));
    assert.ok((await visitor.back()).get("code"));
  });

  await step("a forgotten password: the link, and a new one", async () => {
    await visitor.begin({ prompt: "login" });
    await page.getByRole("link", { name: "Forgot password?" }).click();
    await visitor.at("reset-password/request");
    await visitor.look("reset-password-request");
    await page.fill("#email", newcomer.email);
    await visitor.press(goOn);
    await visitor.heading("Check your email");
    await visitor.look("reset-password-request-sent");
    await page.goto(await local.linkSentTo(newcomer.email));
    await visitor.at("reset-password");
    await visitor.look("reset-password");
    await page.fill("#password", "Colossus 1944");
    await visitor.press(goOn);
    await visitor.heading("Your password is changed");
    await visitor.look("reset-password-done");
  });

  await step("what cannot be answered is a page: no such client, a login that is over", async () => {
    await page.goto(`${local.issuer}authorize?client_id=nobody&response_type=code`);
    await visitor.heading("Oops!, something went wrong");
    await visitor.look("error");
    await page.goto(`${local.issuer}u/login?state=gone`);
    await visitor.look("error-lost");
    await page.goto(`${local.issuer}u/nothing`);
    await visitor.heading("Oops!, something went wrong");
    await visitor.look("error-nothing-there");
  });

  await step("log out: asked, and done", async () => {
    await page.goto(`${local.issuer}oidc/logout?client_id=${local.client("webapp").client_id}`);
    await visitor.heading("Log out?");
    await visitor.look("logout");
    await visitor.press(goOn);
    await visitor.heading("You are logged out");
    await visitor.look("logged-out");
  });
});

await visit({}, async (visitor, page) => {
  await step("on to another site: a page leads there, and shows itself where that takes time", async () => {
    await visitor.begin();
    const form = page.url();
    await visitor.logIn(grace);
    await page.route(`${callback}?**`, (route) => route.fulfill({ status: 204 })); // the browser stays where it is
    await visitor.answerApp();
    await visitor.heading("One moment");
    await visitor.look("onward");
    await page.unroute(`${callback}?**`);
    await page.getByRole("link", { name: "Continue" }).click();
    assert.ok((await visitor.back()).get("code"));

    await page.goto(form);
    await visitor.heading("Oops!, something went wrong");
    await visitor.look("error-over");
    await page.getByRole("link", { name: "Back to webapp" }).click();
    await page.waitForURL(new URL("/", callback).href);
  });
});

for (const javaScriptEnabled of [true, false]) {
  await visit({ javaScriptEnabled }, async (visitor, page) => {
    const scripts = javaScriptEnabled ? "on" : "off";
    await step(`scripts ${scripts}: an Action's other site and back, and an application that goes on to another site`, async () => {
      await visitor.begin({ client: "Travel club", "ext-terms": `${elsewhere}/terms` });
      await visitor.logIn(grace);
      await page.waitForURL(`${elsewhere}/terms?**`);
      await page.getByRole("link", { name: "I agree" }).click();
      await visitor.answerApp();
      assert.ok((await visitor.back()).get("code"));
      await visitor.begin({ prompt: "login", state: goesOn });
      await visitor.logIn(grace);
      await visitor.answerApp();
      await page.waitForURL(`${elsewhere}/home`);
    });

    await step(`scripts ${scripts}: an application that is sent a form, or a log-out, and goes on to another site`, async () => {
      await visitor.begin({ prompt: "login", state: goesOn, response_mode: "form_post" });
      await visitor.logIn(grace);
      await visitor.answerApp();
      if (!javaScriptEnabled) await page.getByRole("button", { name: "Continue" }).click();
      await page.waitForURL(`${elsewhere}/home`);
      const query = { client_id: local.client("webapp").client_id, post_logout_redirect_uri: `${application}/go-on` };
      await page.goto(`${local.issuer}oidc/logout?${new URLSearchParams(query)}`);
      await visitor.heading("Log out?");
      await visitor.press(goOn);
      await page.waitForURL(`${elsewhere}/home`);
    });
  });
}

await visit({}, async (visitor, page) => {
  await step("a phone: numbers, text message, call, by keyboard alone", async () => {
    await visitor.begin({ screen_hint: "signup" });
    await visitor.at("signup");
    await page.keyboard.type("mary@example.com");
    await page.keyboard.press("Tab");
    await page.keyboard.type(newcomer.password);
    await page.keyboard.press("Enter");
    await visitor.at("mfa-enroll-options");
    await page.locator(choose("phone")).focus();
    await page.keyboard.press("Enter");
    await visitor.at("mfa-phone-enrollment");
    await visitor.look("mfa-phone-enrollment");
    await page.fill("#phone", "020 7946 0958");
    await page.keyboard.press("Enter");
    await visitor.alert("invalid-phone-format");
    await visitor.look("mfa-phone-enrollment-wrong");
    await page.fill("#phone", "+44 20 7946 0958");
    await page.check("#channel-voice");
    await page.keyboard.press("Enter");
    await visitor.at("mfa-voice-challenge");
    await visitor.look("mfa-voice-challenge");
    await page.fill("#code", await local.codeSentTo(newcomer.phone, "voice"));
    await page.keyboard.press("Enter");
    await visitor.at("mfa-recovery-code-enrollment");
    await page.locator("#saved").focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("Enter");
    await visitor.back();
    await visitor.begin({ prompt: "login" });
    await visitor.logIn({ username: "mary@example.com", password: newcomer.password });
    await page.getByRole("link", { name: "Try another way" }).click();
    await visitor.press(choose("phone"));
    await visitor.at("mfa-sms-challenge");
    await visitor.look("mfa-sms-challenge");
    await page.fill("#code", "000000");
    await visitor.press(goOn);
    await visitor.alert("invalid-code");
    await visitor.look("mfa-sms-challenge-wrong");
    await page.fill("#code", await local.codeSentTo(newcomer.phone, "sms"));
    await visitor.press(goOn);
    await visitor.back();
  });

  await step("the mailed link confirms the address", async () => {
    await page.goto(await local.linkSentTo("mary@example.com"));
    await visitor.at("email-verification");
    await visitor.look("email-verification");
    await visitor.press(goOn);
    await visitor.heading("Your email is confirmed");
    await visitor.look("email-verification-done");
    await page.goBack();
    await page.reload();
    await visitor.heading("Oops!, something went wrong");
    await visitor.look("error-ticket");
  });
});

await visit({ javaScriptEnabled: false }, async (visitor, page) => {
  await step("with scripts off: sign up, a device that scans, a page that loads itself again", async () => {
    await visitor.begin({ screen_hint: "signup" });
    await page.fill("#email", "klara@example.com");
    await page.fill("#password", newcomer.password);
    await visitor.press(goOn);
    await visitor.at("mfa-enroll-options");
    await visitor.press(choose("push-notification"));
    await visitor.at("mfa-push-enrollment-qr");
    await local.scan(await page.locator("[data-barcode-uri]").getAttribute("data-barcode-uri"));
    await visitor.at("mfa-recovery-code-enrollment");
    await page.check("#saved");
    await visitor.press(goOn);
    await visitor.back();
    await visitor.begin({ prompt: "login" });
    await visitor.logIn({ username: "klara@example.com", password: newcomer.password });
    await visitor.at("mfa-push-challenge-push");
    await visitor.press(choose("remember-browser"));
    await page.locator(choose("forget-browser")).waitFor();
    await local.answerPush("approve");
    assert.ok((await visitor.back()).get("code"), "the page finds the answer when it loads itself again");
    await visitor.begin({ prompt: "login" });
    await visitor.logIn({ username: "klara@example.com", password: newcomer.password });
    assert.ok((await visitor.back()).get("code"), "the browser is remembered");
  });

  await step("with scripts off: the app of somebody who has one", async () => {
    await visitor.begin({ prompt: "login" });
    await visitor.logIn(grace);
    await visitor.answerApp();
    await visitor.back();
  });
});

await visit({}, async (visitor, page) => {
  const idOf = async (email) => (await administrator.users.listUsersByEmail({ email }))[0].user_id;
  const ticketFor = async (email) => (await administrator.guardian.enrollments.createTicket({ user_id: await idOf(email) })).ticket_url;

  await step("a ticket: an address is enrolled without an application; whoever has an app has nothing to set up", async () => {
    await page.goto(await ticketFor(hedy.username));
    await visitor.at("mfa-enroll-options");
    await visitor.look("ticket-mfa-enroll-options");
    await visitor.press(choose("email"));
    await visitor.at("mfa-email-enrollment");
    await visitor.look("mfa-email-enrollment");
    await page.fill("#email", "hedy");
    await visitor.press(goOn);
    await visitor.alert("invalid-email-format");
    await visitor.look("mfa-email-enrollment-wrong");
    await page.fill("#email", "hedy@example.org");
    await visitor.press(goOn);
    await visitor.at("mfa-email-challenge");
    await visitor.look("ticket-mfa-email-challenge");
    await page.fill("#code", await local.codeSentTo("hedy@example.org", "email"));
    await visitor.press(goOn);
    await visitor.at("mfa-recovery-code-enrollment");
    await page.check("#saved");
    await visitor.press(goOn);
    await visitor.heading("Your second step is set up");
    await visitor.look("ticket-done");
    await page.goto(await ticketFor(grace.username));
    await page.getByRole("alert").getByText("User is already enrolled.").waitFor();
    await visitor.look("error-ticket-for-nothing");
  });

  await step("an account that is blocked, and too many wrong passwords", async () => {
    await administrator.users.update(await idOf(hedy.username), { blocked: true });
    await visitor.begin();
    await visitor.logIn(hedy);
    await visitor.alert("user-blocked");
    await visitor.look("login-blocked");
    await visitor.repeat(10, { username: hedy.username, password: "not hers" });
    await visitor.logIn(hedy);
    await visitor.alert("too-many-attempts");
    await visitor.look("login-too-many");
  });

  await step("too many wrong codes", async () => {
    await visitor.begin();
    await visitor.logIn(grace);
    await visitor.at("mfa-otp-challenge");
    await visitor.repeat(10, { code: "000000" });
    await visitor.answerApp();
    await visitor.alert("too-many-failures");
    await visitor.look("mfa-otp-challenge-too-many");
  });

  await step("too many e-mails: while a code is there, and where none was sent", async () => {
    await visitor.begin({ prompt: "login" });
    await visitor.logIn(ada);
    await visitor.at("mfa-email-challenge");
    for (let sent = 0; sent < 10; sent++) {
      await local.advance(30);
      await visitor.repeat(1, { action: "resend-code" });
    }
    await local.advance(30);
    await page.reload();
    await visitor.press(choose("resend-code"));
    await visitor.alert("too-many-email");
    await visitor.look("mfa-email-challenge-too-many");
    await local.advance(300);
    await visitor.begin({ prompt: "login" });
    await visitor.logIn(ada);
    await visitor.heading("No code was sent");
    await visitor.alert("too-many-email");
    await visitor.look("mfa-email-challenge-not-sent");
  });
});

await visit({}, async (visitor, page) => {
  await step("a login that is in doubt, of somebody without a factor: a code from the mailbox", async () => {
    await administrator.guardian.policies.set(["confidence-score"]);
    await local.risk({ confidence: "low" });
    await visitor.begin({ screen_hint: "signup" });
    await page.fill("#email", "edith@example.com");
    await page.fill("#password", newcomer.password);
    await visitor.press(goOn);
    await visitor.at("login-email-verification");
    await visitor.look("login-email-verification");
    await page.fill("#code", "12345");
    await visitor.press(goOn);
    await visitor.alert("invalid-otp-code-format");
    await visitor.look("login-email-verification-malformed");
    await page.fill("#code", await local.codeSentTo("edith@example.com", "email"));
    await visitor.press(goOn);
    assert.ok((await visitor.back()).get("code"));
  });
});
