/** @file With XLA a rank is a host: replicas inside, one sum between ranks. Two ranks of two devices leave what one leaves. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { discs, launch, temporaryFolder, tiny } from "../support/command-line.js";
import { differences } from "../support/kills.js";
import { AS_ROOT, launchers } from "../support/mpi.js";
import { quickFlags, xlaPlugins } from "../support/pjrt.js";

const [plugin] = xlaPlugins(process.env);
const launcher = launchers.find(({ installed }) => installed);
const folder = temporaryFolder();

const here = plugin.path !== undefined && launcher !== undefined;
describe.skipIf(!here)(`XLA among ranks${here ? "" : " (no plugin, or no MPI, is here)"}`, () => {
  test("two ranks of two devices leave the bytes of one", async () => {
    const data = await discs(join(folder, "discs"), ["red", "blue"], 8);
    const settings = ["training.batchSize=8", "training.microBatchSize=4", "training.checkpointEvery=2"];
    const train = async (out: string, wrapper: string[]) => {
      const where = ["--data", data, "--out", join(folder, out), "--steps", "2"];
      const device = ["--device", `xla:${plugin.path}`, "--devices", "2"];
      const words = ["train", ...tiny, ...settings, ...where, ...device];
      const { code, stderr } = await launch({ ...AS_ROOT, XLA_FLAGS: quickFlags }, wrapper, words).ended;
      expect(code, stderr).toBe(0);
    };
    await train("one", []);
    await train("two", [...launcher!.words, "-n", "2"]);
    expect(differences(join(folder, "one"), join(folder, "two"), 2)).toEqual([]);
  });
});
