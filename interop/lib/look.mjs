// How a page is looked at in Chromium: nobody is kept out, nothing is wider than the screen, and the page has nothing to complain of.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const axe = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const folder = process.env.SCREENSHOTS;

export const phone = { name: "phone", width: 390, height: 844 };
export const desk = { name: "desk", width: 1280, height: 800 };
const inBothSchemes = (screens) => screens.flatMap((screen) => ["light", "dark"].map((colorScheme) => ({ ...screen, colorScheme })));

/**
 * axe finds nothing on the page as it is shown. What it leaves to a person is not counted: the contrast of links that are
 * scrolled out of sight, and of a switch's word beside its knob; both have colours that it measures elsewhere.
 */
export async function assertAccessible(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ html }) => html).join("\n  ")}`);
  assert.deepEqual(found, [], `axe on ${name}`);
}

/** Nothing on it is wider than its window. */
export async function assertFits(page, name) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} px wider than its screen`);
}

/** Where the system's colours are forced, backgrounds go: what is a button or an alert by its ground keeps a border. */
export async function assertOutlined(page, name) {
  await page.emulateMedia({ forcedColors: "active" });
  const bare = await page.evaluate(() => [...document.querySelectorAll(".primary, .alert")]
    .filter((element) => parseFloat(getComputedStyle(element).borderTopWidth) === 0)
    .map((element) => element.textContent.trim()));
  await page.emulateMedia({ forcedColors: "none" });
  assert.deepEqual(bare, [], `without a border on ${name}`);
}

/** With SCREENSHOTS=FOLDER a person can look at it too. */
export async function screenshot(page, name) {
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** Looks at a page in every way that people look at it: light and dark, in forced colours, and down to 320 px. */
export async function lookAt(page, complaints, name, screens = folder ? [phone, desk] : [phone]) {
  for (const { name: screen, width, height, colorScheme } of inBothSchemes(screens)) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" }); // a colour on its way from one scheme to the other is no colour
    await screenshot(page, `${name}.${screen}.${colorScheme}`);
    await assertAccessible(page, `${name}, ${screen}, ${colorScheme}`);
  }
  await page.setViewportSize({ width: 320, height: 640 });
  await assertFits(page, `${name}, 320 px`);
  await assertOutlined(page, name);
  assert.deepEqual(complaints, [], name);
  await page.setViewportSize({ width: phone.width, height: phone.height });
  await page.emulateMedia({ colorScheme: "light" });
}
