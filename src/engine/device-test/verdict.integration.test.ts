import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { testDevice } from "./verdict.js";

const folder = mkdtempSync(join(tmpdir(), "strata-device-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The verdict on a device whose test does what `script` says. */
function verdictOf(script: string, silenceSeconds?: number) {
  const file = join(folder, "test.mjs");
  writeFileSync(file, script);
  return testDevice({ device: "webgpu" }, { file, execArgv: [] }, silenceSeconds);
}

const say = (report: object) => `process.send(${JSON.stringify(report)});`;
const working = say({ testing: "a convolution" });

test("a device whose kernels agree is usable", async () => {
  const agrees = working + say({ comparison: { count: 9, deviation: 1e-6 } });
  expect(await verdictOf(agrees)).toEqual({ usable: true, count: 9, deviation: 1e-6 });
});

test.each([
  ["computes wrongly", working + say({ comparison: { count: 3, deviation: 0, fault: "off by 1" } }), "off by 1"],
  [
    "is not there",
    say({
      comparison: { count: 0, deviation: 0, fault: "… Failed to get a WebGPU adapter: No supported adapters: add" },
    }),
    "no graphics driver for it was found",
  ],
  [
    "kills its process",
    `${working} setTimeout(() => process.kill(process.pid, "SIGSEGV"), 50);`,
    "its process ended (SIGSEGV) while testing a convolution",
  ],
  [
    "ends its process with a word",
    `console.error("I0 00:1 1 a.cc:1] fine\\nF1130 11:23:06.12 28 a.cc:2] Unknown flag: --a\\n*** trace"); ${say({ testing: "a sum" })} process.abort();`,
    "its process ended (SIGABRT) while testing a sum: Unknown flag: --a",
  ],
  [
    "ends its process",
    `${working} setTimeout(() => process.exit(7), 50);`,
    "its process ended (7) while testing a convolution",
  ],
])("a device that %s is not", async (_, script, reason) => {
  expect(await verdictOf(script)).toEqual({ usable: false, reason });
});

test("a device that hangs is not", async () => {
  const verdict = await verdictOf(`${working} while (true);`, 2);
  expect(verdict).toEqual({ usable: false, reason: "it was silent for 2 seconds while testing a convolution" });
});
