// Is never run: `tsc` checks that the types say what the module does, and refuse what it refuses.
import {
  configure,
  getAccessToken,
  getUser,
  login,
  logout,
  mfa,
  MfaRequiredError,
  MfaVerifyError,
  onUserChange,
  PopupCancelledError,
  StepupError,
  type AccessToken,
  type OobEnrollment,
  type User,
} from "stepup";

const mfaToken = "sealed";
const signal = new AbortController().signal;

configure({ basePath: "/bank", routes: { mfaVerify: "/api/verify" }, fetch });
// @ts-expect-error no such route
configure({ routes: { verify: "/x" } });

const token: string = await getAccessToken();
const full = await getAccessToken({ audience: "https://api.example.com", includeFullResponse: true, signal });
const expiresAt: number | undefined = full.expires_at;

const user = await getUser({ signal });
const name: string | undefined = user?.name;

const otp = await mfa.enroll({ mfaToken, factorType: "otp" });
const secret: string = otp.secret;
const sms: OobEnrollment = await mfa.enroll({ mfaToken, factorType: "sms", phoneNumber: "+15555555555" });
const sent: string = sms.oobCode;
await mfa.enroll({ mfaToken, authenticatorTypes: ["oob"], oobChannels: ["auth0"] });
// @ts-expect-error a phone needs its number
await mfa.enroll({ mfaToken, factorType: "sms" });
// @ts-expect-error an app has no number
await mfa.enroll({ mfaToken, factorType: "otp", phoneNumber: "+15555555555" });
// @ts-expect-error a phone has no address
await mfa.enroll({ mfaToken, factorType: "voice", phoneNumber: "+15555555555", email: "ada@example.com" });
// @ts-expect-error one way of naming the factor
await mfa.enroll({ mfaToken, factorType: "otp", authenticatorTypes: ["otp"] });
// @ts-expect-error a channel is needed
await mfa.enroll({ mfaToken, authenticatorTypes: ["oob"] });
// @ts-expect-error no such factor
await mfa.enroll({ mfaToken, factorType: "pigeon" });
// @ts-expect-error the token is needed
await mfa.enroll({ factorType: "otp" });

const [first] = await mfa.getAuthenticators({ mfaToken });
if (first) {
  const challenge = await mfa.challenge({ mfaToken, challengeType: "oob", authenticatorId: first.id });
  await mfa.verify({ mfaToken, oobCode: challenge.oobCode, bindingCode: "123456" });
  await mfa.poll({ mfaToken, oobCode: challenge.oobCode, interval: 5, timeout: 60_000, signal });
  const app = await mfa.challenge({ mfaToken, challengeType: "otp" });
  // @ts-expect-error an app's challenge has no code to wait for
  await mfa.poll({ mfaToken, oobCode: app.oobCode });
  const nothing: void = await mfa.deleteAuthenticator({ mfaToken, authenticatorId: first.id });
}
const code: string | undefined = (await mfa.verify({ mfaToken, recoveryCode: "ABCD", signal })).recovery_code;
// @ts-expect-error an answer is needed
await mfa.verify({ mfaToken });
// @ts-expect-error one answer
await mfa.verify({ mfaToken, otp: "123456", recoveryCode: "ABCD" });
// @ts-expect-error a code that was sent needs its challenge
await mfa.verify({ mfaToken, bindingCode: "123456" });
// @ts-expect-error a code is a text: it may begin with zeros
await mfa.verify({ mfaToken, otp: 123456 });

const stepped: AccessToken = await mfa.challengeWithPopup({ audience: "https://api.example.com", scope: "transfer:funds", prompt: "login", signal });
const forNoApi: void = await mfa.challengeWithPopup({ audience: null, acr_values: "urn:own", maxAge: 300 });
const forNoApiWithScope: void = await mfa.challengeWithPopup({ audience: null, scope: "transfer:funds" });
const asked: { audience: string | null; scope?: string; acr_values?: string; max_age?: number } = JSON.parse("{}");
const forEither: AccessToken | void = await mfa.challengeWithPopup({ ...asked, maxAge: asked.max_age });
// @ts-expect-error the API is needed, whose scope it is
await mfa.challengeWithPopup({ scope: "transfer:funds" });

const end: () => void = onUserChange((user: User | null) => user?.email, { signal });

try {
  await mfa.verify({ mfaToken, otp: "123456" });
} catch (error) {
  if (error instanceof MfaRequiredError) {
    mfa.getEnrollmentFactors(error).map(({ type }) => type);
    const replaced: string | undefined = error.recovery_code;
    if (error.login_required) login();
  }
  if (error instanceof MfaVerifyError) setTimeout(() => {}, (error.retryAfter ?? 0) * 1000);
  if (error instanceof PopupCancelledError) {
    const why: "popup_cancelled" = error.error;
  }
  if (error instanceof StepupError) error.code.startsWith("mfa_");
}

login({ returnTo: "/transfer", authorizationParams: { prompt: "login", max_age: 0 } });
logout({ federated: true });

// What may be left out may be `undefined` too.
const given: { signal?: AbortSignal; text?: string; number?: number; flag?: boolean } = {};
const { signal: maybe, text, number, flag } = given;
configure({ basePath: text, routes: { login: text }, fetch: undefined });
const plain: string = await getAccessToken({ audience: text, scope: text, mergeScopes: flag, signal: maybe });
await getUser({ signal: maybe });
await mfa.enroll({ mfaToken, factorType: "email", email: text, signal: maybe });
await mfa.enroll({ mfaToken, authenticatorTypes: ["oob"], oobChannels: ["email"], phoneNumber: text, email: text });
await mfa.challenge({ mfaToken, challengeType: "oob", authenticatorId: text });
await mfa.verify({ mfaToken, oobCode: "Fe26", bindingCode: text });
await mfa.poll({ mfaToken, oobCode: "Fe26", interval: number, timeout: number });
await mfa.challengeWithPopup({
  audience: "https://api.example.com",
  scope: text,
  mergeScopes: flag,
  acr_values: text,
  maxAge: number,
  prompt: text,
  returnTo: text,
  timeout: number,
  popupWidth: number,
  popupHeight: number,
});
login({ returnTo: text, authorizationParams: undefined });
logout({ returnTo: text, federated: flag });
new StepupError("code", "text", { status: number, retryAfter: number });
