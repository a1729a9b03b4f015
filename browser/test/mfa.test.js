import assert from "node:assert/strict";
import { test } from "node:test";
import * as stepup from "../stepup.js";
import { rejection, scripted } from "./scripted.js";

const { mfa } = stepup;
const mfaToken = "sealed";
const json = { Accept: "application/json", "Content-Type": "application/json" };

test("getAuthenticators sends the token and answers in camel case", async () => {
  const requests = scripted([
    200,
    [
      { id: "totp|1", authenticator_type: "otp", type: "otp", active: true, created_at: "2026-01-01T00:00:00Z", last_auth: "2026-01-02T00:00:00Z" },
      { id: "sms|2", authenticator_type: "oob", oob_channel: "sms", phone_number: "XXXX4567", active: true },
    ],
  ]);

  const [app, phone] = await mfa.getAuthenticators({ mfaToken });

  assert.deepEqual(requests, [
    {
      url: "/auth/mfa/authenticators",
      method: "GET",
      headers: { Accept: "application/json", Authorization: "Bearer sealed" },
      body: undefined,
      credentials: "same-origin",
    },
  ]);
  assert.deepEqual(app, {
    id: "totp|1",
    authenticatorType: "otp",
    type: "otp",
    active: true,
    createdAt: "2026-01-01T00:00:00Z",
    lastAuthenticatedAt: "2026-01-02T00:00:00Z",
  });
  assert.equal(phone.oobChannel, "sms");
  assert.equal(phone.phoneNumber, "XXXX4567");
});

test("getAuthenticators refuses an answer that is no list", async () => {
  scripted([200, { authenticators: [] }]);
  const error = await rejection(mfa.getAuthenticators({ mfaToken }));
  assert.equal(error.name, "MfaGetAuthenticatorsError");
  assert.equal(error.code, "client_error");
});

test("getEnrollmentFactors reads the error's requirements", () => {
  const error = new stepup.MfaRequiredError("", { mfa_requirements: { enroll: [{ type: "otp" }, { type: "phone" }] } });
  assert.deepEqual(mfa.getEnrollmentFactors(error), [{ type: "otp" }, { type: "phone" }]);
  assert.deepEqual(mfa.getEnrollmentFactors(new stepup.MfaRequiredError("")), []);
  assert.deepEqual(mfa.getEnrollmentFactors(new stepup.MfaRequiredError("", { mfa_requirements: { enroll: null } })), []);
});

test("enroll by factor name sends the tenant's types", async (t) => {
  const cases = [
    [{ factorType: "otp" }, { authenticator_types: ["otp"] }],
    [{ factorType: "sms", phoneNumber: "+15555555555" }, { authenticator_types: ["oob"], oob_channels: ["sms"], phone_number: "+15555555555" }],
    [{ factorType: "phone", phoneNumber: "+15555555555" }, { authenticator_types: ["oob"], oob_channels: ["sms"], phone_number: "+15555555555" }],
    [{ factorType: "voice", phoneNumber: "+15555555555" }, { authenticator_types: ["oob"], oob_channels: ["voice"], phone_number: "+15555555555" }],
    [{ factorType: "email" }, { authenticator_types: ["oob"], oob_channels: ["email"] }],
    [{ factorType: "push" }, { authenticator_types: ["oob"], oob_channels: ["auth0"] }],
    [{ factorType: "push-notification" }, { authenticator_types: ["oob"], oob_channels: ["auth0"] }],
    [{ authenticatorTypes: ["otp"] }, { authenticator_types: ["otp"] }],
    [
      { authenticatorTypes: ["oob"], oobChannels: ["email"], email: "ada@example.com" },
      { authenticator_types: ["oob"], oob_channels: ["email"], email: "ada@example.com" },
    ],
  ];
  for (const [options, body] of cases) {
    await t.test(JSON.stringify(options), async () => {
      const requests = scripted([200, { authenticator_type: "otp" }]);
      await mfa.enroll({ mfaToken, ...options });
      assert.equal(requests[0].url, "/auth/mfa/associate");
      assert.deepEqual(requests[0].headers, { ...json, Authorization: "Bearer sealed" });
      assert.deepEqual(requests[0].body, body);
    });
  }
});

