// What is not there says so by name, and why; and `require`, which has little to give.
// Evaluates to a function of what the scripts share.
(function (tenant) {
  "use strict";

  // Whatever is done with it names it; only to look whether it is there is allowed.
  const absent = (name, why) => {
    const refuse = () => {
      throw new Error(`${name} is not available to an Action of this tenant: ${why}`);
    };
    const get = (target, member) =>
      typeof member === "string" && member !== "prototype" ? refuse() : target[member];
    return new Proxy(function () {}, { apply: refuse, construct: refuse, get });
  };
  const all = (names, why) => Object.fromEntries(names.map((name) => [name, absent(name, why)]));
  const promisify = (callee) => (...values) => new Promise((resolve, reject) => {
    callee(...values, (error, value) => error ? reject(error) : resolve(value));
  });
  const modules = {
    buffer: () => ({ Buffer: tenant.library("node").Buffer }),
    crypto: () => tenant.library("node").cryptoModule,
    url: () => tenant.library("url"),
    util() {
      const { format, inspect } = tenant.library("console");
      const { TextDecoder, TextEncoder } = tenant.library("node");
      return { TextDecoder, TextEncoder, format, inspect, promisify };
    },
  };

  return {
    ...all([
      "BroadcastChannel", "FormData", "Headers", "MessageChannel", "Request", "Response", "WebSocket", "XMLHttpRequest",
      "fetch",
    ], "it has no network"),
    ...all(["AbortController", "AbortSignal", "Event", "EventTarget"], "nothing in it can be aborted or listened to"),
    ...all([
      "Blob", "CompressionStream", "DecompressionStream", "File", "ReadableStream", "TransformStream", "WritableStream",
    ], "it has no files and no streams"),
    Intl: absent("Intl", "it has no tables of languages and time zones"),
    WebAssembly: absent("WebAssembly", "it runs JavaScript only"),
    process: {
      env: {},
      exit: absent("process.exit", "it ends when its function returns"),
      nextTick: (callback, ...values) => queueMicrotask(() => callback(...values)),
    },
    setImmediate: absent("setImmediate", "use queueMicrotask or setTimeout"),
    setInterval: absent("setInterval", "it ends with its login; use setTimeout"),
    require(name) {
      const known = String(name).replace(/^node:/, "");
      if (Object.hasOwn(modules, known)) return modules[known]();
      throw new Error(`Cannot find module '${name}': an Action of this tenant can require ${
        Object.keys(modules).join(", ")} only, and npm packages are not installed`);
    },
  };
})
