// A single-page application with @auth0/auth0-spa-js: one page, with the package as `spa` and its client as `auth0`.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { build } from "esbuild";
import { logInOn } from "../lib/pages.mjs";

/** Serves the application on a free port, until the program ends; its address. */
export async function serve() {
  const page = await readFile(new URL("spa.html", import.meta.url));
  const { outputFiles } = await build({
    stdin: { contents: 'export * from "@auth0/auth0-spa-js";', resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "spa",
    logLevel: "error",
  });
  const server = createServer((request, response) => {
    const script = request.url === "/app.js";
    response.setHeader("Content-Type", script ? "text/javascript" : "text/html");
    response.end(script ? outputFiles[0].contents : page);
  });
  server.listen(0, "localhost").unref();
  await once(server, "listening");
  return `http://localhost:${server.address().port}`;
}

/** The application in a page of a browser. */
export class Application {
  #page;
  #address;
  #options;

  constructor(page, address, options) {
    this.#page = page;
    this.#address = address;
    this.#options = { ...options, cacheLocation: "localstorage" };
    this.#options.authorizationParams = { redirect_uri: address, ...options.authorizationParams };
  }

  /** Opens the page and makes the client. */
  async open() {
    await this.#page.goto(this.#address);
    await this.#page.evaluate((options) => {
      globalThis.auth0 = new spa.Auth0Client(options);
    }, this.#options);
  }

  /** Logs in by redirect, in a browser that has forgotten everything. */
  async logIn(user) {
    await this.#page.context().clearCookies();
    await this.open();
    await this.#page.evaluate(() => localStorage.clear());
    await this.open();
    await this.#page.evaluate(() => void auth0.loginWithRedirect({ appState: { from: "/transfer" } }));
    await logInOn(this.#page, user);
    await this.#page.waitForURL(`${this.#address}/?**`);
    const callback = this.#page.url();
    await this.open();
    return this.call("handleRedirectCallback", callback);
  }

  /** What a call of the client gives; its errors have the names of the package's classes. */
  async call(path, ...parameters) {
    const { value, error } = await this.#page.evaluate(
      async ([path, parameters]) => {
        const [first, second] = path.split(".");
        try {
          return { value: await (second ? auth0[first][second](...parameters) : auth0[first](...parameters)) };
        } catch (error) {
          const [name] = Object.entries(spa).find(([, known]) => known === error.constructor) ?? [error.name];
          return { error: { ...error, message: error.message, name, popup: undefined } };
        }
      },
      [path, parameters],
    );
    if (error) throw Object.assign(new Error(error.message), error);
    return value;
  }
}
