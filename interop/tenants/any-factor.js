/** Access to the API needs a second factor, whichever: by refresh token as well as at a log-in. */
exports.onExecutePostLogin = async (event, api) => {
  if (event.resource_server?.identifier === "https://any.example.com") api.multifactor.enable("any");
};
