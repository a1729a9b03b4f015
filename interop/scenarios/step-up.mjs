// Step-up by every factor, as an application and a person go through it: the same steps for every package.
import assert from "node:assert/strict";
import { step } from "../lib/step.mjs";
import { ada, grace, hedy } from "../lib/tenant.mjs";
import { codeOf } from "../lib/totp.mjs";
import { changed, email, otp, push, sms, voice } from "./factors.mjs";

/** Names the factors that it takes, and is asked for by refresh token only. */
export const api = "https://api.example.com";
/** Takes any factor, and is asked for on the pages too. */
export const anyFactor = "https://any.example.com";
/** Wants an app's code and then, of another Action, something else. */
export const vault = "https://vault.example.com";
export const graceApp = "otpauth://totp/stepup:grace?secret=GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4";

/**
 * Steps up by every factor.
 *
 * `sdk` is how a package does it:
 * - `logIn(user)` begins a new session, and forgets the one before;
 * - `stepUp(scope, audience)` asks for a token of an API, if none is named of the package's own: `{ mfaToken, requirements }`;
 * - `list(mfaToken)`, `enroll(mfaToken, enrolment)`, `challenge(mfaToken, type, authenticatorId)` are the MFA API's calls;
 * - `verify(mfaToken, proof)` gives the token to the session: `{ accessToken, recoveryCode }`;
 * - `asked(call)` is what a call ends with that is answered by another `mfa_required`: `{ mfaToken, requirements }`;
 * - `refused(call, what)` is the refusal that a call ends with: `{ error, error_description }`, of the class that the package has for it.
 */
export async function stepUpByEveryFactor(local, sdk) {
  for (const factor of [otp, sms, voice, push]) await stepUpBy(factor, local, sdk);
  await stepUpByEmail(local, sdk);
  await stepUpByRecoveryCode(local, sdk);
  await whatIsRefused(local, sdk);
}

/** Ada enrols the factor to get the first token, and is challenged for the second. */
async function stepUpBy(factor, local, sdk) {
  const named = (what) => `${factor.name}: ${what}`;
  const { mfaToken, enrolled, person } = await step(named("the first call is asked to enrol"), async () => {
    await local.reset();
    await sdk.logIn(ada);
    const { mfaToken, requirements } = await sdk.stepUp("transfer:funds");
    if (requirements) assert.ok(requirements.enroll.some(({ type }) => type === factor.type), JSON.stringify(requirements));
    const enrolled = await sdk.enroll(mfaToken, factor.enrolment);
    factor.enrolled(enrolled);
    assert.equal(enrolled.recoveryCodes.length, 1);
    return { mfaToken, enrolled, person: factor.person(local, enrolled) };
  });

  await step(named("not yet, or a wrong code, is refused"), async () => {
    assert.deepEqual(await sdk.refused(sdk.verify(mfaToken, await person.wrong(enrolled)), "verify"), factor.refusal);
  });

  await step(named("the enrolment is confirmed, and gives the token"), async () => {
    await local.advance(2); // a push is not to be asked for at once again
    await sdk.verify(mfaToken, await person.right(enrolled));
  });

  await step(named("the mfa token is good once"), async () => {
    const refusal = await sdk.refused(sdk.challenge(mfaToken, factor.challengeType), "challenge");
    assert.deepEqual(refusal, { error: "invalid_grant", error_description: "Malformed mfa_token" });
  });

  await step(named("the second call is asked for a challenge, which gives the token"), async () => {
    const { mfaToken, requirements } = await sdk.stepUp("read:sensitive");
    if (requirements) assert.ok(requirements.challenge.some(({ type }) => type === factor.type), JSON.stringify(requirements));
    const authenticators = await sdk.list(mfaToken);
    const authenticator = authenticatorOf(factor, authenticators);
    if (factor.shownAs) assert.equal(authenticator.name, factor.shownAs);
    if (factor.twin) authenticatorOf({ prefix: factor.twin }, authenticators);
    const challenge = () => sdk.challenge(mfaToken, factor.challengeType, authenticator.id);
    const challenged = await challenge();
    assert.equal(challenged.challengeType, factor.challengeType);
    assert.deepEqual(await sdk.refused(sdk.verify(mfaToken, await person.wrong(challenged)), "verify"), factor.refusal);
    await local.advance(2);
    if (person.denied) {
      const refusal = await sdk.refused(sdk.verify(mfaToken, await person.denied(challenged)), "verify");
      assert.deepEqual(refusal, { error: "access_denied", error_description: "MFA Authorization rejected." });
      await sdk.verify(mfaToken, await person.right(await challenge()));
    } else {
      await sdk.verify(mfaToken, await person.right(challenged));
    }
  });
}

