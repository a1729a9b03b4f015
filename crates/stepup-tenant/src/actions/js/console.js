// `console`, which prints in the manner of Node.js. Evaluates to a function of what the scripts share.
(function (tenant) {
  "use strict";

  const { host } = tenant;
  function inspect(value, quote) {
    if (typeof value === "string") return quote ? JSON.stringify(value) : value;
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "function") return `[Function: ${value.name || "(anonymous)"}]`;
    if (typeof value !== "object" || value === null) return String(value);
    if (value instanceof Error) return value.stack ? `${value}\n${value.stack}`.trimEnd() : `${value}`;
    try {
      return JSON.stringify(value, (_key, inner) => typeof inner === "bigint" ? `${inner}n` : inner, 2) ?? String(value);
    } catch {
      return String(value);
    }
  }

  const directives = {
    s: (value) => inspect(value, false),
    d: (value) => String(Number(value)),
    i: (value) => String(Number.parseInt(value, 10)),
    f: (value) => String(Number.parseFloat(value)),
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
  const show = (value) => host.print("log", inspect(value, true));
  const quiet = () => {};

  return {
    format,
    inspect: (value) => inspect(value, true),
    console: {
      assert: (holds, ...values) => {
        if (!holds) host.print("error", `Assertion failed ${values.length ? format(...values) : ""}`.trimEnd());
      },
      debug: print("debug"), dir: show, error: print("error"), info: print("info"),
      log: print("log"), table: show, trace: print("debug"), warn: print("warn"),
      count: quiet, countReset: quiet, group: quiet, groupCollapsed: quiet, groupEnd: quiet,
      time: quiet, timeEnd: quiet, timeLog: quiet,
    },
  };
})
