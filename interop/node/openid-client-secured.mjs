// openid-client, with what makes an exchange safer: pushed requests (RFC 9126), DPoP (RFC 9449), assertions (RFC 7523).
import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import * as client from "openid-client";
import { claimsOf } from "../lib/jwt.mjs";
import { errorOf } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { codeOf } from "../lib/totp.mjs";
import { Browser } from "../lib/universal-login.mjs";
import { anyFactor as audience } from "../scenarios/step-up.mjs";
import { redirectUri, scope, tokensOf } from "./relying-party.mjs";

const local = await tenant();
const webapp = local.client("webapp");
const discover = ({ client_id }, authentication) =>
  client.discovery(new URL(local.issuer), client_id, undefined, authentication);
const refusedBody = async (call) => (await errorOf(call, "ResponseBodyError")).cause;

const config = await discover(webapp, client.ClientSecretPost(webapp.client_secret));

await step("a pushed authorization request", async () => {
  const tokens = await tokensOf(config, ada, { build: client.buildAuthorizationUrlWithPAR });
  assert.equal(tokens.claims().email, ada.username);
});

await step("a pushed request is good once, and only for a known client", async () => {
  const url = await client.buildAuthorizationUrlWithPAR(config, { redirect_uri: redirectUri, scope });
  assert.match(url.searchParams.get("request_uri"), /^urn:ietf:params:oauth:request_uri:.{64}$/);
  const browser = new Browser();
  assert.equal((await browser.open(url)).url.pathname, "/u/login");
  assert.notEqual((await browser.open(url)).url.pathname, "/u/login");

  const stranger = await discover(webapp, client.ClientSecretPost("not the secret"));
  const refused = await refusedBody(client.buildAuthorizationUrlWithPAR(stranger, { redirect_uri: redirectUri, scope }));
  assert.equal(refused.error, "access_denied");
});

await step("a public client's tokens are bound to its key, the refresh token too", async () => {
  const spa = await discover(local.client("spa"), client.None());
  const keys = await client.randomDPoPKeyPair("ES256");
  const options = { DPoP: client.getDPoPHandle(spa, keys) };
  const tokens = await tokensOf(spa, ada, { options });
  assert.equal(tokens.token_type, "dpop");
  const user = await client.fetchUserInfo(spa, tokens.access_token, tokens.claims().sub, options);
  assert.equal(user.email, ada.username);

  const thief = { DPoP: client.getDPoPHandle(spa, await client.randomDPoPKeyPair("ES256")) };
  assert.ok((await refusedBody(client.refreshTokenGrant(spa, tokens.refresh_token, undefined, thief))).error);
  const refreshed = await client.refreshTokenGrant(spa, tokens.refresh_token, undefined, options);
  assert.equal(refreshed.token_type, "dpop");
});

const { client_id: signedId } = local.client("signed");
const pem = createPrivateKey(process.env.STEPUP_CLIENT_KEY).export({ type: "pkcs8", format: "der" });
const key = await crypto.subtle.importKey("pkcs8", pem, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["sign"]);

await step("a client that signs: log in, refresh, step up by an app, all bound to a key", async () => {
  const signed = await discover({ client_id: signedId }, client.PrivateKeyJwt(key));
  const options = { DPoP: client.getDPoPHandle(signed, await client.randomDPoPKeyPair("ES256")) };
  const tokens = await tokensOf(signed, ada, { build: client.buildAuthorizationUrlWithPAR, options });
  const { refresh_token: refreshToken } = await client.refreshTokenGrant(signed, tokens.refresh_token, undefined, options);

  const asked = client.refreshTokenGrant(signed, refreshToken, { audience, scope: "openid transfer:funds" }, options);
  const { error, mfa_token: mfaToken } = await refusedBody(asked);
  assert.equal(error, "mfa_required");
  const associated = await client.fetchProtectedResource(
    signed,
    mfaToken,
    new URL("mfa/associate", local.issuer),
    "POST",
    JSON.stringify({ authenticator_types: ["otp"] }),
    new Headers({ "Content-Type": "application/json" }),
  );
  const { barcode_uri: barcodeUri } = await associated.json();
  const given = { mfa_token: mfaToken, otp: codeOf(barcodeUri, await local.now()) };
  const grant = "http://auth0.com/oauth/grant-type/mfa-otp";
  const stepped = await client.genericGrantRequest(signed, grant, given, options);
  assert.equal(stepped.token_type, "dpop");
  const { cnf } = claimsOf(stepped.access_token);
  assert.equal(cnf.jkt, await options.DPoP.calculateThumbprint());
});

await step("an assertion by another key is refused", async () => {
  const { privateKey } = await crypto.subtle.generateKey(
    { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    false,
    ["sign"],
  );
  const forger = await discover({ client_id: signedId }, client.PrivateKeyJwt(privateKey));
  const refused = await refusedBody(client.refreshTokenGrant(forger, "any"));
  assert.equal(refused.error, "invalid_client");
});
