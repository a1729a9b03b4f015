// The `api` of a post-login Action. Every method hands a note of the call to the host, which checks it and keeps it;
// nothing is carried out here. Evaluates to a function of what the scripts share.
(function (tenant) {
  "use strict";

  const { host, api } = tenant;
  const { parse, stringify } = JSON;
  const { isArray } = Array;

  function note(method, call) {
    host.note(`api.${method}`, stringify(call));
    return api;
  }
  tenant.note = note;

  const list = (values) => isArray(values) ? values : [values];
  const { String } = globalThis;
  tenant.deny = (method, reason, otherwise) => {
    const text = typeof reason === "object" ? stringify(reason) : String(reason);
    return note(method, { deny: { reason: reason === undefined || reason === null || text === "" ? otherwise : text } });
  };
  // `null` and nothing at all both remove a key.
  const entry = (method, kind) => (key, value) => note(method, { [kind]: { key, value: value ?? null } });
  const one = (method, command) => (factor, options) =>
    note(method, { [command]: { selection: "first", factors: [factor, ...list(options?.additionalFactors ?? [])] } });
  const any = (method, command) => (factors) => note(method, { [command]: { selection: "any", factors: list(factors) } });

  api.access = {
    deny: (reason) => tenant.deny("access.deny", reason, "Access denied"),
  };
  api.accessToken = {
    addScope: (scope) => note("accessToken.addScope", { addScope: { scope } }),
    removeScope: (scope) => note("accessToken.removeScope", { removeScope: { scope } }),
    setCustomClaim: entry("accessToken.setCustomClaim", "accessTokenClaim"),
  };
  api.authentication = {
    challengeWith: one("authentication.challengeWith", "challenge"),
    challengeWithAny: any("authentication.challengeWithAny", "challenge"),
    enrollWith: one("authentication.enrollWith", "enroll"),
    enrollWithAny: any("authentication.enrollWithAny", "enroll"),
    recordMethod(url) {
      if (host.entry === "onContinuePostLogin") return note("authentication.recordMethod", { recordMethod: { url } });
      throw new TypeError("api.authentication.recordMethod: it can be called in onContinuePostLogin only");
    },
    setPrimaryUser: (userId) => note("authentication.setPrimaryUser", { primaryUser: { userId } }),
  };
  api.cache = {
    delete: (key) => parse(host.cacheDelete(`${key}`)),
    get: (key) => parse(host.cacheGet(`${key}`)) ?? undefined,
    set: (key, value, options) => parse(host.cacheSet(`${key}`, stringify({ ...options, value }))),
  };
  api.idToken = {
    setCustomClaim: entry("idToken.setCustomClaim", "idTokenClaim"),
  };
  api.multifactor = {
    enable: (provider, options) => note("multifactor.enable", {
      multifactor: {
        provider,
        allowRememberBrowser: options?.allowRememberBrowser ?? false,
        providerOptions: options?.providerOptions ?? null,
      },
    }),
  };
  api.transaction = {
    setMetadata(key, value) {
      note("transaction.setMetadata", { transactionMetadata: { key, value: value ?? null } });
      const transaction = tenant.event.transaction ??= {};
      const seen = transaction.metadata ??= {};
      if (value === null || value === undefined) delete seen[key];
      else seen[key] = value;
      return api;
    },
  };
  api.user = {
    setAppMetadata: entry("user.setAppMetadata", "appMetadata"),
    setUserMetadata: entry("user.setUserMetadata", "userMetadata"),
  };

  for (const name of ["redirect", "refreshToken", "session"]) tenant.lazily(api, name, "session");
  for (const name of ["groups", "prompt", "roles", "rules", "samlResponse", "validation"]) tenant.lazily(api, name, "others");
})
