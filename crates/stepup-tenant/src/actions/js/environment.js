// The globals of an Action: what Node.js gives that can be honoured here. Evaluates to a function of the host.
// Whatever is used after foreign code has run is taken before it runs.
(function (host) {
  "use strict";

  const { stringify } = JSON;
  const { defineProperty } = Object;
  const Real = { Date, Error, Promise, String, TypeError };

  function define(name, value) {
    defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }

  // Most Actions use none of the larger libraries: they are compiled when first touched.
  const loaded = new Map();
  function library(name) {
    if (!loaded.has(name)) loaded.set(name, host.library(name)(host, library));
    return loaded.get(name);
  }
  function lazily(name, from) {
    defineProperty(globalThis, name, {
      configurable: true,
      get() { define(name, library(from)[name]); return globalThis[name]; },
      set(value) { define(name, value); },
    });
  }

  // Time: the tenant's clock, which moves only when a timer is waited for.
  let elapsed = 0;
  const now = () => host.now + elapsed;
  function TenantDate(...parts) {
    if (new.target === undefined) return new Real.Date(now()).toString();
    return Reflect.construct(Real.Date, parts.length === 0 ? [now()] : parts, new.target);
  }
  defineProperty(TenantDate, "name", { value: "Date", configurable: true });
  defineProperty(TenantDate, "length", { value: 7, configurable: true });
  TenantDate.prototype = Real.Date.prototype;
  defineProperty(Real.Date.prototype, "constructor", { value: TenantDate, writable: true, configurable: true });
  for (const [name, value] of Object.entries({ now, parse: Real.Date.parse, UTC: Real.Date.UTC })) {
    defineProperty(TenantDate, name, { value, writable: true, configurable: true });
  }
  define("Date", TenantDate);
  define("performance", { now: () => elapsed, timeOrigin: host.now });

  Math.random = host.random;

  // Timers: nobody waits for them. When nothing else is left to do, the clock jumps to the next one.
  const timers = [];
  let lastTimer = 0;
  function setTimeout(callback, delay = 0, ...values) {
    if (typeof callback !== "function") throw new Real.TypeError("setTimeout: the callback must be a function");
    const due = elapsed + Math.max(1, Number(delay) || 0);
    const id = ++lastTimer;
    const after = timers.findIndex((timer) => timer.due > due);
    timers.splice(after < 0 ? timers.length : after, 0, { id, due, callback, values });
    return id;
  }
  function clearTimeout(id) {
    const index = timers.findIndex((timer) => timer.id === id);
    if (index >= 0) timers.splice(index, 1);
  }
  define("setTimeout", setTimeout);
  define("clearTimeout", clearTimeout);

  // Text that console methods print, in the manner of Node.js.
  function inspect(value, quote) {
    if (typeof value === "string") return quote ? stringify(value) : value;
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "function") return `[Function: ${value.name || "(anonymous)"}]`;
    if (typeof value !== "object" || value === null) return Real.String(value);
    if (value instanceof Real.Error) return value.stack ? `${value}\n${value.stack}`.trimEnd() : `${value}`;
    try {
      return stringify(value, (_key, inner) => typeof inner === "bigint" ? `${inner}n` : inner, 2) ?? Real.String(value);
    } catch {
      return Real.String(value);
    }
  }
  const directives = {
    s: (value) => inspect(value, false),
    d: (value) => Real.String(Number(value)),
    i: (value) => Real.String(Number.parseInt(value, 10)),
    f: (value) => Real.String(Number.parseFloat(value)),
    j: (value) => inspect(value, true),
    o: (value) => inspect(value, true),
    O: (value) => inspect(value, true),
  };
  function format(first, ...rest) {
    if (typeof first !== "string") return [first, ...rest].map((value) => inspect(value, false)).join(" ");
    const text = first.replace(/%([sdifjoO%])/g, (directive, letter) => {
      if (letter === "%") return "%";
      return rest.length === 0 ? directive : directives[letter](rest.shift());
    });
    return [text, ...rest.map((value) => inspect(value, false))].join(" ");
  }
  const print = (level) => (...values) => host.print(level, values.length === 0 ? "" : format(...values));
  const quiet = () => {};
  define("console", {
    assert: (holds, ...values) => { if (!holds) host.print("error", `Assertion failed ${values.length ? format(...values) : ""}`.trim()); },
    debug: print("debug"), dir: (value) => host.print("log", inspect(value, true)), error: print("error"), info: print("info"),
    log: print("log"), table: (value) => host.print("log", inspect(value, true)), trace: print("debug"), warn: print("warn"),
    count: quiet, countReset: quiet, group: quiet, groupCollapsed: quiet, groupEnd: quiet, time: quiet, timeEnd: quiet, timeLog: quiet,
  });

  define("structuredClone", (value) => value === undefined ? undefined : JSON.parse(stringify(value)));
  for (const name of ["URL", "URLSearchParams"]) lazily(name, "url");
  for (const name of ["Buffer", "TextDecoder", "TextEncoder", "crypto"]) lazily(name, "node");

  // What is missing says so by name, and why.
  function absent(name, why) {
    return () => { throw new Real.Error(`${name} is not available to an Action of this tenant: ${why}`); };
  }
  define("fetch", absent("fetch", "it has no network"));
  define("XMLHttpRequest", absent("XMLHttpRequest", "it has no network"));
  define("WebSocket", absent("WebSocket", "it has no network"));
  define("setInterval", absent("setInterval", "it ends with its login; use setTimeout"));
  define("setImmediate", absent("setImmediate", "use queueMicrotask or setTimeout"));

  const modules = {
    buffer: () => ({ Buffer: library("node").Buffer }),
    crypto: () => library("node").cryptoModule,
    url: () => ({ URL: library("url").URL, URLSearchParams: library("url").URLSearchParams }),
  };
  function require(name) {
    const known = Real.String(name).replace(/^node:/, "");
    if (!Object.hasOwn(modules, known)) {
      throw new Real.Error(`Cannot find module '${name}': an Action of this tenant can require ${
        Object.keys(modules).join(", ")} only, and npm packages are not installed`);
    }
    return modules[known]();
  }

  return {
    require,
    // A promise of what `handler` returns; a synchronous throw rejects it.
    start: (handler, event, api) => new Real.Promise((resolve) => resolve(handler(event, api))),
    // Milliseconds from the start until the next timer is due, or -1.
    nextTimer: () => timers.length === 0 ? -1 : timers[0].due,
    fireTimer() {
      const { due, callback, values } = timers.shift();
      elapsed = due;
      callback(...values);
    },
  };
})
