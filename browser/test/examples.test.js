// The browser blocks of EXAMPLES.md: each uses what the module has, as its types say; the application does what it says.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as stepup from "../stepup.js";
import { scripted } from "./scripted.js";

const here = import.meta.dirname;
const examples = readFileSync(join(here, "../../EXAMPLES.md"), "utf8");

/** What a page has around an example. */
const page = `
declare const mfaToken: string, oobCode: string;
declare const button: HTMLButtonElement;
declare function ask(question: string): Promise<string>;
declare function choose<T>(list: T[]): Promise<T>;
declare function send(token: string): void;
declare function show(text: string): void;
declare function showOnce(recoveryCodes: string[]): void;
declare function showQrCode(uri: string): void;
declare function showSecondFactor(token: string, requirements: unknown): void;
`;

test("the examples are as the types say", () => {
  const blocks = [...examples.matchAll(/^```js\n(.*?)^```/gms)].map(([, block]) => block);
  assert.ok(blocks.length >= 15, `${blocks.length} blocks`);
  const folder = mkdtempSync(join(here, "examples-"));
  try {
    writeFileSync(join(folder, "page.d.ts"), page);
    blocks.forEach((block, number) => {
      writeFileSync(join(folder, `example-${number + 1}.mts`), block.replaceAll('"/auth/stepup.js"', '"../../stepup.js"'));
    });
    const compilerOptions = { target: "es2022", module: "nodenext", lib: ["es2022", "dom"], types: [], noEmit: true, strictNullChecks: true };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*"] }));
    const { status, stdout } = spawnSync(join(here, "../node_modules/.bin/tsc"), ["--project", folder], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const [, application] = examples.match(/^## Complete: a single-page application\n.*?^```js\nimport (?:.*?);\n(.*?)^```/ms);

/**
 * Runs `stepUp` of the single-page application against prepared answers. The person takes the last of a list, types `typed`
 * one after the other, and sees `shown`. Beside what it resolves to: what went to which route.
 */
async function run(answers, typed = []) {
  const shown = [];
  const hands = {
    ...stepup,
    login: () => "logged in again",
    ask: async (question) => {
      shown.push(question);
      assert.ok(typed.length > 0, `nobody answers: ${question}`);
      return typed.shift();
    },
    choose: async (list) => list.at(-1),
    show: (text) => shown.push(text),
    showOnce: (codes) => shown.push(codes.join()),
    showQrCode: (uri) => shown.push(uri),
  };
  const requests = scripted(...answers);
  const stepUp = new Function(...Object.keys(hands), `${application}\nreturn stepUp;`)(...Object.values(hands));
  let token, error;
  try {
    token = await stepUp();
  } catch (thrown) {
    error = thrown;
  }
  const sent = requests.map(({ url, body }) => [url.replace(/^\/auth\/|\?.*$/g, ""), body]);
  return { token, error, sent, shown };
}

const due = (requirements, mfa_token = "sealed") => [403, { error: "mfa_required", error_description: "", mfa_token, mfa_requirements: requirements }];
const toChallenge = due({ challenge: [{ type: "otp" }] });
const listed = (...authenticators) => [200, authenticators.map((one) => ({ active: true, ...one }))];
const wrong = [403, { error: "invalid_grant", error_description: "Invalid otp_code." }];
const refused = (status, error) => [status, { error, error_description: "" }];
const verified = [200, { success: true }];
const token = [200, { token: "at" }];
const app = { id: "totp|1", authenticator_type: "otp" };
const phone = { id: "sms|1", authenticator_type: "oob", oob_channel: "sms" };
const recovery = { id: "recovery-code|1", authenticator_type: "recovery-code" };

const ask = ["access-token", undefined];
const list = ["mfa/authenticators", undefined];
const challenged = (id) => ["mfa/challenge", { mfa_token: "sealed", challenge_type: "oob", authenticator_id: id }];
const verify = (body) => ["mfa/verify", body];

test("the application asks for the code of an app again while it is wrong", async () => {
  const { token: got, sent, shown } = await run([toChallenge, listed(phone, app), wrong, verified, token], ["111111", "222222"]);
  assert.equal(got, "at");
  assert.deepEqual(sent, [ask, list, verify({ otp: "111111" }), verify({ otp: "222222" }), ask]);
  assert.deepEqual(shown, ["Your code", "That code is not right. Your code"]);
});

test("the application asks for a code that was sent again, and does not send another", async () => {
  const sentCode = [200, { challenge_type: "oob", oob_code: "oob-1", binding_method: "prompt" }];
  const { token: got, sent } = await run([toChallenge, listed(app, phone), sentCode, wrong, verified, token], ["111111", "222222"]);
  assert.equal(got, "at");
  const typed = (binding_code) => verify({ oob_code: "oob-1", binding_code });
  assert.deepEqual(sent, [ask, list, challenged("sms|1"), typed("111111"), typed("222222"), ask]);
});

test("the application asks for a recovery code again, and shows the next one", async () => {
  const spent = [200, { success: true, recovery_code: "NEXT" }];
  const { token: got, sent, shown } = await run([toChallenge, listed(app, recovery), wrong, spent, token], ["ABCD", "EFGH"]);
  assert.equal(got, "at");
  assert.deepEqual(sent, [ask, list, verify({ recovery_code: "ABCD" }), verify({ recovery_code: "EFGH" }), ask]);
  assert.equal(shown.at(-1), "NEXT");
});

test("the application waits for a push, and asks for no code", async () => {
  const pushed = [200, { challenge_type: "oob", oob_code: "oob-1" }];
  const device = { id: "push|1", authenticator_type: "oob", oob_channel: "auth0" };
  const { token: got, sent, shown } = await run([toChallenge, listed(device), pushed, verified, token]);
  assert.equal(got, "at");
  assert.deepEqual(sent, [ask, list, challenged("push|1"), ["mfa/push", { mfa_token: "sealed", oob_code: "oob-1" }], ask]);
  assert.deepEqual(shown, ["Answer on your phone"]);

  const denied = [403, { error: "invalid_grant", error_description: "MFA Authorization rejected." }];
  const { error } = await run([toChallenge, listed(device), pushed, denied]);
  assert.equal(error.code, "invalid_grant", "nothing is asked again");
});

test("the application enrols what the tenant lists", async (t) => {
  const typed = { authenticator_type: "oob", oob_code: "oob-1", binding_method: "prompt" };
  const cases = {
    otp: {
      body: { authenticator_types: ["otp"] },
      enrolled: { authenticator_type: "otp", barcode_uri: "otpauth://totp/x", recovery_codes: ["KEEP"] },
      says: ["111111", "222222"],
      shown: ["otpauth://totp/x", "KEEP", "Your code", "That code is not right. Your code"],
      proofs: [verify({ otp: "111111" }), verify({ otp: "222222" })],
    },
    phone: {
      body: { authenticator_types: ["oob"], oob_channels: ["sms"], phone_number: "+12025550123" },
      enrolled: typed,
      says: ["+12025550123", "111111", "222222"],
      shown: ["Your phone number, such as +12025550123", "Your code", "That code is not right. Your code"],
      proofs: [verify({ oob_code: "oob-1", binding_code: "111111" }), verify({ oob_code: "oob-1", binding_code: "222222" })],
    },
    email: {
      body: { authenticator_types: ["oob"], oob_channels: ["email"], email: "ada@example.com" },
      enrolled: typed,
      says: ["ada@example.com", "111111", "222222"],
      shown: ["Your e-mail address", "Your code", "That code is not right. Your code"],
      proofs: [verify({ oob_code: "oob-1", binding_code: "111111" }), verify({ oob_code: "oob-1", binding_code: "222222" })],
    },
    "push-notification": {
      body: { authenticator_types: ["oob"], oob_channels: ["auth0"] },
      enrolled: { authenticator_type: "oob", oob_code: "oob-1", barcode_uri: "otpauth://push/x" },
      says: [],
      shown: ["otpauth://push/x", "Answer on your phone"],
      proofs: [["mfa/push", { mfa_token: "sealed", oob_code: "oob-1" }]],
    },
  };
  for (const [type, { body, enrolled, says, shown: seen, proofs }] of Object.entries(cases)) {
    await t.test(type, async () => {
      const answers = [due({ enroll: [{ type: "otp" }, { type }] }), [200, enrolled], ...(proofs.length > 1 ? [wrong] : []), verified, token];
      const { token: got, sent, shown } = await run(answers, says);
      assert.equal(got, "at");
      assert.deepEqual(sent, [ask, ["mfa/associate", body], ...proofs, ask]);
      assert.deepEqual(shown, seen);
    });
  }
});

test("the application enrols an app where a policy asks somebody who has nothing", async () => {
  const enrolled = [200, { authenticator_type: "otp", barcode_uri: "otpauth://totp/x" }];
  const { token: got, sent } = await run([due(), listed({ ...app, active: false }), enrolled, verified, token], ["111111"]);
  assert.equal(got, "at");
  assert.deepEqual(sent, [ask, list, ["mfa/associate", { authenticator_types: ["otp"] }], verify({ otp: "111111" }), ask]);
});

test("the application goes on with the token of a further factor", async () => {
  const further = due({ challenge: [{ type: "phone" }] }, "sealed-2");
  const { token: got, sent } = await run([toChallenge, listed(app), further, listed(app), verified, token], ["111111", "222222"]);
  assert.equal(got, "at");
  assert.deepEqual(sent, [ask, list, verify({ otp: "111111" }), list, verify({ otp: "222222" }), ask]);
});

test("the application shows the next recovery code though a further factor is due", async () => {
  const [status, body] = due({ challenge: [{ type: "otp" }] }, "sealed-2");
  const further = [status, { ...body, recovery_code: "NEXT" }];
  const { token: got, shown } = await run([toChallenge, listed(recovery), further, listed(app), verified, token], ["ABCD", "222222"]);
  assert.deepEqual([got, shown], ["at", ["Your code", "NEXT", "Your code"]]);
});

test("the application repeats no code that is not wrong", async (t) => {
  for (const [status, code] of [[429, "too_many_attempts"], [400, "access_denied"], [502, "server_error"]]) {
    await t.test(code, async () => {
      const { error, sent } = await run([toChallenge, listed(app), refused(status, code)], ["111111"]);
      assert.equal(error.code, code);
      assert.equal(sent.length, 3);
    });
  }
});

test("the application asks for the access token again where no code will do any more, but not for ever", async (t) => {
  const over = [
    refused(401, "invalid_grant"),
    refused(403, "mfa_token_used"),
    refused(401, "expired_token"),
    refused(401, "mfa_token_expired"),
    refused(404, "mfa_token_not_found"),
  ];
  for (const answer of over) {
    await t.test(answer[1].error, async () => {
      const { token: got, sent, shown } = await run([toChallenge, listed(app), answer, token], ["111111"]);
      assert.equal(got, "at");
      assert.deepEqual([sent, shown], [[ask, list, verify({ otp: "111111" }), ask], ["Your code"]]);
    });
  }
  const { error, sent } = await run(Array(4).fill([toChallenge, refused(401, "mfa_token_invalid")]).flat());
  assert.deepEqual([error.code, sent.length], ["mfa_token_invalid", 8]);
});

test("the application logs in where only that helps", async () => {
  const noToken = [403, { ...due(undefined, "")[1], login_required: true }];
  assert.equal((await run([noToken])).token, "logged in again");
  const revoked = [401, { error: { code: "failed_to_refresh_token", message: "" }, login_required: true }];
  assert.equal((await run([toChallenge, listed(app), refused(401, "invalid_grant"), revoked], ["111111"])).token, "logged in again");
});
