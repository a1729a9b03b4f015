// An OpenID client by openid-client, and a person who logs in with it.
import * as client from "openid-client";
import { logIn } from "../lib/universal-login.mjs";

export const redirectUri = "http://localhost:3000/auth/callback";
export const scope = "openid profile email offline_access";

/** Logs in with PKCE, state and nonce. `build` makes the address; `options` go with each exchange (DPoP). */
export async function tokensOf(config, user, { parameters = {}, browser, build = client.buildAuthorizationUrl, options } = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const asked = {
    redirect_uri: redirectUri,
    scope,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
    ...parameters,
  };
  const back = await logIn(await build(config, asked, options), user, redirectUri, browser);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  return client.authorizationCodeGrant(config, back, checks, undefined, options);
}