/** The verified address needs no enrolment, but it is a second factor for those only who have chosen one. */
async function stepUpByEmail(local, sdk) {
  await step("email: the verified address is challenged", async () => {
    await enrolApp(local, sdk);
    const person = email.person(local);
    const { mfaToken } = await sdk.stepUp("read:sensitive");
    const authenticator = authenticatorOf(email, await sdk.list(mfaToken));
    assert.equal(authenticator.name, email.shownAs);
    const challenged = await sdk.challenge(mfaToken, "oob", authenticator.id);
    assert.equal(challenged.bindingMethod, "prompt");
    assert.deepEqual(await sdk.refused(sdk.verify(mfaToken, await person.wrong(challenged)), "verify"), email.refusal);
    await sdk.verify(mfaToken, await person.right(challenged));
  });

  await step("email: the code of one request is not good for another", async () => {
    await sdk.logIn(ada);
    const [one, other] = [await sdk.stepUp("read:sensitive"), await sdk.stepUp("read:sensitive")];
    const { id } = authenticatorOf(email, await sdk.list(one.mfaToken));
    const proof = await email.person(local).right(await sdk.challenge(one.mfaToken, "oob", id));
    assert.deepEqual(await sdk.refused(sdk.verify(other.mfaToken, proof), "verify"), {
      error: "invalid_request",
      error_description: "The oob_code doesn't match the mfa_token",
    });
    await sdk.verify(one.mfaToken, proof);
  });
}

async function stepUpByRecoveryCode(local, sdk) {
  const rejected = { error: "invalid_grant", error_description: "MFA Authorization rejected." };
  await step("recovery code: it gives the token, and is replaced", async () => {
    const { recoveryCode } = await enrolApp(local, sdk);
    const { mfaToken } = await sdk.stepUp("read:sensitive");
    const wrong = { recoveryCode: recoveryCode.replace(/.$/, (last) => (last === "1" ? "2" : "1")) };
    assert.deepEqual(await sdk.refused(sdk.verify(mfaToken, wrong), "verify"), rejected);
    const { recoveryCode: next } = await sdk.verify(mfaToken, { recoveryCode });
    assert.match(next, /^[1-9A-HJ-NP-Z]{24}$/);
    assert.notEqual(next, recoveryCode);

    const { mfaToken: again } = await sdk.stepUp("read:sensitive transfer:funds");
    assert.deepEqual(await sdk.refused(sdk.verify(again, { recoveryCode }), "verify"), rejected);
    await sdk.verify(again, { recoveryCode: next });
  });
}

/** Hedy's address is not verified: it is enrolled as any other factor is. */
export async function enrolAddress(local, sdk) {
  await step("email: an address is enrolled, and gives the token; the second call is challenged", async () => {
    await local.reset();
    await sdk.logIn(hedy);
    const { mfaToken } = await sdk.stepUp("transfer:funds", anyFactor);
    const enrolled = await sdk.enroll(mfaToken, { ...email.enrolment, email: hedy.username });
    email.enrolled(enrolled);
    await sdk.verify(mfaToken, { oobCode: enrolled.oobCode, bindingCode: await local.codeSentTo(hedy.username, "email") });

    const next = await sdk.stepUp("read:sensitive", anyFactor);
    const { id } = authenticatorOf(email, await sdk.list(next.mfaToken));
    const { oobCode } = await sdk.challenge(next.mfaToken, "oob", id);
    await sdk.verify(next.mfaToken, { oobCode, bindingCode: await local.codeSentTo(hedy.username, "email") });
  });
}

/** Ada shows her app and then, as another Action wants it, her recovery code. */
export async function stepUpInTurn(local, sdk) {
  await step("two factors in turn: the first gives a new mfa token, the second the token", async () => {
    const { barcodeUri, recoveryCode } = await enrolApp(local, sdk);
    const first = await sdk.stepUp("open:door", vault);
    assert.equal(first.requirements.challenge[0].type, "otp");
    await local.advance(30);
    const code = { otp: codeOf(barcodeUri, await local.now()) };
    const second = await sdk.asked(sdk.verify(first.mfaToken, code));
    const wanted = second.requirements.challenge.map(({ type }) => type);
    assert.deepEqual(wanted, ["email", "recovery-code"]);
    assert.notEqual(second.mfaToken, first.mfaToken);
    const spent = await sdk.refused(sdk.challenge(first.mfaToken, "otp"), "challenge");
    assert.deepEqual(spent, { error: "invalid_grant", error_description: "Malformed mfa_token" });

    const { recoveryCode: next } = await sdk.verify(second.mfaToken, { recoveryCode });
    assert.notEqual(next, recoveryCode);
  });
}

