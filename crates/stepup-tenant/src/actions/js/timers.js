// Timers: nobody waits for them. When nothing else is left to do, the clock jumps to the next one.
// Evaluates to a function of what the scripts share.
(function (tenant) {
  "use strict";

  const timers = [];
  let last = 0;

  return {
    setTimeout(callback, delay = 0, ...values) {
      if (typeof callback !== "function") throw new TypeError("setTimeout: the callback must be a function");
      const due = tenant.elapsed + Math.max(1, Number(delay) || 0);
      const after = timers.findIndex((timer) => timer.due > due);
      timers.splice(after < 0 ? timers.length : after, 0, { id: ++last, due, callback, values });
      return last;
    },
    clearTimeout(id) {
      const index = timers.findIndex((timer) => timer.id === id);
      if (index >= 0) timers.splice(index, 1);
    },
    performance: { now: () => tenant.elapsed, timeOrigin: tenant.host.now },
    // Milliseconds from the start until the next timer is due, or -1.
    next: () => timers.length === 0 ? -1 : timers[0].due,
    fire() {
      const { due, callback, values } = timers.shift();
      tenant.elapsed = due;
      callback(...values);
    },
  };
})
