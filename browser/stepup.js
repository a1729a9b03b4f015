/**
 * The browser's side of stepup: step-up authentication through the routes that the SDK mounts.
 *
 * A plain ES module without dependencies. The SDK serves it at `/auth/stepup.js`:
 *
 *     <script type="module">
 *       import { getAccessToken, mfa, MfaRequiredError } from "/auth/stepup.js";
 *
 *       try {
 *         await getAccessToken({ audience: "https://api.example.com" });
 *       } catch (error) {
 *         if (!(error instanceof MfaRequiredError)) throw error;
 *         await mfa.verify({ mfaToken: error.mfa_token, otp: prompt("Code?") });
 *       }
 *     </script>
 *
 * Every call rejects with a {@link StepupError}, or, when its `signal` is aborted, with the signal's reason.
 */

const settings = {
  basePath: "",
  fetch: undefined,
  routes: {
    login: "/auth/login",
    logout: "/auth/logout",
    profile: "/auth/profile",
    accessToken: "/auth/access-token",
    mfaAuthenticators: "/auth/mfa/authenticators",
    mfaAssociate: "/auth/mfa/associate",
    mfaChallenge: "/auth/mfa/challenge",
    mfaVerify: "/auth/mfa/verify",
  },
};

/**
 * Says where the SDK's routes are, when they are not at their default places. What is left out stays as it is.
 *
 * @param {object} options
 * @param {object} [options.routes] paths by name: `login`, `logout`, `profile`, `accessToken`, `mfaAuthenticators`, `mfaAssociate`, `mfaChallenge`, `mfaVerify`
 * @param {string} [options.basePath] what stands before every route, such as `/bank`
 * @param {typeof fetch} [options.fetch] is called instead of the browser's `fetch`
 * @throws {InvalidRequestError} a route's name is not known
 */
