import { once } from "node:events";
import { createServer, request } from "node:http";

/** A proxy for a browser in which the pages of an origin stand alone: whoever opened them is cut off. */
export async function cuttingOff(origin) {
  const server = createServer((asked, answer) => {
    const { url, method, headers } = asked;
    const onward = request(url, { method, headers }, (given) => {
      const policy = url.startsWith(origin) && { "cross-origin-opener-policy": "same-origin" };
      answer.writeHead(given.statusCode, { ...given.headers, ...policy });
      given.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  const options = { server: `http://localhost:${server.address().port}`, bypass: "<-loopback>" };
  return { options, close: () => server.closeAllConnections() ?? server.close() };
}
