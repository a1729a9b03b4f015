// The dashboard in Chromium: what a login did, live; factors and policy; users; Actions, edited and tried.
// axe looks at every page, at a phone's and at a desk's width. With SCREENSHOTS=FOLDER a person can look at them too.
import assert from "node:assert/strict";
import { withPage } from "../lib/chromium.mjs";
import { assertAccessible, assertFits, screenshot } from "../lib/look.mjs";
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

await withPage({ viewport: { width: 1280, height: 860 }, ignoreHTTPSErrors: true }, async (page, complaints) => {
  let looks = 0;

  /** On a desk and on a phone. */
  async function look() {
    looks += 1;
    const path = new URL(page.url()).pathname;
    for (const [name, size] of Object.entries({ desk: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } })) {
      await page.setViewportSize(size);
      await assertAccessible(page, `${path}, ${name}`);
      await assertFits(page, `${path}, ${name}`);
      await screenshot(page, `${String(looks).padStart(2, "0")}${path.replaceAll("/", "_").slice(0, 40)}-${name}`);
    }
    await page.setViewportSize({ width: 1280, height: 860 });
    assert.deepEqual(complaints, [], path);
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
    await press("Bind to the login");
    await page.waitForURL(`${dashboard}/actions`);
    const [, claims] = (await logIn()).id_token.split(".");
    assert.equal(JSON.parse(Buffer.from(claims, "base64url"))["https://example.com/greeting"], "hello");
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
