import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import * as stepup from "../stepup.js";

const folder = new URL("..", import.meta.url);
const file = (name) => readFile(new URL(name, folder), "utf8");

test("the module stays under 6 KB as it goes over the wire", async () => {
  assert.ok(gzipSync(await file("stepup.js"), { level: 9 }).length < 6_000);
});

test("the package holds the module, its types, its text and its licences", () => {
  const npm = spawnSync("npm", ["pack", "--dry-run", "--json"], { cwd: folder, encoding: "utf8" });
  assert.equal(npm.status, 0, npm.stderr);
  const [{ name, files }] = JSON.parse(npm.stdout);
  assert.equal(name, "stepup");
  assert.deepEqual(files.map(({ path }) => path).sort(), [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "package.json",
    "stepup.d.ts",
    "stepup.js",
  ]);
});

test("it may be published, is a module with types, and has no side effects and no dependencies", async () => {
  const manifest = JSON.parse(await file("package.json"));
  assert.deepEqual(manifest.exports, { ".": { types: "./stepup.d.ts", default: "./stepup.js" } });
  assert.deepEqual(
    [manifest.private, manifest.type, manifest.types, manifest.sideEffects, manifest.dependencies, manifest.license],
    [undefined, "module", "./stepup.d.ts", false, undefined, "MIT OR Apache-2.0"],
  );
  assert.deepEqual(manifest.engines, { node: ">=20.11" });
  for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) assert.equal(await file(licence), await file(`../${licence}`));
});

test("importing it does nothing to the page", async () => {
  const before = Object.keys(globalThis);
  await import("../stepup.js?again");
  assert.deepEqual(Object.keys(globalThis), before);
});

test("every export has its type and its line in the README", async () => {
  const [types, readme] = await Promise.all([file("stepup.d.ts"), file("README.md")]);
  const declared = [...types.matchAll(/^export (?:declare )?(?:class|const|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual([...new Set(declared)].sort(), Object.keys(stepup).sort());
  const calls = [...Object.keys(stepup).filter((name) => name !== "mfa"), ...Object.keys(stepup.mfa).map((name) => `mfa.${name}`)];
  for (const name of calls) assert.ok(readme.includes(`\`${name}`), `README.md does not tell of ${name}`);
});
