import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const quiet = ["--no-first-run", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Silent frames need the tenant's cookies inside the application's page, which is another site. */
const preferences = { profile: { cookie_controls_mode: 0, block_third_party_cookies: false } };

/**
 * Runs `use` with a page of a fresh headless Chromium, closed in the end.
 * What the page itself complains of (scripts that fail, what its policy forbids) is an error.
 */
export async function withPage(options, use) {
  const profile = await mkdtemp(join(tmpdir(), "stepup-chromium-"));
  await mkdir(join(profile, "Default"));
  await writeFile(join(profile, "Default/Preferences"), JSON.stringify(preferences));
  const launched = { executablePath: "/usr/bin/chromium", args: ["--no-sandbox", ...quiet], ...options };
  const context = await chromium.launchPersistentContext(profile, launched);
  try {
    context.setDefaultTimeout(10_000);
    const [page] = context.pages();
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      // A refused call is what some steps are about, and shows in the console as a failed resource.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
    });
    await use(page, complaints);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

/** Waits until a window is closed. */
export async function closed(page) {
  if (!page.isClosed()) await page.waitForEvent("close");
}
