/** Users of the travel club agree to its terms on another site, whose address comes with the request. */
exports.onExecutePostLogin = async (event, api) => {
  if (event.client.name === "Travel club") api.redirect.sendUserTo(event.request.query["ext-terms"]);
};
exports.onContinuePostLogin = async (event, api) => {
  if (event.request.query.agreed !== "yes") api.access.deny("The terms were not agreed to.");
};
