// A fleet behind one address: a Next.js application with @auth0/nextjs-auth0, a FastAPI application with auth0-fastapi, and the
// demo, in each one's sealed form, and in the one's form reading the other's too. Who logs in at one is logged in at the other, and
// steps up there.
import assert from "node:assert/strict";
import { withPage } from "../lib/chromium.mjs";
import { claimsOf } from "../lib/jwt.mjs";
import { logInOn } from "../lib/pages.mjs";
import { proxy } from "../lib/proxy.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { codeOf } from "../lib/totp.mjs";

const app = process.env.STEPUP_APP;
const ports = JSON.parse(process.env.STEPUP_FLEET);
const local = await tenant();
const audience = "https://any.example.com";
const scope = "openid transfer:funds";

/** Who answers for log-ins, for callbacks, and for everything else under `/auth/`. */
let routes;
const stop = await proxy((path) => {
  const { pathname } = new URL(path, app);
  if (pathname.startsWith("/fast/")) return ports.fastapi;
  if (/^\/(account|api\/|_next\/)/.test(pathname)) return ports.nextjs;
  if (pathname === "/auth/login") return ports[routes.login];
  if (pathname === "/auth/callback") return ports[routes.callback];
  return ports[pathname.startsWith("/auth/") ? routes.auth : routes.bank];
});

/** The first writes nextjs-auth0's form and reads auth0-server-python's too. */
const pairs = [
  { peer: "nextjs", bank: "bank", name: "nextjs-auth0" },
  { peer: "fastapi", bank: "bankOfFastapi", name: "auth0-fastapi" },
];

