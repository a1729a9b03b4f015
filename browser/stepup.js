/**
 * The browser's side of stepup: step-up authentication through the routes that the SDK mounts.
 *
 * README.md shows it at work, stepup.d.ts says what each call takes and gives. Calls reject with a {@link StepupError},
 * or with the reason of an aborted `signal`.
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
    mfaPush: "/auth/mfa/push",
  },
};

/** Says where the SDK's routes are, if not at their default places. What is left out stays as it is. */
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
  async getAuthenticators({ mfaToken, signal }) {
    const list = await send("mfaAuthenticators", MfaGetAuthenticatorsError, { mfaToken, signal });
    if (!Array.isArray(list)) throw new MfaGetAuthenticatorsError("client_error", "The answer is not a list of authenticators");
    return list.map(({ last_auth, ...entry }) => ({ ...camelCase(entry), lastAuthenticatedAt: last_auth }));
  },

  getEnrollmentFactors: (error) => error.mfa_requirements?.enroll ?? [],

  async enroll({ mfaToken, signal, ...options }) {
    const body = { ...enrollmentTypes(options), phone_number: options.phoneNumber, email: options.email };
    return camelCase(await send("mfaAssociate", MfaEnrollmentError, { mfaToken, signal, body }));
  },

  async challenge({ mfaToken, challengeType, authenticatorId, signal }) {
    const body = { mfa_token: mfaToken, challenge_type: challengeType, authenticator_id: authenticatorId };
    return camelCase(await send("mfaChallenge", MfaChallengeError, { signal, body }));
  },

  async verify({ mfaToken, otp, oobCode, bindingCode, recoveryCode, signal }) {
    if (!otp && !oobCode && !recoveryCode) throw new InvalidRequestError("Give one of otp, oobCode and recoveryCode");
    const body = { otp, oob_code: oobCode, binding_code: bindingCode, recovery_code: recoveryCode };
    return changed(await send("mfaVerify", MfaVerifyError, { mfaToken, signal, body }));
  },

  async poll({ mfaToken, oobCode, interval = 5, timeout = 300_000, signal }) {
    if (!oobCode) throw new InvalidRequestError("oobCode is required");
    const body = { mfa_token: mfaToken, oob_code: oobCode };
    const limit = limited(signal, timeout, new MfaVerifyError("timeout", "The push was not answered in time"));
    try {
      for (;;) {
        const next = Date.now() + interval * 1000;
        try {
          return changed(await send("mfaPush", MfaVerifyError, { signal: limit.signal, body }));
        } catch (error) {
          // The reason of an abort may be anything, `null` too.
          limit.signal.throwIfAborted();
          if (error.code === "slow_down") interval += 5;
          else if (error.code !== "authorization_pending" && !isCutOff(error)) throw error;
          await pause(Math.max(next - Date.now(), (error.retryAfter ?? 0) * 1000), limit.signal);
        }
      }
    } finally {
      limit.abort();
    }
  },

  async deleteAuthenticator({ mfaToken, authenticatorId, signal }) {
    if (!authenticatorId) throw new InvalidRequestError("authenticatorId is required");
    const path = `/${encodeURIComponent(authenticatorId)}`;
    await send("mfaAuthenticators", MfaDeleteAuthenticatorError, { method: "DELETE", path, mfaToken, signal });
  },

  async challengeWithPopup({
    audience,
    scope,
    mergeScopes = false,
    acr_values = "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
    maxAge: max_age,
    prompt,
    returnTo = "/",
    timeout = 60_000,
    popupWidth = 400,
    popupHeight = 600,
    signal,
  }) {
    needPage();
    if (popupInProgress) throw new PopupInProgressError();
    if (!audience && audience !== null) throw new InvalidRequestError("audience is required");
    signal?.throwIfAborted();

    const transactionId = crypto.getRandomValues(new Uint32Array(4)).join("-");
    const query = { returnTo, acr_values, max_age, audience, challengeMode: "popup", prompt, scope, transactionId };
    if (scope && mergeScopes) query.mergeScopes = true;
    const left = Math.round(window.screenX + (window.outerWidth - popupWidth) / 2);
    const top = Math.round(window.screenY + (window.outerHeight - popupHeight) / 2);
    const place = `width=${popupWidth},height=${popupHeight},left=${left},top=${top},scrollbars=yes`;
    const popup = window.open(address("login", { query }), "_blank", place);
    if (!popup) throw new PopupBlockedError();

    popupInProgress = true;
    const limit = limited(signal, timeout, new PopupTimeoutError());
    try {
      const { success, error } = await endOf(popup, transactionId, limit.signal);
      if (!success) throw failure(error.code, error.message, { login_required: error.code === "mfa_required" || undefined });
    } finally {
      popupInProgress = false;
      limit.abort();
      popup.close();
    }
    changed();
    if (!audience) return;
    // `false` without a scope would look for a token that has none.
    return getAccessToken({ audience, scope, mergeScopes: !scope || mergeScopes, includeFullResponse: true, signal });
  },
};

