// Small helps on top of pages that work without any of this.

// What needs a script is there only with one.
for (const hidden of document.querySelectorAll("button[hidden], [data-scripted]")) hidden.hidden = false;

for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.firstChild.data = shown ? "Hide" : "Show";
    field.focus();
  });
  // A shown password goes back to hidden, so that no browser keeps it among its form entries.
  field.form.addEventListener("submit", () => { field.type = "password"; });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const words = button.firstChild.data;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.firstChild.data = "Copied";
    } catch {
      // Without leave to write, the text is selected, ready for the keyboard's copy.
      getSelection().selectAllChildren(source);
      button.firstChild.data = "Selected";
    }
    setTimeout(() => { button.firstChild.data = words; }, 2000);
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

// What a new password must be is marked as it is typed. The server judges in the end.
for (const list of document.querySelectorAll("[data-rules]")) {
  const field = document.getElementById(list.dataset.rules);
  const kinds = { lowerCase: /[a-z]/, upperCase: /[A-Z]/, numbers: /[0-9]/, specialCharacters: /[^\p{L}\p{N}]/u };
  const isMet = ({ dataset, children }, password) => {
    if (dataset.length) return [...password].length >= dataset.length;
    if (dataset.inARow) return password !== "" && !new RegExp(`(.)\\1{${dataset.inARow}}`, "su").test(password);
    const found = [...children].flatMap((child) => [...child.querySelectorAll("[data-kind]")]);
    for (const kind of found) kind.classList.toggle("met", kinds[kind.dataset.kind].test(password));
    return found.filter((kind) => kind.classList.contains("met")).length >= dataset.needed;
  };
  const mark = () => {
    for (const rule of list.children) rule.classList.toggle("met", isMet(rule, field.value));
  };
  field.addEventListener("input", mark);
  mark();
}

// "Send it again" waits its seconds, and shows them.
for (const button of document.querySelectorAll("[data-wait]")) {
  const words = button.nextElementSibling;
  const until = performance.now() + button.dataset.wait * 1000;
  const tick = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    button.disabled = left > 0;
    words.hidden = left <= 0;
    words.querySelector("[data-seconds]").textContent = left;
    if (left > 0) setTimeout(tick, 1000);
  };
  tick();
}

// A page that waits for a phone asks how things stand, and goes on once that has changed.
for (const waiting of document.querySelectorAll("[data-poll]")) {
  const ask = async () => {
    const status = await fetch(waiting.dataset.poll, { cache: "no-store" })
      .then((answer) => (answer.ok ? answer.json() : { status: "lost" }))
      .then((answer) => answer.status)
      .catch(() => "pending");
    if (status === "pending") {
      setTimeout(ask, 2000);
      return;
    }
    const form = document.querySelector("form[data-goes-on]");
    if (status === "done" && form) form.requestSubmit();
    else location.replace(location.pathname + location.search);
  };
  setTimeout(ask, 1000);
}
