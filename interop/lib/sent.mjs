// Requests as the tenant got them, brought into a form in which those of two senders can be compared.
import { claimsOf, headerOf } from "./jwt.mjs";

/** Parameters that are another each time: only that they are there, and where it shows how long they are, is compared. */
const random = new Set([
  "binding_code",
  "code",
  "code_challenge",
  "code_verifier",
  "id_token_hint",
  "logout_hint",
  "mfa_token",
  "nonce",
  "oob_code",
  "otp",
  "recovery_code",
  "refresh_token",
  "request_uri",
  "state",
  "token",
]);
/** The endpoints that an SDK calls, or sends a browser to. */
const called = /^\/(authorize|mfa\/|oauth\/|(oidc|v2)\/logout)(?!.*resume)/;

/** Every request of `exchanges` that an SDK makes, as a flat object: the name of a field to what is compared. */
export const fieldsOf = (exchanges) => exchanges.filter(({ path }) => called.test(path)).map(fields);

function fields({ method, path, headers, body }) {
  const url = new URL(path, "http://tenant");
  const [type = ""] = (headers["content-type"] ?? "").split(";");
  return {
    method,
    path: url.pathname.replace(/\|dev_\w+$|%7Cdev_\w+$/, "<id>"),
    ...named("query", Object.fromEntries(url.searchParams)),
    ...(body !== "" && { "content type": type }),
    ...named("body", type === "application/json" ? JSON.parse(body || "{}") : Object.fromEntries(new URLSearchParams(body))),
    ...(headers.authorization && { authorization: headers.authorization.split(" ")[0] }),
    ...(headers.accept && { accept: headers.accept }),
    ...(headers["auth0-client"] && { "auth0-client": Object.keys(JSON.parse(Buffer.from(headers["auth0-client"], "base64"))).sort().join() }),
    ...(headers.dpop && signed("dpop", headers.dpop)),
  };
}

function named(place, { client_assertion: assertion, ...members }) {
  const entries = Object.entries(members).map(([name, value]) => [`${place} ${name}`, comparable(name, value)]);
  return { ...Object.fromEntries(entries), ...(assertion && signed(`${place} client_assertion`, assertion)) };
}

function comparable(name, value) {
  if (name === "authenticator_id") return value.replace(/\|.*/, "|<id>");
  if (random.has(name)) return "<another each time>";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What a signed token says, a field each; the key, and what is another each time, by name alone. */
function signed(place, token) {
  const { jwk, ...header } = headerOf(token);
  const { jti, iat, nbf, exp, nonce, ...claims } = claimsOf(token);
  const there = { jti, iat, nbf, exp, nonce };
  const members = {
    ...header,
    ...claims,
    "also has": Object.keys(there).filter((name) => there[name] !== undefined).join(),
    ...(exp && { "lives for": exp - iat }),
    ...(jwk && { jwk: Object.keys(jwk).sort().join() }),
  };
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [`${place}: ${name}`, value]));
}

/** The differences between two lists of requests: the field, what the one sends, and what the other does. */
export function differences(official, own) {
  const found = [];
  for (let at = 0; at < Math.max(official.length, own.length); at++) {
    const [theirs, ours] = [official[at] ?? {}, own[at] ?? {}];
    for (const name of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
      if (theirs[name] !== ours[name]) found.push({ field: name, official: theirs[name], own: ours[name] });
    }
  }
  return found;
}
