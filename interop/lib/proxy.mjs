import { once } from "node:events";
import { createServer, request } from "node:http";

/** One address for several applications: `portOf(path)` says who answers. Gives the address, and `stop`. */
export async function proxy(portOf) {
  const server = createServer((incoming, answer) => {
    const { method, url: path, headers } = incoming;
    const onward = request({ host: "localhost", port: portOf(path), method, path, headers }, (back) => {
      answer.writeHead(back.statusCode, back.rawHeaders);
      back.pipe(answer);
    });
    onward.on("error", (error) => answer.writeHead(502).end(String(error)));
    incoming.pipe(onward);
  });
  server.listen(Number(new URL(process.env.STEPUP_APP).port), "localhost");
  await once(server, "listening");
  return () => {
    server.closeAllConnections();
    server.close();
  };
}
