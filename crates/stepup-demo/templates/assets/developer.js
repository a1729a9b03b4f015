// Step-up in a page: ask for the token, and on `mfa_required` enrol or challenge, verify, ask again.
import { getAccessToken, mfa, MfaRequiredError } from "/auth/stepup.js";

const wanted = { audience: "https://api.example.com", scope: "transfer:funds", includeFullResponse: true };
const element = (id) => document.getElementById(id);
let mfaToken;

async function ask() {
  try {
    const { scope, expires_in } = await getAccessToken(wanted);
    tell(`getAccessToken → a token for ${scope}, good for ${expires_in} seconds`);
    element("answer").hidden = true;
  } catch (error) {
    if (!(error instanceof MfaRequiredError)) throw error;
    tell(`getAccessToken → ${error.code}: ${JSON.stringify(error.mfa_requirements ?? {})}`);
    await prepare(error);
  }
}

/** Finds out what the customer has to do. */
async function prepare(error) {
  mfaToken = error.mfa_token;
  const enroll = mfa.getEnrollmentFactors(error).some(({ type }) => type === "otp");
  if (enroll) {
    const { secret, barcodeUri, recoveryCodes } = await mfa.enroll({ mfaToken, factorType: "otp" });
    element("key").textContent = secret;
    element("uri").href = barcodeUri;
    tell("mfa.enroll → a key for an authenticator app");
    if (recoveryCodes?.length) tell(`Your recovery code, shown only now: ${recoveryCodes[0]}`);
  } else {
    const authenticators = await mfa.getAuthenticators({ mfaToken });
    tell(`mfa.getAuthenticators → ${authenticators.filter(({ active }) => active).map(({ id }) => id).join(", ")}`);
  }
  element("enrolment").hidden = !enroll;
  element("answer").hidden = false;
  element("code").focus();
}

async function verify() {
  const { recovery_code } = await mfa.verify({ mfaToken, otp: element("code").value.normalize("NFKC").replace(/\D/g, "") });
  tell("mfa.verify → success");
  if (recovery_code) tell(`Your new recovery code: ${recovery_code}`);
  await ask();
}

function tell(text) {
  const line = document.createElement("li");
  line.textContent = text;
  element("log").append(line);
}

/** Runs a step once at a time and tells what went wrong. */
function step(action) {
  return async (event) => {
    event.preventDefault();
    if (document.body.ariaBusy === "true") return;
    document.body.ariaBusy = "true";
    try {
      await action();
    } catch (error) {
      tell(`${error.name}: ${error.message}`);
    } finally {
      document.body.ariaBusy = null;
      element("code").value = "";
    }
  };
}

element("ask").addEventListener("click", step(ask));
element("answer").addEventListener("submit", step(verify));