/** Gets an access token from the session; the server refreshes it when needed. */
export async function getAccessToken({ audience, scope, mergeScopes, includeFullResponse, signal } = {}) {
  const query = { audience, scope, mergeScopes: mergeScopes === false ? "false" : undefined };
  const answer = await send("accessToken", AccessTokenError, { query, signal });
  return includeFullResponse ? answer : answer.token;
}

/** Who is logged in: the session's claims about the person, or `null` if nobody is. */
export async function getUser({ signal } = {}) {
  try {
    return await send("profile", StepupError, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (error.status === 401) return null;
    throw error;
  }
}

/** Calls `listener` with the user now, and again whenever it has changed. Returns what ends it. */
export function onUserChange(listener, { signal } = {}) {
  needPage();
  const over = new AbortController();
  const until = { signal: over.signal };
  let known;
  let last = Promise.resolve();
  const ask = async () => {
    // Whom the server cannot tell now has not changed; there will be another time to ask.
    const user = await getUser(until).catch(() => undefined);
    const text = JSON.stringify(user);
    if (user === undefined || text === known || over.signal.aborted) return;
    known = text;
    listener(user);
  };
  const look = () => (last = last.then(ask, ask));
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener("message", look, until);
  changes.addEventListener("change", look, until);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look(), until);
  over.signal.addEventListener("abort", () => channel.close());
  const end = () => over.abort();
  signal?.addEventListener("abort", end, until);
  if (signal?.aborted) end();
  look();
  return end;
}

/** Leaves the page to log in; `authorizationParams` go to the tenant. */
export function login({ returnTo, authorizationParams } = {}) {
  needPage();
  returnTo ??= location.pathname + location.search + location.hash;
  location.assign(address("login", { query: { ...authorizationParams, returnTo } }));
}

/** Leaves the page to log out, here and at the tenant. */
export function logout({ returnTo, federated } = {}) {
  needPage();
  location.assign(address("logout", { query: { returnTo, federated: federated ? "" : undefined } }));
}

export class StepupError extends Error {
  name = "StepupError";

  constructor(error, error_description, { status, retryAfter, login_required, recovery_code, cause } = {}) {
    super(error_description, cause === undefined ? undefined : { cause });
    this.error = error;
    this.error_description = error_description;
    this.status = status;
    this.retryAfter = retryAfter;
    this.login_required = login_required;
    this.recovery_code = recovery_code;
  }

  get code() {
    return this.error;
  }

  toJSON() {
    return { error: this.error, error_description: this.error_description };
  }
}

/** The tenant wants a second factor. Without an `mfa_token` only a new {@link login} helps. */
export class MfaRequiredError extends StepupError {
  name = "MfaRequiredError";

  constructor(error_description, { mfa_token, mfa_requirements, ...details } = {}) {
    super("mfa_required", error_description, details);
    this.mfa_token = mfa_token ?? "";
    this.mfa_requirements = mfa_requirements ?? undefined;
  }

  toJSON() {
    const { mfa_token, mfa_requirements, recovery_code, login_required } = this;
    return { ...super.toJSON(), mfa_token, mfa_requirements, recovery_code, login_required };
  }
}

/** A class of errors; `same` is the code, or the code and the text, that all of them have. */
function errors(name, ...same) {
  return class extends StepupError {
    name = name;
    constructor(...given) {
      super(...same, ...given);
    }
  };
}

/** The call itself was wrong: nothing was sent. */
export const InvalidRequestError = errors("InvalidRequestError", "invalid_request");
export const AccessTokenError = errors("AccessTokenError");
export const MfaTokenExpiredError = errors("MfaTokenExpiredError");
export const MfaTokenInvalidError = errors("MfaTokenInvalidError");
export const MfaTokenNotFoundError = errors("MfaTokenNotFoundError");
export const MfaNoAvailableFactorsError = errors("MfaNoAvailableFactorsError");
export const MfaGetAuthenticatorsError = errors("MfaGetAuthenticatorsError");
export const MfaEnrollmentError = errors("MfaEnrollmentError");
export const MfaChallengeError = errors("MfaChallengeError");
export const MfaVerifyError = errors("MfaVerifyError");
export const MfaDeleteAuthenticatorError = errors("MfaDeleteAuthenticatorError");
export const ExecutionContextError = errors("ExecutionContextError", "invalid_execution_context", "Only a page can do this");
export const PopupBlockedError = errors("PopupBlockedError", "popup_blocked", "The browser blocked the pop-up");
export const PopupCancelledError = errors("PopupCancelledError", "popup_cancelled", "The pop-up was closed");
export const PopupInProgressError = errors("PopupInProgressError", "popup_in_progress", "A pop-up is open already");
export const PopupTimeoutError = errors("PopupTimeoutError", "popup_timeout", "The pop-up took too long");

