// Small helps on top of pages that work without any of this.

// Buttons that need a script are there only with one.
for (const button of document.querySelectorAll("button[hidden]")) button.hidden = false;

// A form is sent once; a page that comes back from the history is alive again.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.hasAttribute("aria-busy")) event.preventDefault();
    form.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => form.removeAttribute("aria-busy"));
}
