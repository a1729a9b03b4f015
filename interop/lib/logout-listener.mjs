import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

/**
 * Listens where the tenant tells `STEPUP_APP` of logouts, and gives each logout token to `handle`
 * (OpenID Connect Back-Channel Logout 1.0 section 2.5).
 *
 * @returns {Promise<{ until: (gone: () => Promise<boolean>) => Promise<void>, close: () => void }>} `until` waits for what a
 *   token brings about; those of earlier logouts may come first, since the tenant tries again
 */
export async function listenForLogouts(handle) {
  const { hostname, port } = new URL(process.env.STEPUP_APP);
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    const failure = await handle(form.get("logout_token")).then(
      () => undefined,
      (error) => error,
    );
    response.writeHead(failure ? 400 : 200).end();
    server.emit("told", failure);
  });
  server.listen(port, hostname);
  await once(server, "listening");
  return {
    async until(gone) {
      const signal = AbortSignal.timeout(10_000);
      for (;;) {
        const told = once(server, "told", { signal });
        told.catch(() => {}); // where nobody waits for it any more
        if (await gone()) return;
        const [failure] = await told;
        if (failure) throw failure;
      }
    },
    close: () => server.close(),
  };
}
