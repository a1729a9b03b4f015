// Small helps on top of pages that work without any of this.

// Buttons that need a script are there only with one.
for (const button of document.querySelectorAll("button[hidden]")) button.hidden = false;

for (const button of document.querySelectorAll("[data-copy]")) {
  const words = button.textContent;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = button.dataset.copied;
    } catch {
      // Without leave to write, the text is selected, ready for the keyboard's copy.
      getSelection().selectAllChildren(source);
    }
    setTimeout(() => { button.textContent = words; }, 2000);
  });
}

for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());

// "123 456", "123-456" and "１２３４５６" become 123456, typed or pasted.
const digitsOf = (text) => text.normalize("NFKC").replace(/\D/g, "");
for (const field of document.querySelectorAll("[data-digits]")) {
  const tidy = (event) => {
    // What an input method has under way is not typed yet.
    if (event.isComposing) return;
    const digits = digitsOf(field.value).slice(0, 6);
    if (digits === field.value) return;
    const caret = digitsOf(field.value.slice(0, field.selectionStart)).length;
    field.value = digits;
    field.setSelectionRange(caret, caret);
  };
  field.addEventListener("paste", (event) => {
    const digits = digitsOf(event.clipboardData.getData("text"));
    if (!digits) return;
    event.preventDefault();
    field.setRangeText(digits, field.selectionStart, field.selectionEnd, "end");
    tidy(event);
  });
  field.addEventListener("input", tidy);
  field.addEventListener("compositionend", tidy);
}

// A form is sent once; a page that comes back from the history, or was stopped on its way, is alive again.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.hasAttribute("aria-busy")) event.preventDefault();
    form.setAttribute("aria-busy", "true");
    setTimeout(() => form.removeAttribute("aria-busy"), 5000);
  });
  addEventListener("pageshow", () => form.removeAttribute("aria-busy"));
}

// "Send it again" waits its seconds, and shows them.
for (const button of document.querySelectorAll("[data-wait]")) {
  const words = button.parentElement.querySelector("[data-waiting]");
  const until = performance.now() + button.dataset.wait * 1000;
  const tick = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    button.disabled = left > 0;
    words.hidden = left <= 0;
    words.textContent = words.dataset.waiting.replace("{seconds}", left);
    if (left > 0) setTimeout(tick, 1000);
  };
  tick();
}

// A page that waits for a phone asks how things stand, and goes on once that has changed.
for (const waiting of document.querySelectorAll("[data-poll]")) {
  const ask = async () => {
    const asked = { method: "POST", body: new URLSearchParams({ action: "poll" }), headers: { Accept: "application/json" }, cache: "no-store" };
    const here = location.pathname + location.search;
    const next = await fetch(waiting.dataset.poll, asked)
      .then((answer) => (answer.ok ? answer.json() : { location: here }))
      .then(({ location }) => location)
      .catch(() => null);
    if (next) location.replace(next);
    else setTimeout(ask, 5000);
  };
  setTimeout(ask, 2000);
}