/** Codes that mean the same on every route; any other becomes the class of the call. */
const classOfCode = {
  __proto__: null,
  mfa_token_expired: MfaTokenExpiredError,
  mfa_token_invalid: MfaTokenInvalidError,
  mfa_token_not_found: MfaTokenNotFoundError,
  mfa_no_available_factors: MfaNoAvailableFactorsError,
};

/** The channel of each factor that is answered out of band, as the tenant calls it. */
const channels = {
  __proto__: null,
  sms: "sms",
  phone: "sms",
  voice: "voice",
  email: "email",
  push: "auth0",
  "push-notification": "auth0",
};

function enrollmentTypes({ factorType, authenticatorTypes, oobChannels, phoneNumber }) {
  if (factorType === undefined) return { authenticator_types: authenticatorTypes, oob_channels: oobChannels };
  if (factorType === "otp") return { authenticator_types: ["otp"] };
  const channel = channels[factorType];
  if (!channel) throw new InvalidRequestError(`Unknown factorType: ${factorType}`);
  if (["sms", "voice"].includes(channel) && !phoneNumber) {
    throw new InvalidRequestError(`phoneNumber is required for factorType: ${factorType}`);
  }
  return { authenticator_types: ["oob"], oob_channels: [channel] };
}

/** What pages of this origin tell each other; the closing page of a pop-up speaks here too. */
const CHANNEL = "stepup";

let popupInProgress = false;

function needPage() {
  if (typeof window === "undefined") throw new ExecutionContextError();
}

/** Hears that what the session knows of the user may be new. */
const changes = new EventTarget();

function changed(answer) {
  changes.dispatchEvent(new Event("change"));
  return answer;
}

/**
 * What a pop-up says at its end: by message or, where a policy of the tenant's has cut it off from this page, by channel.
 * One that is cut off looks closed, but as long as the person is in it, they are not in this page.
 */
function endOf(popup, transactionId, signal) {
  return new Promise((resolve, reject) => {
    const hear = ({ data }) => data?.type === "auth_complete" && data.transactionId === transactionId && resolve(data);
    const isOfPopup = ({ origin, source }) => origin === location.origin && source === popup;
    window.addEventListener("message", (event) => isOfPopup(event) && hear(event), { signal });
    const channel = new BroadcastChannel(CHANNEL);
    channel.addEventListener("message", hear);
    let looks = 0;
    const timer = setInterval(() => {
      looks = popup.closed && document.hasFocus() ? looks + 1 : 0;
      // At the second look: what it said at its end may be on its way still.
      if (looks > 1) reject(new PopupCancelledError());
    }, 500);
    signal.addEventListener("abort", () => {
      clearInterval(timer);
      channel.close();
      reject(signal.reason);
    });
  });
}

/** Is aborted with `signal`, with `error` when the time is up, or by whoever needs it no more. */
function limited(signal, milliseconds, error) {
  const limit = new AbortController();
  // A timer of more milliseconds is over at once.
  const timer = setTimeout(() => limit.abort(error), Math.min(milliseconds, 2 ** 31 - 1));
  limit.signal.addEventListener("abort", () => clearTimeout(timer));
  signal?.addEventListener("abort", () => limit.abort(signal.reason), { signal: limit.signal });
  if (signal?.aborted) limit.abort(signal.reason);
  return limit;
}

async function pause(milliseconds, signal) {
  signal.throwIfAborted();
  const over = limited(signal, milliseconds).signal;
  await new Promise((resolve) => over.addEventListener("abort", resolve));
  signal.throwIfAborted();
}

/** A page in the background loses its connection, and a proxy its patience: neither is an answer. */
const isCutOff = ({ code, status }) => code === "client_error" && !(status < 502);

function address(route, { path = "", query = {} } = {}) {
  const given = Object.entries(query).filter(([, value]) => value != null);
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
  return failure(error, description, { ...answer, ...trace(response), cause: answer ?? undefined }, ErrorClass);
}

function failure(error, description, details, ErrorClass = AccessTokenError) {
  if (error === "mfa_required") return new MfaRequiredError(description, details);
  // Of a wrong code it is a 403: the same token serves again. A deletion takes no token of a step-up, however new.
  const isOver = error === "invalid_grant" && details.status === 401 && ErrorClass !== MfaDeleteAuthenticatorError;
  if (isOver) ErrorClass = MfaTokenInvalidError;
  return new (classOfCode[error] ?? ErrorClass)(error, description, details);
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
