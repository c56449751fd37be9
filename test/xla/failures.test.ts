/**
 * @file What keeps XLA from computing, on the command line: one sentence, exit code 2, no trace, nothing written. On mock plugins,
 * which take a C compiler.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { quickCases } from "../../src/engine/device-test/cases.js";
import { sizeOf, testDevice } from "../../src/engine/index.js";
import { sharedStrata, startWith, temporaryFolder } from "../support/command-line.js";
import { hasCompiler, mockPlugin } from "../support/pjrt.js";

const folder = temporaryFolder();
const out = join(folder, "samples.png");
const sample = ["sample", "--run", "pretrained:emoji32", "--out", out, "--quiet"];

/** Fails unless a command line is refused in one sentence, or several, on one line. */
function expectRefusal(
  { code, stdout, stderr }: { code: number | null; stdout: string; stderr: string },
  says: string,
) {
  expect(stderr).toContain(says);
  expect(stderr).toMatch(/^strata: [A-Z][^\n]*[.:;]\n$/);
  expect({ code, stdout, written: existsSync(out) }).toEqual({ code: 2, stdout: "", written: false });
}

/** Bytes of the result of the first program that a device is tested with. */
const resultBytes = 4 * sizeOf(quickCases()[0].graph.outputs[0].shape);

describe.skipIf(!hasCompiler)("a plugin", () => {
  test.each<[string, Record<string, string>, string, string[]]>([
    ["of an old version", { MINOR: "80" }, "speaks version 0.80 of PJRT; Strata speaks 0.81 and later", []],
    ["that is another library", { SYMBOL: "GetAnotherApi" }, "is a library, but no PJRT plugin. Name the", []],
    ["that kills its process", { ON_CLIENT: "abort()" }, "its process ended (SIGABRT) while its library was", []],
    ["whose device fails", {}, "XLA failed with INTERNAL in PJRT_Device_MemoryStats: the mock fails.", []],
    [
      "that computes nonsense",
      { ARRAY_BYTES: `${resultBytes}` },
      "of the largest result, where 0.00002 is allowed: ",
      ["--devices", "1"],
    ],
    ["without memory", { EXECUTES: "0" }, "The device has not enough memory: the mock fails: ", ["--devices", "1"]],
    ["with fewer devices", {}, "Expected 5 devices, got a machine with 3 (mock). Ask for fewer", ["--devices", "5"]],
  ])("%s", async (_, macros, says, words) => {
    const plugin = mockPlugin(macros);
    const ended = await sharedStrata(...sample, "--device", `xla:${plugin}`, ...words);
    expectRefusal(ended, says);
    expect(ended.stderr.split(plugin)).toHaveLength(2); // named once
  });

  test("that hangs", async () => {
    const plugin = mockPlugin({ ON_CLIENT: "for (;;) pause()" });
    const verdict = await testDevice({ device: "xla", xla: { plugin } }, undefined, 5);
    expect(verdict).toEqual({ usable: false, reason: "it was silent for 5 seconds while its library was loaded" });
  });
});

describe("no plugin", () => {
  test("anywhere", async () => {
    const nothing = {
      HOME: folder,
      PATH: "",
      VIRTUAL_ENV: "",
      CONDA_PREFIX: "",
      PYTHONPATH: "",
      STRATA_XLA_PLUGIN: "",
    };
    const ended = await startWith(nothing, ...sample, "--device", "xla").ended;
    expectRefusal(ended, "XLA needs a PJRT plugin, and there is no Python environment to look in. `pip install");
  });

  test("where the environment names one", async () => {
    const ended = await startWith({ STRATA_XLA_PLUGIN: "/nowhere" }, ...sample, "--device", "xla").ended;
    expectRefusal(ended, "There is no PJRT plugin at /nowhere, which STRATA_XLA_PLUGIN names. `pip install");
  });

  test("but a text", async () => {
    const path = join(folder, "text.so");
    writeFileSync(path, "not a library, but long enough to have a header of one".repeat(10));
    expectRefusal(await sharedStrata(...sample, "--device", `xla:${path}`), "cannot be loaded: ");
  });
});

test.each([
  ["--devices", "2", "Expected --device xla with --devices, got auto."],
  ["--precision", "tf32", "Expected --device xla with --precision, got auto."],
])("%s %s, but not XLA", async (option, value, says) => {
  expectRefusal(await sharedStrata(...sample, option, value), says);
});
