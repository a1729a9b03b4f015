// A browser window as far as pop-ups and users need one: what is opened, what is posted, and who has the focus.

/** @param {import("node:test").TestContext} t takes it away afterwards */
export function scriptedWindow(t) {
  const window = Object.assign(new EventTarget(), { screenX: 100, screenY: 50, outerWidth: 1000, outerHeight: 800 });
  const document = Object.assign(new EventTarget(), { visibilityState: "visible", focused: true, hasFocus: () => document.focused });
  const opened = [];
  window.open = (url, target, features) => {
    const popup = { url, target, features, closed: false, close: () => (popup.closed = true) };
    opened.push(popup);
    return popup;
  };
  const location = { origin: "https://app.example.com", pathname: "/", search: "", hash: "" };
  Object.assign(globalThis, { window, document, location });
  t.after(() => {
    for (const name of ["window", "document", "location"]) delete globalThis[name];
  });

  return {
    window,
    document,
    opened,
    /** The query of the newest pop-up. */
    query: () => Object.fromEntries(new URL(opened.at(-1).url, location.origin).searchParams),
    /** A message event, from the newest pop-up and of this origin unless something else is said. */
    post: (data, { origin = location.origin, source = opened.at(-1) } = {}) =>
      window.dispatchEvent(Object.assign(new Event("message"), { data, origin, source })),
    /** This page comes into view. */
    show() {
      document.visibilityState = "visible";
      document.dispatchEvent(new Event("visibilitychange"));
    },
  };
}

/** What another page of this origin says on the channel, once everybody has heard it. */
export async function broadcast(data) {
  const [speaker, listener] = [new BroadcastChannel("stepup"), new BroadcastChannel("stepup")];
  const heard = new Promise((resolve) => listener.addEventListener("message", resolve, { once: true }));
  speaker.postMessage(data);
  await heard;
  speaker.close();
  listener.close();
}

/** Lets everything run that waits for nothing but its turn. */
export const turns = () => new Promise((resolve) => setImmediate(resolve));