async function whatIsRefused(local, sdk) {
  await step("a code that was used, another's authenticator, and a second enrolment are refused", async () => {
    await local.reset();
    await sdk.logIn(grace);
    const hers = await sdk.stepUp("read:sensitive");
    const app = authenticatorOf(otp, await sdk.list(hers.mfaToken));
    const code = { otp: codeOf(graceApp, await local.now()) };
    await sdk.verify(hers.mfaToken, code);
    const next = await sdk.stepUp("transfer:funds");
    assert.deepEqual(await sdk.refused(sdk.verify(next.mfaToken, code), "verify"), otp.refusal);
    const enrolled = { error: "access_denied", error_description: "User is already enrolled." };
    assert.deepEqual(await sdk.refused(sdk.enroll(next.mfaToken, otp.enrolment), "enroll"), enrolled);

    await enrolApp(local, sdk);
    const { mfaToken } = await sdk.stepUp("read:sensitive");
    for (const id of [app.id, "totp|dev_0000000000000000"]) {
      assert.equal((await sdk.refused(sdk.challenge(mfaToken, "otp", id), "challenge")).error, "invalid_authenticator");
    }
  });

  await step("a telephone number that is none is refused", async () => {
    await local.reset();
    await sdk.logIn(ada);
    const { mfaToken } = await sdk.stepUp("transfer:funds");
    const refusal = await sdk.refused(sdk.enroll(mfaToken, { ...sms.enrolment, phoneNumber: "12" }), "enroll");
    assert.deepEqual(refusal, { error: "invalid_request", error_description: "The phone number is invalid." });
  });

  await step("ten messages are enough: then none is sent", async () => {
    await local.reset();
    await sdk.logIn(ada);
    const { mfaToken } = await sdk.stepUp("transfer:funds");
    const enrolled = await sdk.enroll(mfaToken, sms.enrolment);
    await sdk.verify(mfaToken, await sms.person(local).right(enrolled));
    const next = await sdk.stepUp("read:sensitive");
    const { id } = authenticatorOf(sms, await sdk.list(next.mfaToken));
    for (let sent = 1; sent < 10; sent++) await sdk.challenge(next.mfaToken, "oob", id);
    const refusal = await sdk.refused(sdk.challenge(next.mfaToken, "oob", id), "challenge");
    assert.deepEqual(refusal, {
      error: "too_many_attempts",
      error_description: "Too many SMS sent by the user. Wait for some minutes before retrying.",
    });
  });

  await step("ten wrong codes are enough: then a right one is refused too", async () => {
    const { barcodeUri } = await enrolApp(local, sdk);
    const { mfaToken } = await sdk.stepUp("read:sensitive");
    await local.advance(30);
    const code = codeOf(barcodeUri, await local.now());
    for (let tries = 0; tries < 10; tries++) await sdk.refused(sdk.verify(mfaToken, { otp: changed(code) }), "verify");
    const refusal = await sdk.refused(sdk.verify(mfaToken, { otp: code }), "verify");
    assert.deepEqual(refusal, {
      error: "too_many_attempts",
      error_description: "Too many failed codes. Wait for some minutes before retrying.",
    });
  });

  await step("an mfa token lives five minutes", async () => {
    await local.reset();
    await sdk.logIn(ada);
    const { mfaToken } = await sdk.stepUp("transfer:funds");
    const { barcodeUri } = await sdk.enroll(mfaToken, otp.enrolment);
    await local.advance(301);
    const code = { otp: codeOf(barcodeUri, await local.now()) };
    const expired = { error: "expired_token", error_description: "mfa_token is expired" };
    assert.deepEqual(await sdk.refused(sdk.verify(mfaToken, code), "verify"), expired);
    assert.deepEqual(await sdk.refused(sdk.list(mfaToken), "list"), expired);
    await local.reset();
  });
}

/** Ada begins anew and enrols an authenticator app. */
async function enrolApp(local, sdk) {
  await local.reset();
  await sdk.logIn(ada);
  const { mfaToken } = await sdk.stepUp("transfer:funds");
  const enrolled = await sdk.enroll(mfaToken, otp.enrolment);
  await sdk.verify(mfaToken, await otp.person(local, enrolled).right());
  return { barcodeUri: enrolled.barcodeUri, recoveryCode: enrolled.recoveryCodes[0] };
}

function authenticatorOf(factor, authenticators) {
  const found = authenticators.find(({ id, active }) => active && id.startsWith(`${factor.prefix}|dev_`));
  assert.ok(found, `no ${factor.name} in ${JSON.stringify(authenticators)}`);
  return found;
}
