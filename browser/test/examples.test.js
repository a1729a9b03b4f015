// The browser blocks of EXAMPLES.md: each uses what the module has, as its types say.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const here = import.meta.dirname;
const examples = readFileSync(join(here, "../../EXAMPLES.md"), "utf8");

/** What a page has around an example. */
const page = `
declare const mfaToken: string, oobCode: string;
declare const button: HTMLButtonElement;
declare function askForCode(): Promise<string>;
declare function send(token: string): void;
declare function show(text: string): void;
declare function showQrCode(uri: string | undefined, recoveryCodes?: string[]): void;
declare function showSecondFactor(token: string, requirements: unknown): void;
`;

test("the examples are as the types say", () => {
  const blocks = [...examples.matchAll(/^```js\n(.*?)^```/gms)].map(([, block]) => block);
  assert.ok(blocks.length >= 15, `${blocks.length} blocks`);
  const folder = mkdtempSync(join(here, "examples-"));
  try {
    writeFileSync(join(folder, "page.d.ts"), page);
    blocks.forEach((block, number) => {
      writeFileSync(join(folder, `example-${number + 1}.mts`), block.replaceAll('"/auth/stepup.js"', '"../../stepup.js"'));
    });
    const compilerOptions = { target: "es2022", module: "nodenext", lib: ["es2022", "dom"], types: [], noEmit: true, strictNullChecks: true };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*"] }));
    const { status, stdout } = spawnSync(join(here, "../node_modules/.bin/tsc"), ["--project", folder], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