export function configure({ routes = {}, basePath, fetch }) {
  for (const [name, path] of Object.entries(routes)) {
    if (!Object.hasOwn(settings.routes, name)) throw new InvalidRequestError(`Unknown route: ${name}`);
    if (path !== undefined) settings.routes[name] = path;
  }
  if (basePath !== undefined) settings.basePath = basePath.replace(/^\/*(.*?)\/*$/, (_, path) => path && `/${path}`);
  if (fetch !== undefined) settings.fetch = fetch;
}

/** What a person does with a second factor. `mfaToken` is the `mfa_token` of an {@link MfaRequiredError}. */
export const mfa = {
  /**
   * Lists the person's authenticators that may answer this challenge.
   *
   * @param {{ mfaToken: string, signal?: AbortSignal }} options
   * @throws {MfaGetAuthenticatorsError | MfaTokenExpiredError | MfaTokenInvalidError}
   */
  async getAuthenticators({ mfaToken, signal }) {
    const list = await send("mfaAuthenticators", MfaGetAuthenticatorsError, { mfaToken, signal });
    if (!Array.isArray(list)) throw new MfaGetAuthenticatorsError("client_error", "The answer is not a list of authenticators");
    return list.map(({ last_auth, ...entry }) => ({ ...camelCase(entry), lastAuthenticatedAt: last_auth }));
  },

  /**
   * The factors that may be enrolled, as the tenant named them: `[]` when it wants an existing one.
   *
   * @param {MfaRequiredError} error
   * @returns {{ type: string }[]}
   */
  getEnrollmentFactors: (error) => error.mfa_requirements?.enroll ?? [],

  /**
   * Begins the enrolment of an authenticator; the first {@link mfa.verify} with it completes it.
   *
   * @param {object} options `mfaToken`, then either `factorType` (`otp`, `sms`, `voice`, `email`, `push`; the tenant's names
   *   `phone` and `push-notification` are understood too) or the tenant's own `authenticatorTypes` and `oobChannels`;
   *   `phoneNumber` (E.164) for `sms` and `voice`; `email`; `signal`
   * @returns for `otp`: `secret` (base32) and `barcodeUri` (`otpauth:`); `recoveryCodes` with a person's first authenticator
   * @throws {MfaEnrollmentError | InvalidRequestError | MfaTokenExpiredError | MfaTokenInvalidError}
   */
  async enroll({ mfaToken, signal, ...options }) {
    const body = { ...enrollmentTypes(options), phone_number: options.phoneNumber, email: options.email };
    return camelCase(await send("mfaAssociate", MfaEnrollmentError, { mfaToken, signal, body }));
  },

  /**
   * Asks for a challenge: with `oob` the tenant sends a code or a push, with `otp` there is nothing to send.
   *
   * @param {{ mfaToken: string, challengeType: string, authenticatorId?: string, signal?: AbortSignal }} options
   * @throws {MfaChallengeError | MfaNoAvailableFactorsError | MfaTokenExpiredError | MfaTokenInvalidError}
   */
  async challenge({ mfaToken, challengeType, authenticatorId, signal }) {
    const body = { mfa_token: mfaToken, challenge_type: challengeType, authenticator_id: authenticatorId };
    return camelCase(await send("mfaChallenge", MfaChallengeError, { signal, body }));
  },

  /**
   * Gives the answer to the challenge. The tokens go into the session on the server: ask {@link getAccessToken} next.
   *
   * @param {object} options `mfaToken`; one of `otp`, `recoveryCode`, or `oobCode` with `bindingCode` where a code was sent
   *   (a push has none); `signal`
   * @returns {Promise<{ success: true, recovery_code?: string }>} `recovery_code`, when there is one, is new and shown this once
   * @throws {MfaRequiredError} the tenant wants another factor still: go on with the new `mfa_token`
   * @throws {MfaVerifyError | InvalidRequestError | MfaTokenExpiredError | MfaTokenInvalidError}
   */
  async verify({ mfaToken, otp, oobCode, bindingCode, recoveryCode, signal }) {
    if (!otp && !oobCode && !recoveryCode) throw new InvalidRequestError("Give one of otp, oobCode and recoveryCode");
    const body = { otp, oob_code: oobCode, binding_code: bindingCode, recovery_code: recoveryCode };
    return send("mfaVerify", MfaVerifyError, { mfaToken, signal, body });
  },

  /**
   * Takes one authenticator away from the person.
   *
   * @param {{ mfaToken: string, authenticatorId: string, signal?: AbortSignal }} options
   * @throws {MfaDeleteAuthenticatorError | InvalidRequestError | MfaTokenExpiredError | MfaTokenInvalidError}
   */
  async deleteAuthenticator({ mfaToken, authenticatorId, signal }) {
    if (!authenticatorId) throw new InvalidRequestError("authenticatorId is required");
    const path = `/${encodeURIComponent(authenticatorId)}`;
    await send("mfaAuthenticators", MfaDeleteAuthenticatorError, { method: "DELETE", path, mfaToken, signal });
  },
};

/**
 * Gets an access token from the session; the server refreshes it when needed.
 *
 * @param {object} [options]
 * @param {string} [options.audience] the API that the token is for; the configured one if left out
 * @param {string} [options.scope] separated by spaces
 * @param {boolean} [options.mergeScopes] `false`: exactly `scope`, without the configured scopes
 * @param {boolean} [options.includeFullResponse] resolve to `{ token, scope, expires_at, expires_in, token_type }`, times in seconds
 * @param {AbortSignal} [options.signal]
 * @throws {MfaRequiredError} the tenant wants a second factor first
 * @throws {AccessTokenError} `code` says why, such as `missing_session`
 */
export async function getAccessToken({ audience, scope, mergeScopes, includeFullResponse, signal } = {}) {
  const query = { audience, scope, mergeScopes: mergeScopes === false ? "false" : undefined };
  const answer = await send("accessToken", AccessTokenError, { query, signal });
  return includeFullResponse ? answer : answer.token;
}

/**
 * Who is logged in: the session's claims about the person, or `null` if nobody is.
 *
 * @param {{ signal?: AbortSignal }} [options]
 * @throws {StepupError}
 */
export async function getUser({ signal } = {}) {
  try {
    return await send("profile", StepupError, { signal });
  } catch (error) {
    if (error.status === 401) return null;
    throw error;
  }
}

/**
 * Leaves the page to log in.
 *
 * @param {object} [options]
 * @param {string} [options.returnTo] where to come back to; this page if left out
 * @param {object} [options.authorizationParams] sent to the tenant: `audience`, `scope`, `prompt`, `login_hint`, …
 */
export function login({ returnTo = location.pathname + location.search + location.hash, authorizationParams } = {}) {
  location.assign(address("login", { query: { ...authorizationParams, returnTo } }));
}

/**
 * Leaves the page to log out, here and at the tenant.
 *
 * @param {object} [options]
 * @param {string} [options.returnTo] where to come back to; the tenant must allow it
 * @param {boolean} [options.federated] log out of the identity provider behind the tenant too
 */
export function logout({ returnTo, federated } = {}) {
  location.assign(address("logout", { query: { returnTo, federated: federated ? "" : undefined } }));
}

/** What every call rejects with. */
export class StepupError extends Error {
  name = "StepupError";

  /**
   * @param {string} error the stable code: the SDK's or the tenant's; `client_error` if no answer came or it could not be read
   * @param {string} error_description a sentence for people
   * @param {{ status?: number, retryAfter?: number, cause?: unknown }} [details] HTTP status; seconds to wait before trying again
   */
  constructor(error, error_description, { status, retryAfter, cause } = {}) {
    super(error_description, cause === undefined ? undefined : { cause });
    this.error = error;
    this.error_description = error_description;
    this.status = status;
    this.retryAfter = retryAfter;
  }

  get code() {
    return this.error;
  }

  toJSON() {
    return { error: this.error, error_description: this.error_description };
  }
}

/** An access token could not be had. */
export class AccessTokenError extends StepupError {
  name = "AccessTokenError";
}

/** The call itself was wrong: nothing was sent. */
export class InvalidRequestError extends StepupError {
  name = "InvalidRequestError";
  constructor(error_description) {
    super("invalid_request", error_description);
  }
}

/** The tenant wants a second factor. Without an `mfa_token` only a new {@link login} helps. */
export class MfaRequiredError extends StepupError {
  name = "MfaRequiredError";

  /** @param {{ mfa_token?: string, mfa_requirements?: object, status?: number, cause?: unknown }} [details] */
  constructor(error_description, { mfa_token, mfa_requirements, ...details } = {}) {
    super("mfa_required", error_description, details);
    this.mfa_token = mfa_token ?? "";
    this.mfa_requirements = mfa_requirements ?? undefined;
  }

  toJSON() {
    return { ...super.toJSON(), mfa_token: this.mfa_token, mfa_requirements: this.mfa_requirements };
  }
}

/** The time to answer is over: ask for the access token again. */
export class MfaTokenExpiredError extends StepupError {
  name = "MfaTokenExpiredError";
}

/** The `mfa_token` was changed on its way, or belongs to somebody else. */
export class MfaTokenInvalidError extends StepupError {
  name = "MfaTokenInvalidError";
}

/** The `mfa_token` is good, but belongs to nothing that this session began. */
export class MfaTokenNotFoundError extends StepupError {
  name = "MfaTokenNotFoundError";
}

/** The tenant's requirements leave no factor for this challenge. */
export class MfaNoAvailableFactorsError extends StepupError {
  name = "MfaNoAvailableFactorsError";
}

/** The authenticators could not be listed. */
export class MfaGetAuthenticatorsError extends StepupError {
  name = "MfaGetAuthenticatorsError";
}

/** An authenticator could not be enrolled. */
export class MfaEnrollmentError extends StepupError {
  name = "MfaEnrollmentError";
}

/** A challenge could not be sent. */
export class MfaChallengeError extends StepupError {
  name = "MfaChallengeError";
}

/** The answer was not accepted: `invalid_grant` is a wrong code. */
export class MfaVerifyError extends StepupError {
  name = "MfaVerifyError";
}

/** An authenticator could not be deleted. */
export class MfaDeleteAuthenticatorError extends StepupError {
  name = "MfaDeleteAuthenticatorError";
}

/** Codes that mean the same on every route; any other becomes the class of the call. */
const classOfCode = {
  mfa_token_expired: MfaTokenExpiredError,
  mfa_token_invalid: MfaTokenInvalidError,
  mfa_token_not_found: MfaTokenNotFoundError,
  mfa_no_available_factors: MfaNoAvailableFactorsError,
};

/** What the tenant calls each factor on `/mfa/associate`. */
const typesOfFactor = {
  otp: { authenticator_types: ["otp"] },
  sms: { authenticator_types: ["oob"], oob_channels: ["sms"] },
  phone: { authenticator_types: ["oob"], oob_channels: ["sms"] },
  voice: { authenticator_types: ["oob"], oob_channels: ["voice"] },
  email: { authenticator_types: ["oob"], oob_channels: ["email"] },
  push: { authenticator_types: ["oob"], oob_channels: ["auth0"] },
  "push-notification": { authenticator_types: ["oob"], oob_channels: ["auth0"] },
};

function enrollmentTypes({ factorType, authenticatorTypes, oobChannels, phoneNumber }) {
  if (factorType === undefined) return { authenticator_types: authenticatorTypes, oob_channels: oobChannels };
  if (!Object.hasOwn(typesOfFactor, factorType)) throw new InvalidRequestError(`Unknown factorType: ${factorType}`);
  if (["sms", "phone", "voice"].includes(factorType) && !phoneNumber) {
    throw new InvalidRequestError(`phoneNumber is required for factorType: ${factorType}`);
  }
  return typesOfFactor[factorType];
}

function address(route, { path = "", query = {} } = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(given).toString();
  return settings.basePath + settings.routes[route] + path + (text && `?${text}`);
}

/** Sends one request, resolves to its JSON (`null` for 204), and makes everything else the right error. */
async function send(route, ErrorClass, { method, path, query, mfaToken, body, signal }) {
  const headers = { Accept: "application/json" };
  if (mfaToken !== undefined) headers.Authorization = `Bearer ${mfaToken}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";

  const fetch = settings.fetch ?? globalThis.fetch;
  let response, text;
  try {
    response = await fetch(address(route, { path, query }), {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      signal,
    });
    text = await response.text();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ErrorClass("client_error", `No answer from ${route}`, { cause });
  }
  const answer = parseObject(text);
  if (!response.ok) throw refusal(answer, response, ErrorClass);
  if (response.status !== 204 && !answer) {
    throw new ErrorClass("client_error", `The answer from ${route} is not JSON`, trace(response));
  }
  return answer;
}

function refusal(answer, response, ErrorClass) {
  // The access-token route nests its code (`{ error: { code, message } }`), all others are flat.
  const { code, message } = Object(answer?.error);
  const error = String(code ?? answer?.error ?? "client_error");
  const description = message ?? answer?.error_description ?? `HTTP status ${response.status}`;
  const details = { ...trace(response), cause: answer ?? undefined };

  if (error === "mfa_required") return new MfaRequiredError(description, { ...answer, ...details });
  const Class = Object.hasOwn(classOfCode, error) ? classOfCode[error] : ErrorClass;
  return new Class(error, description, details);
}

/** `Retry-After` is seconds or a date (RFC 9110 §10.2.3). */
function trace({ status, headers }) {
  const after = headers.get("retry-after");
  const seconds = /^\d+$/.test(after) ? Number(after) : Math.ceil((Date.parse(after) - Date.now()) / 1000);
  return { status, retryAfter: Number.isNaN(seconds) ? undefined : Math.max(0, seconds) };
}

function parseObject(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function camelCase(object) {
  const rename = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [rename(name), value]));
}
