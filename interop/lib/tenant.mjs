import { readFile } from "node:fs/promises";

/** The users of `users.json`: Ada's address is verified, Grace has an authenticator app too, Hedy has nothing. */
export const ada = { username: "ada@example.com", password: "correct horse battery staple", phone: "+12025550123" };
export const grace = { username: "grace@example.com", password: "a ship in port is safe" };
export const hedy = { username: "hedy@example.com", password: "frequencies hop about" };

/** The tenant that the runner started for this program. */
export async function tenant() {
  const ready = JSON.parse(await readFile(process.env.STEPUP_READY_FILE, "utf8"));
  const control = async (path, body, method = body ? "POST" : "GET") => {
    const response = await fetch(`${ready.control.url}/${path}`, {
      method,
      headers: { Authorization: `Bearer ${ready.control.key}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`control API, ${path}: ${response.status} ${await response.text()}`);
    const text = await response.text();
    return text === "" ? undefined : JSON.parse(text);
  };
  return {
    issuer: ready.issuer,
    domain: ready.domain,
    client: (name) => ready.clients.find((client) => client.name === name),
    /** The tenant's time, in Unix seconds. */
    async now() {
      return (await control("clock")).unix;
    },
    /** Moves the tenant's clock. */
    advance: (seconds) => control("clock", { advance_seconds: seconds }),
    /** Brings back the state at start, the clock included. */
    reset: () => control("reset", {}),
    /** The code of the newest message to an address. */
    async codeSentTo(to, channel) {
      const [newest] = await control(`messages?${new URLSearchParams({ to, channel })}`);
      if (!newest?.code) throw new Error(`no ${channel} with a code to ${to}`);
      return newest.code;
    },
    /** The link in the newest e-mail to an address that has one. */
    async linkSentTo(to) {
      const messages = await control(`messages?${new URLSearchParams({ to, channel: "email" })}`);
      const link = messages.map(({ body }) => body.match(/https?:\/\/\S+/)?.[0]).find(Boolean);
      if (!link) throw new Error(`no link in an e-mail to ${to}`);
      return link;
    },
    /** Has a coming exchange go wrong. */
    fault: (fault) => control("faults", fault),
    /** Says how coming log-ins look. */
    risk: (signal) => control("risk", signal),
    /** What went over the wire since it was last forgotten, oldest first. */
    requests: () => control("requests"),
    forgetRequests: () => control("requests", undefined, "DELETE"),
    /** A new device scans an enrolment's QR code. */
    scan: (barcodeUri) => control("devices", { barcode_uri: barcodeUri }),
    /** Waits until an event of a type is in the tenant's log. */
    async logged(type) {
      for (let tries = 0; tries < 10; tries++) {
        if ((await control(`log?type=${type}`)).length > 0) return;
        await control(`log?type=${type}&wait=1`);
      }
      throw new Error(`no ${type} in the tenant's log`);
    },
    /** What the newest event of a type is about: with those of a second factor, which one. */
    async lastLogged(type) {
      const [newest] = await control(`log?type=${type}`);
      return newest?.description;
    },
    /** Answers the one push that waits, as the person at the device does: `approve` or `deny`. */
    async answerPush(decision) {
      const waiting = await control("push");
      if (waiting.length !== 1) throw new Error(`expected one push that waits: ${JSON.stringify(waiting)}`);
      await control(`push/${waiting[0].id}`, { decision });
    },
  };
}