test("enroll answers with the secret, the QR code's content and the recovery codes", async () => {
  scripted([200, { authenticator_type: "otp", id: "totp|1", secret: "JBSWY3DP", barcode_uri: "otpauth://totp/x", recovery_codes: ["ABCD"] }]);
  assert.deepEqual(await mfa.enroll({ mfaToken, factorType: "otp" }), {
    authenticatorType: "otp",
    id: "totp|1",
    secret: "JBSWY3DP",
    barcodeUri: "otpauth://totp/x",
    recoveryCodes: ["ABCD"],
  });
});

test("wrong calls are refused before anything is sent", async () => {
  const requests = scripted();
  const wrong = [
    [mfa.enroll({ mfaToken, factorType: "carrier-pigeon" }), "Unknown factorType: carrier-pigeon"],
    [mfa.enroll({ mfaToken, factorType: "constructor" }), "Unknown factorType: constructor"],
    [mfa.enroll({ mfaToken, factorType: "sms" }), "phoneNumber is required for factorType: sms"],
    [mfa.verify({ mfaToken }), "Give one of otp, oobCode and recoveryCode"],
    [mfa.verify({ mfaToken, otp: "" }), "Give one of otp, oobCode and recoveryCode"],
    [mfa.deleteAuthenticator({ mfaToken }), "authenticatorId is required"],
  ];
  for (const [call, message] of wrong) {
    const error = await rejection(call);
    assert.ok(error instanceof stepup.InvalidRequestError);
    assert.equal(error.code, "invalid_request");
    assert.equal(error.message, message);
  }
  assert.deepEqual(requests, []);
});

test("challenge sends the token in the body", async () => {
  const requests = scripted([200, { challenge_type: "oob", oob_code: "Fe26", binding_method: "prompt" }]);
  const challenge = await mfa.challenge({ mfaToken, challengeType: "oob", authenticatorId: "sms|2" });
  assert.equal(requests[0].url, "/auth/mfa/challenge");
  assert.equal(requests[0].method, "POST");
  assert.deepEqual(requests[0].headers, json);
  assert.deepEqual(requests[0].body, { mfa_token: "sealed", challenge_type: "oob", authenticator_id: "sms|2" });
  assert.deepEqual(challenge, { challengeType: "oob", oobCode: "Fe26", bindingMethod: "prompt" });
});

test("verify sends one answer", async (t) => {
  const cases = [
    [{ otp: "123456" }, { otp: "123456" }],
    [{ oobCode: "Fe26", bindingCode: "123456" }, { oob_code: "Fe26", binding_code: "123456" }],
    [{ oobCode: "Fe26" }, { oob_code: "Fe26" }],
    [{ recoveryCode: "ABCD" }, { recovery_code: "ABCD" }],
  ];
  for (const [options, body] of cases) {
    await t.test(Object.keys(options).join(" and "), async () => {
      const requests = scripted([200, { success: true, recovery_code: "NEW" }]);
      assert.deepEqual(await mfa.verify({ mfaToken, ...options }), { success: true, recovery_code: "NEW" });
      assert.equal(requests[0].url, "/auth/mfa/verify");
      assert.equal(requests[0].headers.Authorization, "Bearer sealed");
      assert.deepEqual(requests[0].body, body);
    });
  }
});

test("deleteAuthenticator puts the id into the path", async () => {
  const requests = scripted([204, null]);
  await mfa.deleteAuthenticator({ mfaToken, authenticatorId: "totp|a/b" });
  assert.equal(requests[0].method, "DELETE");
  assert.equal(requests[0].url, "/auth/mfa/authenticators/totp%7Ca%2Fb");
  assert.equal(requests[0].headers.Authorization, "Bearer sealed");
});

