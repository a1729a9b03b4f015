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
  StepupError,
  type Enrollment,
} from "stepup";

const mfaToken = "sealed";
const signal = new AbortController().signal;

configure({ basePath: "/bank", routes: { mfaVerify: "/api/verify" }, fetch });
// @ts-expect-error no such route
configure({ routes: { verify: "/x" } });

const token: string = await getAccessToken();
const full = await getAccessToken({ audience: "https://api.example.com", includeFullResponse: true, signal });
const expiresAt: number = full.expires_at;

const user = await getUser({ signal });
const name: string | undefined = user?.name;

const otp = await mfa.enroll({ mfaToken, factorType: "otp" });
const secret: string = otp.secret;
const sms: Enrollment = await mfa.enroll({ mfaToken, factorType: "sms", phoneNumber: "+15555555555" });
if (sms.authenticatorType === "otp") sms.barcodeUri.length;
await mfa.enroll({ mfaToken, authenticatorTypes: ["oob"], oobChannels: ["auth0"] });
// @ts-expect-error a phone needs its number
await mfa.enroll({ mfaToken, factorType: "sms" });

const [first] = await mfa.getAuthenticators({ mfaToken });
if (first) {
  const challenge = await mfa.challenge({ mfaToken, challengeType: "oob", authenticatorId: first.id });
  if (challenge.oobCode) await mfa.verify({ mfaToken, oobCode: challenge.oobCode });
  const nothing: void = await mfa.deleteAuthenticator({ mfaToken, authenticatorId: first.id });
}
const code: string | undefined = (await mfa.verify({ mfaToken, recoveryCode: "ABCD", signal })).recovery_code;
// @ts-expect-error an answer is needed
await mfa.verify({ mfaToken });

try {
  await mfa.verify({ mfaToken, otp: "123456" });
} catch (error) {
  if (error instanceof MfaRequiredError) mfa.getEnrollmentFactors(error).map(({ type }) => type);
  if (error instanceof MfaVerifyError) setTimeout(() => {}, (error.retryAfter ?? 0) * 1000);
  if (error instanceof StepupError) error.code.startsWith("mfa_");
}

login({ returnTo: "/transfer", authorizationParams: { prompt: "login", max_age: 0 } });
logout({ federated: true });
