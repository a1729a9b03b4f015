// What is not there says so by name, and why; and `require`, which has little to give.
// Evaluates to a function of what the scripts share.
(function (tenant) {
  "use strict";

  const absent = (name, why) => () => {
    throw new Error(`${name} is not available to an Action of this tenant: ${why}`);
  };
  const modules = {
    buffer: () => ({ Buffer: tenant.library("node").Buffer }),
    crypto: () => tenant.library("node").cryptoModule,
    url: () => tenant.library("url"),
  };

  return {
    WebSocket: absent("WebSocket", "it has no network"),
    XMLHttpRequest: absent("XMLHttpRequest", "it has no network"),
    fetch: absent("fetch", "it has no network"),
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
