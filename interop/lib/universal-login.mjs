/**
 * Logs in as a person does, without a browser: opens `authorizationUrl`, fills in the log-in form, and follows the way back.
 *
 * @returns {Promise<URL>} the address, at `redirectUri`, to which the tenant sent the browser back
 */
export async function logIn(authorizationUrl, { username, password }, redirectUri) {
  const browser = new Browser();
  const page = await browser.open(authorizationUrl);
  if (page.url.pathname !== "/u/login") throw new Error(`expected the log-in page, came to ${page.url.pathname}:\n${page.text}`);

  const form = new URLSearchParams({ state: page.url.searchParams.get("state"), username, password, action: "default" });
  const back = await browser.open(page.url, form, redirectUri);
  if (!back.url.href.startsWith(redirectUri)) throw new Error(`expected to come back, came to ${back.url}:\n${back.text}`);
  return back.url;
}

class Browser {
  #cookies = new Map();

  /** Follows redirects up to a page, or to an address that starts with `stopAt`. */
  async open(address, form, stopAt) {
    let url = new URL(address);
    for (let hops = 0; hops < 10; hops++) {
      if (stopAt && url.href.startsWith(stopAt)) return { url, text: "" };
      const response = await fetch(url, {
        method: form ? "POST" : "GET",
        body: form,
        headers: { Cookie: [...this.#cookies].map((pair) => pair.join("=")).join("; ") },
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

  #keepCookies(response) {
    for (const header of response.headers.getSetCookie()) {
      const [, name, value] = header.match(/^([^=]+)=([^;]*)/);
      if (/max-age=0/i.test(header)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}