try {
  await withPage({ ignoreHTTPSErrors: true }, async (page) => {
    /** One call from the page, with its cookies; the status beside the JSON that came. */
    const call = (path, token, body) =>
      page.evaluate(
        async ([path, token, body]) => {
          const response = await fetch(path, {
            method: body ? "POST" : "GET",
            headers: { ...(token && { Authorization: `Bearer ${token}` }), ...(body && { "Content-Type": "application/json" }) },
            body: body && JSON.stringify(body),
          });
          const text = await response.text();
          return { status: response.status, json: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text };
        },
        [path, token, body],
      );
    async function good(answer) {
      const { status, json } = await answer;
      assert.equal(status, 200, JSON.stringify(json));
      return json;
    }

    /** Begins a session; its log-in page opens in `login`, and `callback` takes the visitor back. */
    async function logIn(login, callback, bank) {
      await page.context().clearCookies();
      routes = { login, callback, auth: bank, bank };
      await page.goto(`${app}/auth/login?returnTo=%2Fbalance`);
      await logInOn(page, ada);
      await page.waitForURL(`${app}/balance`);
    }

    /** What each application calls for the token of the API. */
    const tokenAt = {
      nextjs: () => at("nextjs", `/auth/access-token?${new URLSearchParams({ audience, scope, mergeScopes: "false" })}`),
      fastapi: () => call(`/fast/token?${new URLSearchParams({ audience, scope })}`),
      bank: (bank) => at(bank, `/auth/access-token?${new URLSearchParams({ audience, scope, mergeScopes: "false" })}`),
    };
    /** A call that `who` answers. */
    function at(who, path, token, body) {
      routes.auth = who;
      return call(path, token, body);
    }
    const verifyAt = {
      nextjs: (token, proof) => at("nextjs", "/auth/mfa/verify", token, proof),
      // What is told here is what that package will look for: its log-in's scope too.
      fastapi: (token, proof) =>
        call("/fast/verify", undefined, { mfa_token: token, audience, scope: `profile email offline_access ${scope}`, ...proof }),
    };

    async function asked(answer) {
      const { status, json } = await answer;
      assert.equal(status, 403, JSON.stringify(json));
      assert.equal(json.error, "mfa_required");
      return json.mfa_token;
    }

    async function assertToken(answer) {
      const claims = claimsOf((await good(answer)).token);
      assert.ok([claims.aud].flat().includes(audience), `audience ${claims.aud}`);
      assert.ok(claims.scope.split(" ").includes("transfer:funds"), claims.scope);
      return claims.sub;
    }

    const emailAt = {
      nextjs: async () => {
        await page.goto(`${app}/account`);
        return page.textContent("#email");
      },
      fastapi: async () => (await good(call("/fast/account"))).email,
    };

    const assertOut = {
      nextjs: async () => assert.equal((await at("nextjs", "/auth/profile")).status, 401),
      fastapi: async () => assert.equal((await call("/fast/account")).status, 401),
    };

    for (const { peer, bank, name } of pairs) {
      await step(`${name}: logged in there, logged in at the bank`, async () => {
        await local.reset();
        await logIn(peer, peer, bank);
        assert.equal((await good(at(bank, "/auth/profile"))).email, ada.username);
        assert.equal(await emailAt[peer](), ada.username);
      });

      const recoveryCode = await step(`${name}: asked for a second factor there, enrolled and verified at the bank; both hold the token`, async () => {
        const token = await asked(tokenAt[peer]());
        const enrolled = await good(at(bank, "/auth/mfa/associate", token, { authenticator_types: ["otp"] }));
        await good(at(bank, "/auth/mfa/verify", token, { otp: codeOf(enrolled.barcode_uri, await local.now()) }));
        const subject = await assertToken(tokenAt[peer]());
        assert.equal(await assertToken(tokenAt.bank(bank)), subject);
        return enrolled.recovery_codes[0];
      });

      await step(`${name}: logged in at the bank, logged in there`, async () => {
        await logIn(bank, bank, bank);
        assert.equal(await emailAt[peer](), ada.username);
      });

      await step(`${name}: asked by the bank, verified there; both hold the token`, async () => {
        const token = await asked(tokenAt.bank(bank));
        await good(verifyAt[peer](token, { recovery_code: recoveryCode }));
        const subject = await assertToken(tokenAt.bank(bank));
        assert.equal(await assertToken(tokenAt[peer]()), subject);
      });

      await step(`${name}: a log-in begun there comes back to the bank`, async () => {
        await logIn(peer, bank, bank);
        assert.equal(await emailAt[peer](), ada.username);
      });

      await step(`${name}: a log-in begun at the bank comes back there`, async () => {
        await logIn(bank, peer, bank);
        assert.equal((await good(at(bank, "/auth/profile"))).email, ada.username);
      });

      await step(`${name}: a log-out at the bank is one there`, async () => {
        routes = { login: peer, callback: peer, auth: bank, bank };
        await page.goto(new URL("/auth/logout", page.url()).href);
        await page.waitForURL((url) => url.pathname === "/");
        await assertOut[peer]();
      });
    }

    const three = "all three behind one address";
    await step(`${three}: logged in at FastAPI, logged in at the bank, and from then on at Next.js`, async () => {
      await local.reset();
      await logIn("fastapi", "fastapi", "bank");
      assert.equal((await good(at("bank", "/auth/profile"))).email, ada.username);
      assert.equal(await emailAt.nextjs(), ada.username);
      assert.equal(await emailAt.fastapi(), ada.username);
    });

    const recoveryCode = await step(`${three}: asked for a second factor by FastAPI, enrolled and verified at the bank; Next.js holds the token too`, async () => {
      const token = await asked(tokenAt.fastapi());
      const enrolled = await good(at("bank", "/auth/mfa/associate", token, { authenticator_types: ["otp"] }));
      await good(at("bank", "/auth/mfa/verify", token, { otp: codeOf(enrolled.barcode_uri, await local.now()) }));
      assert.equal(await assertToken(tokenAt.bank("bank")), await assertToken(tokenAt.nextjs()));
      assert.equal(await emailAt.fastapi(), ada.username);
      return enrolled.recovery_codes[0];
    });

    await step(`${three}: a log-in begun at FastAPI comes back to the bank, which steps up at Next.js`, async () => {
      await logIn("fastapi", "bank", "bank");
      assert.equal(await emailAt.nextjs(), ada.username);
      const token = await asked(tokenAt.bank("bank"));
      await good(verifyAt.nextjs(token, { recovery_code: recoveryCode }));
      assert.equal(await assertToken(tokenAt.bank("bank")), await assertToken(tokenAt.nextjs()));
    });

    await step(`${three}: a log-out at the bank is one at both`, async () => {
      await logIn("fastapi", "fastapi", "bank");
      assert.equal(await emailAt.nextjs(), ada.username);
      await page.goto(`${app}/auth/logout`);
      await page.waitForURL((url) => url.pathname === "/");
      await assertOut.nextjs();
      await assertOut.fastapi();
      assert.equal((await at("bank", "/auth/profile")).status, 401);
    });
  });
} finally {
  stop();
}
