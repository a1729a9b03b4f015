// What the SDK sends to the tenant, and what the official packages send for the same call: compared field by field, both
// as the tenant got it. The SDK's routes, those of @auth0/nextjs-auth0 and the like with auth0-server-python go through one
// script; what the second has no route for is compared with @auth0/auth0-auth-js.
import assert from "node:assert/strict";
import * as applications from "../lib/applications.mjs";
import { differences, fieldsOf } from "../lib/sent.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { codeOf } from "../lib/totp.mjs";
import { logIn } from "../lib/universal-login.mjs";
import { anyFactor, vault } from "../scenarios/step-up.mjs";

/** What differs on purpose, package by package: in which calls, which fields or which whole request, and why. Each must still differ. */
const intended = {
  "nextjs-auth0": [
    {
      calls: /list|associate|challenge|delete|logout/,
      fields: /^accept$/,
      why: "every answer is read as JSON, so that is what is asked for",
    },
    {
      calls: /^proved/,
      fields: /^body client_assertion: typ$/,
      why: "an assertion says what it is (RFC 7515, 4.1.9)",
    },
    {
      calls: /^proved: challenge/,
      fields: /^body client_assertion/,
      why: "a client that signs proves itself here too; the package only says which client it is",
    },
  ],
  // Where the packages differ from each other, the SDK does as the one above.
  "auth0-server-python": [
    {
      calls: /./,
      fields: /^accept$/,
      why: "every answer is read as JSON, so that is what is asked for",
    },
    {
      calls: /./,
      fields: /^auth0-client$/,
      why: "the SDK says its name and version, and nothing of the machine that it runs on",
    },
    {
      calls: /authorize/,
      fields: /^(query|body) nonce$/,
      why: "an ID token that was issued for another log-in is told by its nonce (OpenID Connect Core, 3.1.2.1)",
    },
    {
      calls: /authorize (in|for)/,
      fields: /^(query|body) scope$/,
      why: "a login that names a scope asks for that one, without the configured ones",
    },
    {
      calls: /^pushed: authorize/,
      fields: /^query response_type$/,
      why: "what was pushed is not said again (RFC 9126, 4)",
    },
    {
      calls: /^(plain|pushed): (authorize|code exchange|refresh)/,
      fields: /^(authorization|body client_id|body client_secret)$/,
      why: "the client shows its secret in the body, as it does to the MFA API, where the package does so too",
    },
    {
      calls: /refresh$/,
      fields: /^body scope$/,
      why: "a refresh that asks for no scope keeps what was granted (RFC 6749, 6)",
    },
    {
      calls: /verify/,
      fields: /^body (audience|scope)$/,
      why: "a verify names the token that it is for",
    },
    {
      calls: /^proved/,
      fields: /^(dpop: .*|query dpop_jkt)$/,
      why: "a client with a key binds every token to it (RFC 9449); the package can for passkeys and a verify alone",
    },
    {
      calls: /logout/,
      request: "/oauth/revoke",
      why: "the refresh token ends with its session (RFC 7009)",
    },
    {
      calls: /^(plain|proved): logout/,
      fields: /^(path|query (returnTo|post_logout_redirect_uri|state|logout_hint|id_token_hint))$/,
      why: "logout by OpenID Connect where the tenant has it; the package knows Auth0's own alone",
    },
  ],
};

/** The endpoints that must have been called for a call that is more than one request. */
const endpoints = {
  "pushed: authorize": ["/oauth/par", "/authorize"],
  "pushed: authorize in a pop-up": ["/oauth/par", "/authorize"],
  "pushed: authorize for the MFA API": ["/oauth/par", "/authorize"],
  "plain: logout": ["/oauth/revoke", "/oidc/logout"],
  "pushed: logout": ["/oauth/revoke", "/v2/logout"],
};

const multiFactor = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

const local = await tenant();
const routes = JSON.parse(process.env.STEPUP_ROUTES);
const webapp = local.client("webapp");

const common = { domain: local.issuer, clientId: webapp.client_id, clientSecret: webapp.client_secret };
const kinds = {
  plain: common,
  pushed: { ...common, pushedAuthorizationRequests: true, logoutStrategy: "v2" },
  proved: {
    domain: local.issuer,
    clientId: local.client("signed").client_id,
    clientAssertionSigningKey: process.env.STEPUP_CLIENT_KEY,
    useDPoP: true,
  },
};

for (const [kind, options] of Object.entries(kinds)) {
  const address = routes.own[kind];
  const own = await allCalls(applications.own(address), address);
  const packages = {
    "nextjs-auth0": applications.official(address, options),
    "auth0-server-python": applications.python(routes.python[kind]),
  };
  for (const [name, application] of Object.entries(packages)) {
    const theirs = await allCalls(application, address);
    for (const call of Object.keys(theirs)) {
      await step(`${kind}: ${call}, as ${name}`, () => compare(name, `${kind}: ${call}`, theirs[call], own[call]));
    }
  }
}
await step("what is said to differ does", () => {
  assert.deepEqual(Object.values(intended).flat().filter(({ seen }) => !seen), []);
});