test("mfa_required is an MfaRequiredError on every call", async (t) => {
  const body = {
    error: "mfa_required",
    error_description: "Multifactor authentication required",
    mfa_token: "next",
    mfa_requirements: { challenge: [{ type: "otp" }] },
  };
  const calls = {
    getAuthenticators: () => mfa.getAuthenticators({ mfaToken }),
    enroll: () => mfa.enroll({ mfaToken, factorType: "otp" }),
    challenge: () => mfa.challenge({ mfaToken, challengeType: "otp" }),
    verify: () => mfa.verify({ mfaToken, otp: "123456" }),
    deleteAuthenticator: () => mfa.deleteAuthenticator({ mfaToken, authenticatorId: "totp|1" }),
    getAccessToken: () => stepup.getAccessToken(),
    getUser: () => stepup.getUser(),
  };
  for (const [name, call] of Object.entries(calls)) {
    await t.test(name, async () => {
      scripted([403, body]);
      const error = await rejection(call());
      assert.ok(error instanceof stepup.MfaRequiredError);
      assert.equal(error.mfa_token, "next");
      assert.deepEqual(error.mfa_requirements, { challenge: [{ type: "otp" }] });
      assert.deepEqual(JSON.parse(JSON.stringify(error)), body);
    });
  }
});

test("the next recovery code comes though the session is too large to be kept", async () => {
  scripted([500, { error: "session_too_large", error_description: "The session is too large to be kept.", recovery_code: "NEW" }]);
  const error = await rejection(mfa.verify({ mfaToken, recoveryCode: "OLD" }));
  assert.deepEqual([error.name, error.code, error.recovery_code], ["MfaVerifyError", "session_too_large", "NEW"]);
});

test("the recovery code that replaces the one just used comes with the factor that is wanted next", async () => {
  const body = { error: "mfa_required", error_description: "One more", mfa_token: "", login_required: true, recovery_code: "NEW" };
  scripted([403, body]);
  const error = await rejection(mfa.verify({ mfaToken, recoveryCode: "ABCD" }));
  assert.equal(error.recovery_code, "NEW");
  assert.equal(error.login_required, true);
  assert.deepEqual(JSON.parse(JSON.stringify(error)), body);
});

test("codes become classes", async (t) => {
  const cases = [
    [401, "mfa_token_expired", "MfaTokenExpiredError"],
    [401, "mfa_token_invalid", "MfaTokenInvalidError"],
    [401, "mfa_token_not_found", "MfaTokenNotFoundError"],
    [400, "mfa_no_available_factors", "MfaNoAvailableFactorsError"],
    [403, "invalid_grant", "MfaVerifyError"],
    [401, "invalid_grant", "MfaTokenInvalidError"],
    [403, "mfa_token_used", "MfaVerifyError"],
    [400, "authorization_pending", "MfaVerifyError"],
    [400, "toString", "MfaVerifyError"],
    [502, "server_error", "MfaVerifyError"],
  ];
  for (const [status, code, name] of cases) {
    await t.test(`${status} ${code}`, async () => {
      scripted([status, { error: code, error_description: "Why" }]);
      const error = await rejection(mfa.verify({ mfaToken, otp: "123456" }));
      assert.equal(error.name, name);
      assert.ok(error instanceof stepup[name]);
      assert.ok(error instanceof stepup.StepupError);
      assert.equal(error.code, code);
      assert.equal(error.error, code);
      assert.equal(error.error_description, "Why");
      assert.equal(error.status, status);
      assert.deepEqual(error.cause, { error: code, error_description: "Why" });
    });
  }
});

test("a deletion that takes no token of a step-up does not call the token invalid", async () => {
  scripted([401, { error: "invalid_grant", error_description: "The mfa_token provided is invalid." }]);
  assert.equal((await rejection(mfa.deleteAuthenticator({ mfaToken, authenticatorId: "totp|1" }))).name, "MfaDeleteAuthenticatorError");
});

test("each call has its class", async () => {
  const calls = {
    MfaGetAuthenticatorsError: () => mfa.getAuthenticators({ mfaToken }),
    MfaEnrollmentError: () => mfa.enroll({ mfaToken, factorType: "otp" }),
    MfaChallengeError: () => mfa.challenge({ mfaToken, challengeType: "otp" }),
    MfaDeleteAuthenticatorError: () => mfa.deleteAuthenticator({ mfaToken, authenticatorId: "totp|1" }),
  };
  for (const [name, call] of Object.entries(calls)) {
    scripted([403, { error: "access_denied", error_description: "No" }]);
    const error = await rejection(call());
    assert.equal(error.name, name);
    assert.ok(error instanceof stepup[name]);
    assert.equal(error.code, "access_denied");
  }
});
