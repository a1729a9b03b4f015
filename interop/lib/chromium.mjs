import { chromium } from "playwright-core";

const quiet = ["--no-first-run", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/**
 * Runs `use` with a page of a fresh headless Chromium, closed in the end.
 * What the page itself complains of (scripts that fail, what its policy forbids) is an error.
 */
export async function withPage(options, use) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", ...quiet] });
  try {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      // A refused call is what some steps are about, and shows in the console as a failed resource.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
    });
    await use(page, complaints);
  } finally {
    await browser.close();
  }
}

/** Fills in the log-in page that is shown, and goes on. */
export async function logInOn(page, { username, password }) {
  await page.waitForURL("**/u/login?**");
  await page.fill("#username", username);
  await page.fill("#password", password);
  await page.click('button[name="action"][value="default"]');
}
