// URL and URLSearchParams of the WHATWG URL standard; parsing and serialising are the host's.
// Evaluates to a function of what the scripts share.
(function (tenant) {
  "use strict";

  const { host } = tenant;
  const { parse, stringify } = JSON;
  const CHANGED = Symbol("changed");

  class URLSearchParams {
    #pairs = [];
    [CHANGED] = () => {};

    constructor(init = "") {
      if (typeof init === "object" && init !== null) {
        const pairs = typeof init[Symbol.iterator] === "function" ? [...init] : Object.entries(init);
        this.#pairs = pairs.map(([name, value]) => [String(name), String(value)]);
      } else {
        this.#pairs = parse(host.queryParse(String(init)));
      }
    }
    get size() { return this.#pairs.length; }
    append(name, value) { this.#pairs.push([String(name), String(value)]); this[CHANGED](); }
    delete(name, value) {
      this.#pairs = this.#pairs.filter((pair) => pair[0] !== String(name) || (value !== undefined && pair[1] !== String(value)));
      this[CHANGED]();
    }
    get(name) { return this.#pairs.find((pair) => pair[0] === String(name))?.[1] ?? null; }
    getAll(name) { return this.#pairs.filter((pair) => pair[0] === String(name)).map((pair) => pair[1]); }
    has(name, value) {
      return this.#pairs.some((pair) => pair[0] === String(name) && (value === undefined || pair[1] === String(value)));
    }
    set(name, value) {
      const first = this.#pairs.findIndex((pair) => pair[0] === String(name));
      if (first < 0) return this.append(name, value);
      this.#pairs[first][1] = String(value);
      this.#pairs = this.#pairs.filter((pair, index) => index <= first || pair[0] !== String(name));
      this[CHANGED]();
    }
    sort() { this.#pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)); this[CHANGED](); }
    forEach(callback, self) { for (const [name, value] of this) callback.call(self, value, name, this); }
    *entries() { for (const [name, value] of this.#pairs) yield [name, value]; }
    *keys() { for (const pair of this.#pairs) yield pair[0]; }
    *values() { for (const pair of this.#pairs) yield pair[1]; }
    [Symbol.iterator]() { return this.entries(); }
    toString() { return host.queryWrite(stringify(this.#pairs)); }
    get [Symbol.toStringTag]() { return "URLSearchParams"; }
  }

  class URL {
    #parts;
    #query = null;

    constructor(url, base) { this.#parts = parse(host.urlParse(String(url), base === undefined ? "" : String(base))); }
    static canParse(url, base) {
      try { return new URL(url, base) instanceof URL; } catch { return false; }
    }
    get searchParams() {
      if (this.#query === null) {
        this.#query = new URLSearchParams(this.#parts.search);
        this.#query[CHANGED] = () => { this.#write("search", this.#query.toString()); };
      }
      return this.#query;
    }
    #write(part, value) { this.#parts = parse(host.urlWrite(this.#parts.href, part, String(value))); }
    get origin() { return this.#parts.origin; }
    toString() { return this.#parts.href; }
    toJSON() { return this.#parts.href; }
    get [Symbol.toStringTag]() { return "URL"; }

    static {
      for (const part of ["hash", "host", "hostname", "href", "password", "pathname", "port", "protocol", "search", "username"]) {
        Object.defineProperty(URL.prototype, part, {
          configurable: true,
          enumerable: true,
          get() { return this.#parts[part]; },
          set(value) {
            this.#write(part, value);
            if (part === "search" || part === "href") this.#query = null;
          },
        });
      }
    }
  }

  return { URL, URLSearchParams };
})
