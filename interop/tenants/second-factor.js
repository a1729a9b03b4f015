/** The vault needs two factors, one after the other: whoever has shown an app shows something else too. */
exports.onExecutePostLogin = async (event, api) => {
  if (event.resource_server?.identifier !== "https://vault.example.com") return;
  const passed = event.authentication.methods.filter(({ name }) => name === "mfa").map(({ type }) => type);
  if (!passed.includes("otp")) api.access.deny(`passed ${passed}`);
  api.authentication.challengeWithAny([{ type: "email" }, { type: "recovery-code" }]);
  api.accessToken.setCustomClaim("https://vault.example.com/opened", true);
};
