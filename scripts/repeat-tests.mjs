/**
 * @file Runs the whole test suite again and again, names what failed, and keeps what a red run printed: a test that fails once in
 * twenty runs is a bug.
 *
 *     npm run test:repeat -- 20          on a machine that does nothing else
 *     npm run test:repeat -- 20 --busy   beside a process that uses one core
 */
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("..", import.meta.url));
const words = process.argv.slice(2);
const runs = Number(words.find((word) => !word.startsWith("-")) ?? 20);
const busy = words.includes("--busy");

/** @returns what the run printed, without colours, and its exit code */
function test() {
  return new Promise((resolve) => {
    const child = spawn("npm", ["test"], { cwd: repository, env: { ...process.env, CI: "true", NO_COLOR: "1" } });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    child.on("close", (code) => resolve({ code, output }));
  });
}

const neighbour = busy ? spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }) : undefined;
process.on("exit", () => neighbour?.kill());

const failures = new Map();
const folder = mkdtempSync(join(tmpdir(), "strata-tests-"));
let red = 0;
for (let run = 1; run <= runs; run++) {
  const beganMs = performance.now();
  const { code, output } = await test();
  const seconds = Math.round((performance.now() - beganMs) / 1000);
  const failed = [...new Set(output.match(/^ *FAIL .*$/gm))].map((line) => line.trim());
  for (const line of failed) failures.set(line, (failures.get(line) ?? 0) + 1);
  if (code !== 0) {
    red++;
    writeFileSync(join(folder, `run-${run}.log`), output);
  }
  const counted = output.match(/^\d+ passed, \d+ failed.*$/m)?.[0] ?? output.slice(-2000);
  console.log(`run ${run}: exit code ${code}, ${seconds} s, ${counted}${failed.map((line) => `\n  ${line}`).join("")}`);
}
console.log(`${runs} runs${busy ? " beside a busy process" : ""}, ${red} not green${red > 0 ? `: see ${folder}` : ""}`);
for (const [line, times] of failures) console.log(`  ${times}×  ${line}`);
process.exitCode = red === 0 ? 0 : 1;
