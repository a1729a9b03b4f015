// The dashboard in Chromium: what a login did, live; factors and policy; users; Actions, edited and tried.
// axe looks at every page, light and dark, at a phone's and at a desk's width. With SCREENSHOTS=FOLDER a person can look at
// them too.
import assert from "node:assert/strict";
import { withPage } from "../lib/chromium.mjs";
import { desk, lookAt, phone } from "../lib/look.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";

const local = await tenant();
const dashboard = new URL("dashboard", local.issuer).href;
const webapp = local.client("webapp");

/** A token request of the web application. */
async function token(fields) {
  const response = await fetch(new URL("oauth/token", local.issuer), {
    method: "POST",
    body: new URLSearchParams({ client_id: webapp.client_id, client_secret: webapp.client_secret, ...fields }),
  });
  return { status: response.status, ...(await response.json()) };
}
const logIn = (password = ada.password) =>
  token({ grant_type: "password", username: ada.username, password, scope: "openid offline_access" });
const stepUp = async () => {
  const { refresh_token } = await logIn();
  return token({ grant_type: "refresh_token", refresh_token, audience: "https://api.example.com" });
};

await withPage({ viewport: desk, ignoreHTTPSErrors: true }, async (page, complaints) => {
  let looks = 0;

  /** On a desk and on a phone. */
  async function look() {
    looks += 1;
    const path = new URL(page.url()).pathname;
    await lookAt(page, complaints, `${String(looks).padStart(2, "0")}${path.replaceAll("/", "_").slice(0, 40)}`, [phone, desk]);
    await page.setViewportSize(desk);
  }
  const open = (path) => page.goto(`${dashboard}${path}`);
  const heading = (name) => page.getByRole("heading", { name, level: 1 }).waitFor();
  const press = (name, role = "button") => page.getByRole(role, { name, exact: true }).click();

  await step("the overview names applications and factors", async () => {
    await open("");
    await look();
    await page.getByRole("cell", { name: webapp.client_id }).waitFor();
  });

  await step("the log follows what happens", async () => {
    await open("/logs");
    await logIn("not her password");
    await page.getByText("Wrong password").first().waitFor();
    await look();
    await open("/logs?type=fp");
    assert.deepEqual([...new Set(await page.locator("tbody .kind").allTextContents())], ["fp"]);
  });

  await step("the log with a filter follows that user alone, and asks no more often than something happens", async () => {
    await open("/logs?user=ada");
    const before = await page.locator("tbody tr").count();
    let asked = 0;
    page.on("request", (request) => { if (request.url().includes("/logs/new")) asked += 1; });
    const unknown = { grant_type: "password", username: "nobody@example.com", password: "x" };
    for (let turn = 0; turn < 3; turn++) await token(unknown);
    await logIn("not her password");
    await page.waitForFunction((count) => document.querySelectorAll("tbody tr").length > count, before);
    assert.ok(asked <= 2, `asked ${asked} times`);
    assert.equal(await page.getByText("nobody@example.com").count(), 0);
    await open("/logs?user=nobody-at-all");
    await page.getByText("No event fits the filter.").waitFor();
    await look();
  });

  await step("a long log has a head that stays, and an older page", async () => {
    for (let turn = 0; turn < 21; turn++) {
      await Promise.all(Array.from({ length: 10 }, (_, at) => token({ grant_type: "password", username: `${turn}-${at}@example.com`, password: "x" })));
    }
    await open("/logs");
    const top = () => page.locator("thead").evaluate((head) => head.querySelector("th").getBoundingClientRect().top - head.closest(".table").getBoundingClientRect().top);
    const before = await top();
    await page.locator(".table").evaluate((table) => { table.scrollTop = table.scrollHeight; });
    assert.ok(Math.abs((await top()) - before) < 2, "the head of the table stays in sight");
    await press("Older", "link");
    await page.getByRole("link", { name: "Newest", exact: true }).waitFor();
    await page.locator("tbody tr").first().waitFor();
  });

  await step("the log breaks a long address before its host and nowhere else", async () => {
    const address = "rear.admiral.grace.hopper@navy.example.com";
    await token({ grant_type: "password", username: address, password: "x" });
    await page.setViewportSize({ width: 1100, height: 800 });
    await open("/logs");
    const parts = await page.getByRole("cell", { name: address }).first().evaluate((cell) =>
      [...cell.childNodes].filter((node) => node.data).map((text) => {
        const range = document.createRange();
        range.selectNode(text);
        return [text.data, range.getClientRects().length];
      }),
    );
    assert.deepEqual(parts, [["rear.admiral.grace.hopper", 1], ["@navy.example.com", 1]]);
    await look();
    await page.setViewportSize(desk);
  });

  await step("a refused refresh is drawn as a sequence, its secrets covered until asked for", async () => {
    const refused = await stepUp();
    assert.equal(refused.error, "mfa_required");
    await open("/logins");
    await look();
    await press("Refresh", "link");
    await heading(`Refresh of ${ada.username}`);
    await page.getByText("403 mfa_required").click();
    await look();
    assert.ok(!(await page.content()).includes(refused.mfa_token), "the mfa_token is covered");
    await page.getByRole("link", { name: "Show them" }).click();
    await page.getByText("403 mfa_required").click();
    assert.ok((await page.content()).includes(refused.mfa_token), "the mfa_token is shown");
  });

  await step("a factor that is switched off can no longer be enrolled, at once", async () => {
    const associate = async () => {
      const { mfa_token } = await stepUp();
      const response = await fetch(new URL("mfa/associate", local.issuer), {
        method: "POST",
        headers: { Authorization: `Bearer ${mfa_token}`, "Content-Type": "application/json" },
        body: JSON.stringify({ authenticator_types: ["otp"] }),
      });
      return response.status;
    };
    await open("/security");
    await look();
    await press("One-time password", "switch");
    await page.waitForLoadState();
    assert.equal(await associate(), 400);
    await press("One-time password", "switch");
    await page.waitForLoadState();
    assert.equal(await associate(), 200);
  });

  await step("the policy Always asks at a password grant, Never does not", async () => {
    for (const [policy, error] of [["Always", "mfa_required"], ["Never", undefined]]) {
      await open("/security");
      await page.getByRole("radio", { name: policy }).check();
      await press("Save the policy");
      await page.waitForLoadState();
      assert.equal((await logIn()).error, error, policy);
    }
  });

  await step("users are found, with factors and history", async () => {
    await open("/users");
    await look();
    await page.fill("#q", "ada");
    await press("Search");
    await press("Ada Lovelace", "link").catch(() => page.locator("tbody a").first().click());
    await page.getByRole("heading", { name: "Factors" }).waitFor();
    await page.getByText("Second factor required").first().waitFor();
    await look();
  });

  await step("a blocked user is kept out until unblocked", async () => {
    await press("Block");
    await page.getByText("blocked", { exact: true }).waitFor();
    assert.notEqual((await logIn()).status, 200);
    await press("Unblock");
    await page.waitForLoadState();
    assert.equal((await logIn()).status, 200);
  });

  await step("a form that is too large is answered with a page that leads back", async () => {
    await open("/actions");
    await page.locator("#name").evaluate((field) => {
      field.removeAttribute("maxlength");
      field.value = "x".repeat(100_000);
    });
    await press("Create");
    await page.getByText("The request body is larger than 64 KiB.").waitFor();
    await look();
    await press("Open the dashboard", "link");
    await page.waitForURL(dashboard);
  });

  await step("an Action is tried, refused while broken, and deployed", async () => {
    await open("/actions");
    await look();
    await page.fill("#name", "greeting");
    await press("Create");
    await heading("greeting");
    await page.fill("#code", "exports.onExecutePostLogin = async (event, api) => {\n  console.log(event.user.email);\n  api.idToken.setCustomClaim('https://example.com/greeting', 'hello');\n};\n");
    await press("Try it");
    await page.locator("#tried").getByText("https://example.com/greeting").waitFor();
    await page.locator("#tried").getByText("ada@example.com").waitFor();
    await look();
    const code = await page.inputValue("#code");
    await page.fill("#code", "exports.onExecutePostLogin = async (event, api) => {\n  oops(;\n};\n");
    await press("Deploy");
    await page.getByRole("alert").getByText(/Line 2/).waitFor();
    await page.fill("#code", code);
    await press("Deploy");
    await page.getByText("Deployed").waitFor();
    await page.fill("#code", `${code}// typed since`);
    await press("Bind to the login");
    await page.getByText("It runs at the login now.").waitFor();
    assert.equal(await page.inputValue("#code"), `${code}// typed since`);
    await press("Run earlier");
    await page.getByText("Runs at the login, 1 of 2.").waitFor();
    await press("Run later");
    await page.getByText("Runs at the login, 2 of 2.").waitFor();
    const [, claims] = (await logIn()).id_token.split(".");
    assert.equal(JSON.parse(Buffer.from(claims, "base64url"))["https://example.com/greeting"], "hello");
  });

  await step("an Action's secret is set by Enter and removed, and the code that was typed is still there", async () => {
    const code = "// its secret is typed next";
    await page.fill("#code", code);
    await page.fill("#secret", "API_KEY");
    await page.fill("#value", "k3y-0f-the-test");
    await page.press("#value", "Enter");
    await page.getByText("The draft is saved.").waitFor();
    await page.getByRole("button", { name: "Remove API_KEY" }).waitFor();
    assert.ok(!(await page.content()).includes("k3y-0f-the-test"));
    await look();
    await press("Remove API_KEY");
    await page.getByText("The draft is saved.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Remove API_KEY" }).count(), 0);
    assert.equal(await page.inputValue("#code"), code);
  });

  await step("an Action is deleted after a question", async () => {
    await press("Unbind");
    await page.getByText("Runs nowhere yet.").waitFor();
    assert.ok(!(await page.getByRole("button", { name: "Delete for good" }).isVisible()));
    await page.getByText("Delete this Action").click();
    await look();
    await press("Delete for good");
    await page.waitForURL(`${dashboard}/actions`);
    assert.equal(await page.getByRole("link", { name: "greeting" }).count(), 0);
  });

  await step("the inbox fills by itself", async () => {
    await open("/inbox");
    await look();
    const { mfa_token } = await stepUp();
    const sent = await fetch(new URL("mfa/associate", local.issuer), {
      method: "POST",
      headers: { Authorization: `Bearer ${mfa_token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ authenticator_types: ["oob"], oob_channels: ["sms"], phone_number: ada.phone }),
    });
    assert.equal(sent.status, 200, await sent.text());
    await page.getByText(ada.phone).first().waitFor();
    assert.equal(await page.locator(".code code").first().textContent(), await local.codeSentTo(ada.phone, "sms"));
    await look();
  });

  await step("a virtual device is enrolled, and answers a push", async () => {
    const { mfa_token } = await stepUp();
    const post = async (path, body, bearer) => {
      const headers = { "Content-Type": "application/json", ...(bearer && { Authorization: `Bearer ${bearer}` }) };
      const response = await fetch(new URL(path, local.issuer), { method: "POST", headers, body: JSON.stringify(body) });
      return response.json();
    };
    const push = await post("mfa/associate", { authenticator_types: ["oob"], oob_channels: ["auth0"] }, mfa_token);
    await open("/devices");
    await look();
    await page.fill("#barcode_uri", push.barcode_uri);
    await press("Scan");
    await page.waitForLoadState();
    const verify = (mfa_token, oob_code) =>
      token({ grant_type: "http://auth0.com/oauth/grant-type/mfa-oob", mfa_token, oob_code });
    const enrolled = await verify(mfa_token, push.oob_code);
    assert.equal(enrolled.status, 200, JSON.stringify(enrolled));
    const next = await token({ grant_type: "refresh_token", refresh_token: enrolled.refresh_token, audience: "https://api.example.com" });
    const challenge = await post("mfa/challenge", {
      client_id: webapp.client_id,
      client_secret: webapp.client_secret,
      mfa_token: next.mfa_token,
      challenge_type: "oob",
    });
    await open("/devices");
    await page.getByRole("button", { name: "Approve" }).first().waitFor();
    await look();
    await page.getByRole("button", { name: "Approve" }).first().click();
    await page.waitForLoadState();
    await local.advance(2);
    assert.equal((await verify(next.mfa_token, challenge.oob_code)).status, 200);
  });

  await step("a code is followed by the next one when its time is over, the button to copy it still focused", async () => {
    await open("/devices");
    await page.fill("#barcode_uri", "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    await press("Scan");
    await page.waitForLoadState();
    await local.advance(26 - ((await local.now()) % 30) + 30);
    await open("/devices");
    const codes = () => page.locator(".code code").allTextContents();
    const first = await codes();
    await page.locator("[data-copy]").first().focus();
    await page.waitForFunction((first) => document.querySelector(".code code").textContent !== first, first[0]);
    const left = Number(await page.locator("[data-seconds-left]").first().textContent());
    assert.ok(left > 20 && left <= 30, `${left} s left`);
    assert.ok(await page.locator("[data-copy]").first().evaluate((button) => button === document.activeElement));
  });

  await step("what is drawn anew waits until nobody is about to press something in it", async () => {
    await open("/logins");
    await page.locator("tbody a").first().focus();
    const before = await page.locator("[data-refresh]").innerHTML();
    await stepUp();
    await page.waitForTimeout(500);
    assert.equal(await page.locator("[data-refresh]").innerHTML(), before);
    await page.locator("nav a").first().focus();
    await page.waitForFunction((before) => document.querySelector("[data-refresh]").innerHTML !== before, before);
  });

  await step("what is not there, and the tenant's own address, are pages", async () => {
    await open("/nothing");
    await page.getByText("There is nothing at /dashboard/nothing.").waitFor();
    await page.getByRole("link", { name: "Open the dashboard" }).click();
    await page.waitForURL(dashboard);
    await page.goto(local.issuer);
    await page.waitForURL(dashboard);
  });

  await step("a form of another site changes nothing", async () => {
    const response = await fetch(`${dashboard}/security/policy`, {
      method: "POST",
      headers: { Origin: "https://evil.example" },
      body: new URLSearchParams({ policy: "always" }),
    });
    assert.equal(response.status, 403);
    assert.equal((await logIn()).status, 200);
  });
});
