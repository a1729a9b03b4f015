// What a person does with each factor: how it is enrolled, and how a challenge is answered, rightly and wrongly.
import assert from "node:assert/strict";
import { ada } from "../lib/tenant.mjs";
import { codeOf } from "../lib/totp.mjs";

/** An authenticator app: codes of its own making, each good once. */
export const otp = {
  name: "otp",
  type: "otp",
  prefix: "totp",
  challengeType: "otp",
  enrolment: { factorType: "otp", authenticatorTypes: ["otp"] },
  enrolled(answer) {
    assert.equal(answer.authenticatorType, "otp");
    assert.ok(answer.barcodeUri.includes(answer.secret), answer.barcodeUri);
  },
  /** How the person answers, given the enrolment's answer. */
  person(local, { barcodeUri }) {
    let used = false;
    return {
      async right() {
        if (used) await local.advance(30); // a code is good once: the app shows the next one
        used = true;
        return { otp: codeOf(barcodeUri, await local.now()) };
      },
      wrong: async () => ({ otp: changed(codeOf(barcodeUri, await local.now())) }),
    };
  },
  refusal: { error: "invalid_grant", error_description: "Invalid otp_code." },
};

const byPhone = { type: "phone", to: ada.phone, shownAs: "XXXXXXXX0123", enrolment: { phoneNumber: ada.phone } };
export const sms = byMessage({ name: "sms", twin: "voice", ...byPhone });
export const voice = byMessage({ name: "voice", twin: "sms", ...byPhone });
/** The address is verified, so it is an authenticator without an enrolment. */
export const email = byMessage({
  name: "email",
  type: "email",
  to: ada.username,
  shownAs: "****@exam*******",
  enrolment: { email: ada.username },
});

/** A factor whose code arrives by message. */
function byMessage({ name, type, twin, to, shownAs, enrolment }) {
  return {
    name,
    type,
    twin,
    shownAs,
    prefix: name,
    challengeType: "oob",
    enrolment: { factorType: name, authenticatorTypes: ["oob"], oobChannels: [name], ...enrolment },
    enrolled(answer) {
      assert.equal(answer.authenticatorType, "oob");
      assert.equal(answer.oobChannel, name);
      assert.equal(answer.bindingMethod, "prompt");
      assert.equal(typeof answer.oobCode, "string");
    },
    person(local) {
      return {
        right: async ({ oobCode }) => ({ oobCode, bindingCode: await local.codeSentTo(to, name) }),
        wrong: async ({ oobCode }) => ({ oobCode, bindingCode: changed(await local.codeSentTo(to, name)) }),
      };
    },
    refusal: { error: "invalid_grant", error_description: "Invalid binding_code." },
  };
}

/** A phone with the Guardian application: it scans once, and approves or denies from then on. */
export const push = {
  name: "push",
  type: "push-notification",
  twin: "totp",
  prefix: "push",
  challengeType: "oob",
  enrolment: { factorType: "push", authenticatorTypes: ["oob"], oobChannels: ["auth0"] },
  enrolled(answer) {
    assert.equal(answer.authenticatorType, "oob");
    assert.equal(answer.oobChannel, "auth0");
    assert.equal(answer.bindingMethod, undefined);
    assert.match(answer.barcodeUri, /enrollment_tx_id=[A-Za-z0-9]{32}/);
  },
  person(local, { barcodeUri }) {
    let enrolled = false;
    return {
      async right({ oobCode }) {
        await (enrolled ? local.answerPush("approve") : local.scan(barcodeUri));
        enrolled = true;
        return { oobCode };
      },
      /** Nothing was done on the phone yet. */
      wrong: async ({ oobCode }) => ({ oobCode }),
      async denied({ oobCode }) {
        await local.answerPush("deny");
        return { oobCode };
      },
    };
  },
  refusal: {
    error: "authorization_pending",
    error_description: "Authorization pending: please repeat the request in a few seconds.",
  },
};

/** Another code of the same form. */
export const changed = (code) => code.replace(/.$/, (last) => (Number(last) + 5) % 10);
