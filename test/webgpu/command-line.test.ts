/** @file `--device webgpu` on the command line: where it is there, and where it is not. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { discs, startWith, strata, temporaryFolder, tiny } from "../support/command-line.js";

const folder = temporaryFolder();
/** One level: a software driver takes long to compile for each kernel. */
const level = { resolution: 8, channels: 8, encoderBlocks: 1, stochasticLayers: 1 };
const small = [...tiny, `model.levels=${JSON.stringify([level])}`];

test("a run trained on it", async ({ skip }) => {
  const [data, out] = [await discs(join(folder, "discs"), ["red", "blue"], 12), join(folder, "run")];
  const trained = await strata(
    "train",
    ...small,
    "--data",
    data,
    "--out",
    out,
    "--device",
    "webgpu",
    "--steps",
    "2",
    "--json",
  );
  expect(trained.code, trained.stderr).toBe(0);
  if (trained.stderr.includes("no graphics driver for it was found") && !process.env.VK_DRIVER_FILES) skip();
  expect(trained.stderr).toMatch(/WebGPU: \d+ kernels agree with the CPU/);
  expect(JSON.parse(trained.stdout)).toMatchObject({ device: "webgpu", step: 2, skips: 0 });
  expect(JSON.parse(readFileSync(join(out, "metrics.jsonl"), "utf8").split("\n")[0])).toMatchObject({
    device: "webgpu",
  });
});

test.runIf(process.platform === "linux")("without a driver the CPU takes its place, with a message", async () => {
  const noDriver = { VK_DRIVER_FILES: "/nowhere.json", VK_ICD_FILENAMES: "/nowhere.json" };
  const { code, stderr, stdout } = await startWith(noDriver, "train", ...tiny, "--dry-run", "--device", "webgpu").ended;
  expect(code, stderr).toBe(0);
  expect(stderr).toContain(
    "WebGPU cannot be used here: no graphics driver for it was found. Computing on the CPU instead.",
  );
  expect(stdout).toContain("GFLOP/s");
});
