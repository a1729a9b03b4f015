// What is documented of `api` and has little or no effect in a local tenant: such a call is named in the Action's output,
// and is no error. Evaluates to a function of what the scripts share.
(function (tenant) {
  "use strict";

  const { host, api, deny } = tenant;
  const withoutEffect = (name, answer) => new Proxy({}, {
    get: (_target, method) => typeof method !== "string" || method === "then" ? undefined : () => {
      host.print("warn", `api.${name}.${method} has no effect in a local tenant`);
      return answer;
    },
  });

  return {
    groups: withoutEffect("groups", undefined),
    prompt: withoutEffect("prompt", api),
    roles: withoutEffect("roles", undefined),
    rules: { wasExecuted: () => false },
    samlResponse: withoutEffect("samlResponse", api),
    validation: { error: (code, message) => deny("validation.error", message ?? code, "Access denied") },
  };
})
