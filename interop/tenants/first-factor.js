/** The vault needs two factors, one after the other: this is the first. */
exports.onExecutePostLogin = async (event, api) => {
  if (event.resource_server?.identifier === "https://vault.example.com") api.authentication.challengeWith({ type: "otp" });
};
