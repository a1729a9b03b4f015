/**
 * Asks for a second factor when an application exchanges a refresh token for access to the API below.
 *
 * Logging in stays as it is: only the step up to the API is guarded. Whoever has enrolled a factor is challenged with
 * any of theirs; everybody else is asked to enrol one. The e-mail address and the recovery code do not count as enrolled:
 * the first is there without anybody having chosen it, the second comes along with the first real factor.
 */
const API = "https://api.example.com";
const COMES_BY_ITSELF = new Set(["email", "recovery-code"]);

exports.onExecutePostLogin = async (event, api) => {
  const isStepUp =
    event.request.body?.grant_type === "refresh_token" &&
    event.resource_server?.identifier === API;
  if (!isStepUp) return;

  const enrolled = event.user.enrolledFactors ?? [];
  if (enrolled.some((factor) => !COMES_BY_ITSELF.has(factor.type))) {
    api.authentication.challengeWithAny(enrolled.map(({ type }) => ({ type })));
  } else {
    api.authentication.enrollWithAny([{ type: "otp" }, { type: "phone" }, { type: "push-notification" }]);
  }
};
