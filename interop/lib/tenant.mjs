import { readFile } from "node:fs/promises";

/** The user of the built-in configuration. */
export const ada = { username: "ada@example.com", password: "correct horse battery staple" };

/** The tenant that the runner started for this program. */
export async function tenant() {
  const ready = JSON.parse(await readFile(process.env.STEPUP_READY_FILE, "utf8"));
  const control = async (path, body) => {
    const response = await fetch(`${ready.control.url}/${path}`, {
      method: body ? "POST" : "GET",
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
  };
}
