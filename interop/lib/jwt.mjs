/** The claims of a token that somebody else has checked. */
export function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
}

/** What its header says, likewise. */
export function headerOf(token) {
  return JSON.parse(Buffer.from(token.split(".")[0], "base64url"));
}
