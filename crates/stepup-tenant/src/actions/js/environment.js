// The globals of an Action: what Node.js gives that can be honoured here. Evaluates to a function of the host that returns
// what the other scripts share. Whatever is used after foreign code has run is taken before it runs.
//
// Compiling is most of what an execution costs, and most Actions use little: each library is compiled when first touched.
(function (host) {
  "use strict";

  const { defineProperty } = Object;
  const RealDate = Date;
  const RealPromise = Promise;
  const { construct } = Reflect;

  const loaded = Object.create(null);
  const tenant = {
    host,
    // Milliseconds that timers have let pass since the start.
    elapsed: 0,
    now: () => host.now + tenant.elapsed,
    event: undefined,
    api: {},
    // Keeps the shape of such an error in memory, so that the engine gets as far as its collector when it has none left.
    spare: Object.create(InternalError.prototype),
    // A promise of what `handler` returns; a synchronous throw rejects it.
    start: (handler) => new RealPromise((resolve) => resolve(handler(tenant.event, tenant.api))),
    require: (name) => tenant.library("absent").require(name),
    library: (name) => loaded[name] ??= host.library(name)(tenant),
    isLoaded: (name) => name in loaded,
    // Gives `target` a member that comes from a library.
    lazily(target, name, library) {
      const set = (value) => defineProperty(target, name, { value, writable: true, configurable: true });
      defineProperty(target, name, {
        configurable: true,
        get() { set(tenant.library(library)[name]); return target[name]; },
        set,
      });
    },
  };

  // The tenant's clock stands still while an Action runs; only waiting for a timer moves it.
  function TenantDate(...parts) {
    if (new.target === undefined) return new RealDate(tenant.now()).toString();
    return construct(RealDate, parts.length === 0 ? [tenant.now()] : parts, new.target);
  }
  const member = (target, name, value) => defineProperty(target, name, { value, writable: true, configurable: true });
  member(TenantDate, "name", "Date");
  member(TenantDate, "length", 7);
  member(TenantDate, "now", tenant.now);
  member(TenantDate, "parse", RealDate.parse);
  member(TenantDate, "UTC", RealDate.UTC);
  TenantDate.prototype = RealDate.prototype;
  member(RealDate.prototype, "constructor", TenantDate);
  member(globalThis, "Date", TenantDate);

  member(globalThis, "global", globalThis);

  Math.random = host.random;

  const globals = {
    absent: [
      "AbortController", "AbortSignal", "Blob", "BroadcastChannel", "CompressionStream", "DecompressionStream", "Event",
      "EventTarget", "File", "FormData", "Headers", "Intl", "MessageChannel", "ReadableStream", "Request", "Response",
      "TransformStream", "WebAssembly", "WebSocket", "WritableStream", "XMLHttpRequest", "fetch", "process",
      "setImmediate", "setInterval",
    ],
    console: ["console"],
    node: ["Buffer", "TextDecoder", "TextEncoder", "crypto", "structuredClone"],
    timers: ["clearTimeout", "performance", "setTimeout"],
    url: ["URL", "URLSearchParams"],
  };
  for (const library in globals) {
    for (const name of globals[library]) tenant.lazily(globalThis, name, library);
  }

  return tenant;
})
