/** A person's browser, without scripts: it keeps cookies, follows redirects and sends forms. */
export class Browser {
  #cookies = new Map();

  /** Follows redirects up to a page, or to an address that starts with `stopAt`. */
  async open(address, { form, stopAt } = {}) {
    let url = new URL(address);
    for (let hops = 0; hops < 10; hops++) {
      if (stopAt && url.href.startsWith(stopAt)) return { url, text: "" };
      const response = await fetch(url, {
        method: form ? "POST" : "GET",
        body: form,
        headers: {
          Cookie: [...this.#cookies].map((pair) => pair.join("=")).join("; "),
          ...(form && { Origin: url.origin }),
        },
        redirect: "manual",
      });
      this.#keepCookies(response);
      const location = response.headers.get("location");
      if (!location) return { url, text: await response.text() };
      url = new URL(location, url);
      form = undefined;
    }
    throw new Error(`redirected without end, last to ${url}`);
  }

  /** Fills in the page that is shown and presses its main button. */
  async send(page, fields, stopAt) {
    const hidden = [...page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    const form = new URLSearchParams(hidden.map(([, name, value]) => [name, unescaped(value)]));
    for (const [name, value] of Object.entries({ action: "default", ...fields })) form.set(name, value);
    return this.open(new URL(page.url.pathname, page.url), { form, stopAt });
  }

  #keepCookies(response) {
    for (const header of response.headers.getSetCookie()) {
      const [, name, value] = header.match(/^([^=]+)=([^;]*)/);
      if (/max-age=0/i.test(header)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}

/** The text that an HTML attribute stands for. */
const unescaped = (text) => text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(code)).replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A page that must be one of Universal Login's. */
export function expectPage(page, path) {
  if (page.url.pathname !== path) throw new Error(`expected ${path}, came to ${page.url}:\n${page.text}`);
}

/**
 * Logs in as a person does: opens `authorizationUrl`, fills in the log-in form, and follows the way back.
 *
 * @returns {Promise<URL>} the address, at `redirectUri`, to which the tenant sent the browser back
 */
export async function logIn(authorizationUrl, { username, password }, redirectUri, browser = new Browser()) {
  const page = await browser.open(authorizationUrl);
  expectPage(page, "/u/login");
  const back = await browser.send(page, { username, password }, redirectUri);
  if (!back.url.href.startsWith(redirectUri)) throw new Error(`expected to come back, came to ${back.url}:\n${back.text}`);
  return back.url;
}
