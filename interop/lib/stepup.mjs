import { spawnSync } from "node:child_process";

/** Runs the command line with a text on its standard input; returns its output. */
export function stepup(parameters, input) {
  const { status, stdout, stderr } = spawnSync(process.env.STEPUP_BIN, parameters, { input, encoding: "utf8" });
  return { status, output: stdout.trimEnd(), complaint: stderr.trimEnd() };
}
