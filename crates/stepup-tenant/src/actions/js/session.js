// `api.redirect`, `api.refreshToken` and `api.session`. Evaluates to a function of what the scripts share.
(function (tenant) {
  "use strict";

  const { host, event, note } = tenant;
  const metadata = (name) => ({
    setMetadata: (key, value) => note(`${name}.setMetadata`, { [name]: { metadata: { key, value: value ?? null } } }),
    deleteMetadata: (key) => note(`${name}.deleteMetadata`, { [name]: { metadata: { key, value: null } } }),
    evictMetadata: () => note(`${name}.evictMetadata`, { [name]: "evictMetadata" }),
  });
  const lifetimes = (name) => ({
    setExpiresAt: (at) => note(`${name}.setExpiresAt`, { [name]: { expiresAt: { at: Math.trunc(Number(at)) } } }),
    setIdleExpiresAt: (at) => note(`${name}.setIdleExpiresAt`, { [name]: { idleExpiresAt: { at: Math.trunc(Number(at)) } } }),
  });

  const interactive = [
    "oidc-basic-profile", "oidc-implicit-profile", "oidc-hybrid-profile", "oauth2-device-code", "samlp", "wsfed",
  ];
  const parameter = (name) => event.request?.query?.[name] ?? event.request?.body?.[name];

  return {
    redirect: {
      canRedirect: () =>
        interactive.includes(event.transaction?.protocol) && ![event.transaction?.prompt].flat().includes("none"),
      encodeToken: ({ secret, payload, expiresInSeconds = 900 }) => host.encodeToken(
        String(secret),
        JSON.stringify({ ...payload, sub: event.user?.user_id, iss: host.issuer ?? event.request?.hostname, ip: event.request?.ip }),
        Number(expiresInSeconds),
      ),
      sendUserTo: (url, options) => note("redirect.sendUserTo", {
        redirect: { url: String(url), query: Object.entries(options?.query ?? {}).map(([name, value]) => [name, String(value)]) },
      }),
      validateToken: ({ secret, tokenParameterName = "session_token" }) => JSON.parse(host.validateToken(
        String(secret),
        String(parameter(tokenParameterName) ?? ""),
        String(parameter("state") ?? ""),
      )),
    },

    refreshToken: {
      ...lifetimes("refreshToken"),
      ...metadata("refreshToken"),
      revoke: (reason) => note("refreshToken.revoke", { refreshToken: { revoke: { reason: reason ?? "" } } }),
    },

    session: {
      ...lifetimes("session"),
      ...metadata("session"),
      revoke: (reason, options) => note("session.revoke", {
        session: { revoke: { reason: reason ?? "", preserveRefreshTokens: options?.preserveRefreshTokens ?? false } },
      }),
      setCookieMode: (mode) => note("session.setCookieMode", { session: { cookieMode: { mode } } }),
    },
  };
})
