/**
 * The older form of the step-up, for tenants where `event.user.enrolledFactors` is not on: `event.user.multifactor` says
 * whether anything is enrolled, and the tenant itself chooses between challenge and enrolment.
 */
const API = "https://api.example.com";

exports.onExecutePostLogin = async (event, api) => {
  const isStepUp =
    event.request.body?.grant_type === "refresh_token" &&
    event.resource_server?.identifier === API;
  if (!isStepUp) return;

  if (!event.user.multifactor?.length) console.log(`${event.user.user_id} has to enrol a factor first`);
  api.multifactor.enable("any", { allowRememberBrowser: false });
};
