// Small helps on top of pages that work without any of this.

const reveal = (root) => {
  // Buttons that need a script are there only with one.
  for (const button of root.querySelectorAll("button[hidden]")) button.hidden = false;
};
reveal(document);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const words = button.firstChild.data;
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.firstChild.data = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    button.firstChild.data = "Selected";
  }
  setTimeout(() => { button.firstChild.data = words; }, 2000);
});

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const live = (on) => { for (const sign of document.querySelectorAll("[data-live]")) sign.hidden = !on; };

// A list that has grown too long: its end is on the next page from then on.
const cut = (list) => {
  while (list.rows.length > 500) list.deleteRow(-1);
  const older = document.querySelector("[data-older]");
  const next = new URL(older.href);
  next.searchParams.set("before", list.rows[499].dataset.id);
  older.href = next;
  older.hidden = false;
};

// A list that grows at its head: the server holds the request until there is something new.
const follow = async (list) => {
  for (let failures = 0; failures < 5;) {
    try {
      live(true);
      const answer = await fetch(`${list.dataset.follow}&after=${encodeURIComponent(list.dataset.newest)}`);
      if (answer.status === 204) continue;
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const rows = document.createElement("tbody");
      rows.innerHTML = await answer.text();
      const arrived = [...rows.rows];
      if (arrived.length) {
        list.dataset.newest = arrived[0].dataset.id;
        for (const row of arrived) row.classList.add("new");
        list.prepend(...arrived);
        if (list.rows.length > 500) cut(list);
        for (const hint of document.querySelectorAll("[data-empty]")) hint.remove();
      }
      failures = 0;
    } catch {
      failures += 1;
      live(false);
      await pause(2000 * failures);
    }
  }
};
for (const list of document.querySelectorAll("[data-follow]")) follow(list);

// Draws a part of the page anew. Where somebody is about to press something in it, not before they have turned away; who only
// copies a code goes on with the next one.
const redraw = async (part) => {
  const focused = () => part.contains(document.activeElement) && document.activeElement;
  while (focused() && !focused().dataset.copy) {
    await new Promise((resolve) => part.addEventListener("focusout", () => setTimeout(resolve), { once: true }));
  }
  const answer = await fetch(location.href);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-refresh]");
  if (!fresh) throw new Error("another page");
  part.dataset.newest = fresh.dataset.newest;
  if (fresh.innerHTML === part.innerHTML) return;
  const copied = focused() && focused().dataset.copy;
  part.replaceChildren(...fresh.childNodes);
  reveal(part);
  if (copied) part.querySelector(`[data-copy="${CSS.escape(copied)}"]`)?.focus();
  countDown(part);
};

// A part that shows codes is drawn anew when the first of them is over.
const countDown = (part) => {
  const shown = [...part.querySelectorAll("[data-seconds-left]")].map((left) => ({ left, over: performance.now() + left.textContent * 1000 }));
  const tick = async () => {
    if (!shown[0]?.left.isConnected) return;
    const seconds = shown.map(({ left, over }) => {
      left.textContent = Math.max(0, Math.ceil((over - performance.now()) / 1000));
      return Number(left.textContent);
    });
    if (Math.min(...seconds) === 0) await redraw(part).catch(() => {});
    setTimeout(tick, 1000);
  };
  tick();
};

// A part that is drawn anew whenever the tenant's log says that something happened.
const refresh = async (part) => {
  countDown(part);
  for (let failures = 0; failures < 5;) {
    try {
      live(true);
      const answer = await fetch(`/dashboard/changes?after=${encodeURIComponent(part.dataset.newest)}`);
      if (answer.status === 204) continue;
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      await redraw(part);
      failures = 0;
    } catch {
      failures += 1;
      live(false);
      await pause(2000 * failures);
    }
  }
};
for (const part of document.querySelectorAll("[data-refresh]")) refresh(part);

// In an editor, Tab indents; Escape first, then Tab leaves it, as the hint below says.
for (const editor of document.querySelectorAll("textarea[data-code]")) {
  let leaves = false;
  editor.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { leaves = true; return; }
    if (event.key === "Tab" && !leaves && !event.shiftKey) {
      event.preventDefault();
      editor.setRangeText("  ", editor.selectionStart, editor.selectionEnd, "end");
    }
    leaves = false;
  });
}
