// Small helps on top of pages that work without any of this.

// Buttons that need a script are there only with one.
for (const button of document.querySelectorAll("button[hidden]")) button.hidden = false;

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
