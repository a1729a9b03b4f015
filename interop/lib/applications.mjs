// Applications with the SDK's routes, with those of @auth0/nextjs-auth0, and with the like around auth0-server-python, behind one face.
import { AuthClient } from "@auth0/auth0-auth-js";
import { Auth0Client } from "@auth0/nextjs-auth0/server";
import { NextRequest } from "next/server.js";
import { errorOf } from "./refusal.mjs";

const secret = "a secret of at least thirty-two characters";
/** Longer than any access token lives, so that every call of the token route is a refresh. */
const always = 7 * 24 * 60 * 60;

/** A browser's way to an application: it keeps the cookies, and follows no redirect. */
class Application {
  #cookies = new Map();
  #answer;

  /**
   * What not every one can: `deleteAuthenticator(application, token, id)` deletes one, `verifiesPush` says that an answer needs
   * no code of the person, and `manage` is the path of a page for one's own authenticators.
   */
  constructor(answer, { deleteAuthenticator, verifiesPush = false, manage } = {}) {
    this.#answer = answer;
    this.deleteAuthenticator = deleteAuthenticator && ((token, id) => deleteAuthenticator(this, token, id));
    this.verifiesPush = verifiesPush;
    this.manage = manage;
  }

  /** From now on it is another browser. */
  forget() {
    this.#cookies.clear();
  }

  async request(path, { method = "GET", token, json } = {}) {
    const headers = { Cookie: [...this.#cookies].map((pair) => pair.join("=")).join("; ") };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (json) headers["Content-Type"] = "application/json";
    const response = await this.#answer(path, { method, headers, body: json && JSON.stringify(json) });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
      if (value === "" || /max-age=0/i.test(cookie)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }
}

const at = (address) => (path, init) => fetch(new URL(path, address), { ...init, redirect: "manual" });

/** The SDK's routes at `address`. */
export const own = (address) =>
  new Application(at(address), {
    deleteAuthenticator: (application, token, id) =>
      application.request(`/auth/mfa/authenticators/${encodeURIComponent(id)}`, { method: "DELETE", token }),
    verifiesPush: true,
    manage: "/auth/mfa/manage",
  });

/** Those of `python/application.py`; the package has no call to delete an authenticator. */
export const python = (address) => new Application(at(address), { verifiesPush: true });

/** The package's routes, as if they were at `address`; it has none to delete an authenticator, but @auth0/auth0-auth-js has a call. */
export function official(address, options) {
  const auth0 = new Auth0Client({
    appBaseUrl: address,
    secret,
    allowInsecureRequests: true, // a domain with a port is taken as an address only
    tokenRefreshBuffer: always,
    ...options,
  });
  const client = new AuthClient({ ...options, domain: new URL(options.domain).host });
  return new Application((path, init) => auth0.middleware(new NextRequest(new URL(path, address), init)), {
    deleteAuthenticator: (_, mfaToken, authenticatorId) =>
      errorOf(client.mfa.deleteAuthenticator({ mfaToken, authenticatorId }), "MfaDeleteAuthenticatorError"),
  });
}
