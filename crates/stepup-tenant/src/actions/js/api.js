// The `api` of a post-login Action. Every method hands a note of the call to the host, which checks it and keeps it;
// nothing is carried out here. Evaluates to a function of the host and the event.
(function (host, event) {
  "use strict";

  const { parse, stringify } = JSON;
  const api = {};

  function note(method, call) {
    host.note(`api.${method}`, stringify(call));
    return api;
  }
  const list = (values) => Array.isArray(values) ? values : [values];

  // `null` and nothing at all both remove a key.
  const entry = (method, kind) => (key, value) => note(method, { [kind]: { key, value: value ?? null } });

  const one = (method, command) => (factor, options) =>
    note(method, { [command]: { selection: "first", factors: [factor, ...list(options?.additionalFactors ?? [])] } });
  const any = (method, command) => (factors) => note(method, { [command]: { selection: "any", factors: list(factors) } });

  // Documented, and without effect in a local tenant: the call is named in the Action's output.
  const withoutEffect = (name, answer) => new Proxy({}, {
    get: (_target, method) => typeof method !== "string" || method === "then" ? undefined : () => {
      host.print("warn", `api.${name}.${method} has no effect in a local tenant`);
      return answer;
    },
  });

  const metadata = (name, target) => ({
    setMetadata: (key, value) => note(`${name}.setMetadata`, { [target]: { metadata: { key, value: value ?? null } } }),
    deleteMetadata: (key) => note(`${name}.deleteMetadata`, { [target]: { metadata: { key, value: null } } }),
    evictMetadata: () => note(`${name}.evictMetadata`, { [target]: "evictMetadata" }),
  });
  const lifetimes = (name, target) => ({
    setExpiresAt: (at) => note(`${name}.setExpiresAt`, { [target]: { expiresAt: { at: Math.trunc(Number(at)) } } }),
    setIdleExpiresAt: (at) => note(`${name}.setIdleExpiresAt`, { [target]: { idleExpiresAt: { at: Math.trunc(Number(at)) } } }),
  });

  const interactive = new Set([
    "oidc-basic-profile", "oidc-implicit-profile", "oidc-hybrid-profile", "oauth2-device-code", "samlp", "wsfed",
  ]);
  const parameter = (name) => event.request?.query?.[name] ?? event.request?.body?.[name];

  return Object.assign(api, {
    access: {
      deny: (reason) => note("access.deny", { deny: { reason } }),
    },

    accessToken: {
      addScope: (scope) => note("accessToken.addScope", { addScope: { scope } }),
      removeScope: (scope) => note("accessToken.removeScope", { removeScope: { scope } }),
      setCustomClaim: entry("accessToken.setCustomClaim", "accessTokenClaim"),
    },

    authentication: {
      challengeWith: one("authentication.challengeWith", "challenge"),
      challengeWithAny: any("authentication.challengeWithAny", "challenge"),
      enrollWith: one("authentication.enrollWith", "enroll"),
      enrollWithAny: any("authentication.enrollWithAny", "enroll"),
      recordMethod: (url) => note("authentication.recordMethod", { recordMethod: { url } }),
      setPrimaryUser: (userId) => note("authentication.setPrimaryUser", { primaryUser: { userId } }),
    },

    cache: {
      delete: (key) => parse(host.cacheDelete(String(key))),
      get: (key) => parse(host.cacheGet(String(key))) ?? undefined,
      set: (key, value, options) => parse(host.cacheSet(String(key), stringify({ ...options, value }))),
    },

    groups: withoutEffect("groups", undefined),

    idToken: {
      setCustomClaim: entry("idToken.setCustomClaim", "idTokenClaim"),
    },

    multifactor: {
      enable: (provider, options) => note("multifactor.enable", {
        multifactor: {
          provider,
          allowRememberBrowser: options?.allowRememberBrowser ?? false,
          providerOptions: options?.providerOptions ?? null,
        },
      }),
    },

    prompt: withoutEffect("prompt", api),

    redirect: {
      canRedirect: () =>
        interactive.has(event.transaction?.protocol) && !list(event.transaction?.prompt ?? []).includes("none"),
      encodeToken: ({ secret, payload, expiresInSeconds = 900 }) => host.encodeToken(
        String(secret),
        stringify({ ...payload, sub: event.user?.user_id, iss: event.request?.hostname, ip: event.request?.ip }),
        Number(expiresInSeconds),
      ),
      sendUserTo: (url, options) => note("redirect.sendUserTo", {
        redirect: { url: String(url), query: Object.entries(options?.query ?? {}).map(([name, value]) => [name, String(value)]) },
      }),
      validateToken: ({ secret, tokenParameterName = "session_token" }) => parse(host.validateToken(
        String(secret),
        String(parameter(tokenParameterName) ?? ""),
        String(parameter("state") ?? ""),
      )),
    },

    refreshToken: {
      ...lifetimes("refreshToken", "refreshToken"),
      ...metadata("refreshToken", "refreshToken"),
      revoke: (reason) => note("refreshToken.revoke", { refreshToken: { revoke: { reason: reason ?? "" } } }),
    },

    roles: withoutEffect("roles", undefined),

    rules: {
      wasExecuted: () => false,
    },

    samlResponse: withoutEffect("samlResponse", api),

    session: {
      ...lifetimes("session", "session"),
      ...metadata("session", "session"),
      revoke: (reason, options) => note("session.revoke", {
        session: { revoke: { reason: reason ?? "", preserveRefreshTokens: options?.preserveRefreshTokens ?? false } },
      }),
      setCookieMode: (mode) => note("session.setCookieMode", { session: { cookieMode: { mode } } }),
    },

    transaction: {
      setMetadata(key, value) {
        note("transaction.setMetadata", { transactionMetadata: { key, value: value ?? null } });
        const transaction = event.transaction ??= {};
        const seen = transaction.metadata ??= {};
        if (value === null || value === undefined) delete seen[key];
        else seen[key] = value;
        return api;
      },
    },

    user: {
      setAppMetadata: entry("user.setAppMetadata", "appMetadata"),
      setUserMetadata: entry("user.setUserMetadata", "userMetadata"),
    },

    validation: {
      error: (_code, message) => note("validation.error", { deny: { reason: message } }),
    },
  });
})