/** Fails on the first difference that is not intended. */
function compare(name, call, theirs, ours) {
  assert.notEqual(theirs.length, 0, "the official package sent nothing");
  if (endpoints[call]) assert.deepEqual(ours.map(({ path }) => path), endpoints[call]);
  const isIntended = (matches) => {
    const found = intended[name].find((one) => one.calls.test(call) && matches(one));
    if (found) found.seen = true;
    return found !== undefined;
  };
  const comparable = ours.filter(({ path }) => !isIntended(({ request }) => request === path));
  for (const difference of differences(theirs, comparable)) {
    assert.ok(isIntended(({ fields }) => fields?.test(difference.field)), JSON.stringify(difference));
  }
}

/** Every call of an application with such routes, one after the other: the name of each to what was sent. */
async function allCalls(application, address) {
  await local.reset();
  const sent = {};
  const record = async (call, action) => {
    await local.forgetRequests();
    const result = await action();
    sent[call] = fieldsOf(await local.requests());
    return result;
  };
  const ok = async (request, status = 200) => {
    const response = await request;
    assert.equal(response.status, status, await response.clone().text());
    return response.headers.get("content-type")?.includes("json") ? response.json() : response;
  };
  const mfa = (token) => ({
    delete: (id) => application.deleteAuthenticator(token, id),
    list: () => ok(application.request("/auth/mfa/authenticators", { token })),
    associate: (json) => ok(application.request("/auth/mfa/associate", { method: "POST", token, json })),
    challenge: (json) => ok(application.request("/auth/mfa/challenge", { method: "POST", json: { mfa_token: token, ...json } })),
    verify: (json, status) => ok(application.request("/auth/mfa/verify", { method: "POST", token, json }), status),
  });
  const asked = async (scope, audience = anyFactor) => {
    const query = new URLSearchParams({ audience, scope });
    const { mfa_token: token } = await ok(application.request(`/auth/access-token?${query}`), 403);
    return mfa(token);
  };
  /** Begins a login, which nobody goes on with. */
  const begin = async (path) => {
    const begun = await application.request(path);
    await fetch(begun.headers.get("location"), { redirect: "manual" });
  };

  const leave = async (path) => {
    const begun = await ok(application.request(path), 307);
    return logIn(begun.headers.get("location"), ada, `${address}/auth/callback`);
  };
  const comeBack = ({ pathname, search }) => ok(application.request(`${pathname}${search}`), 307);

  const back = await record("authorize", () => leave("/auth/login?ui_locales=de"));
  await record("code exchange", () => comeBack(back));
  const popup = { challengeMode: "popup", acr_values: multiFactor, audience: anyFactor, scope: "openid transfer:funds", max_age: 0 };
  await record("authorize in a pop-up", () => begin(`/auth/login?${new URLSearchParams({ returnTo: "/", ...popup })}`));
  const own = { audience: `${new URL("mfa/", local.issuer)}`, scope: "openid enroll read:authenticators remove:authenticators" };
  // Our page names the user, as who asks for more of a session must; theirs is told to.
  const named = new URLSearchParams({ ...own, login_hint: ada.username });
  await record("authorize for the MFA API", () => begin(application.manage ?? `/auth/login?${named}`));
  await record("refresh", () => ok(application.request("/auth/access-token")));

  const first = await record("refresh with audience and scope", () => asked("transfer:funds"));
  await record("list", first.list);
  for (const channel of ["sms", "voice"]) {
    const json = { authenticator_types: ["oob"], oob_channels: [channel], phone_number: ada.phone };
    await record(`associate ${channel}`, () => first.associate(json));
  }
  const email = { authenticator_types: ["oob"], oob_channels: ["email"], email: ada.username };
  await record("associate email", () => first.associate(email));
  const phone = await record("associate push", () => first.associate({ authenticator_types: ["oob"], oob_channels: ["auth0"] }));
  // Nobody has answered it yet.
  if (application.verifiesPush) await record("verify push", () => first.verify({ oob_code: phone.oob_code }, 400));
  const app = await record("associate otp", () => first.associate({ authenticator_types: ["otp"] }));
  const code = codeOf(app.barcode_uri, await local.now());
  await record("verify otp", () => first.verify({ otp: code }));

  const second = await asked("read:sensitive");
  await record("challenge otp", () => second.challenge({ challenge_type: "otp" }));
  const active = (await second.list()).filter(({ active }) => active);
  const { id } = active.find(({ id }) => id.startsWith("email|"));
  const { oob_code } = await record("challenge oob", () => second.challenge({ challenge_type: "oob", authenticator_id: id }));
  const binding_code = await local.codeSentTo(ada.username, "email");
  await record("verify oob", () => second.verify({ oob_code, binding_code }));

  const third = await asked("read:sensitive transfer:funds");
  const replaced = await record("verify recovery code", () => third.verify({ recovery_code: app.recovery_codes[0] }));

  // In a session of its own: with every token in it, one does not fit into cookies.
  application.forget();
  await comeBack(await leave("/auth/login"));
  const vaults = await asked("open:door", vault);
  const nextCode = codeOf(app.barcode_uri, (await local.now()) + 30);
  const one = await record("verify, the first of two", () => vaults.verify({ otp: nextCode }, 403));
  await record("verify, the second of two", () => mfa(one.mfa_token).verify({ recovery_code: replaced.recovery_code }));

  if (application.deleteAuthenticator) {
    const fourth = await asked("read:sensitive");
    await record("delete", () => fourth.delete(active.find(({ id }) => id.startsWith("totp|")).id));
  }

  await record("logout", async () => {
    const gone = await ok(application.request(`/auth/logout?state=s&returnTo=${address}/bye`), 307);
    await fetch(gone.headers.get("location"), { redirect: "manual" });
  });
  return sent;
}
