/** @file Several processes that train together, started by the MPI libraries that are installed. */
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { discs, startWith, temporaryFolder, tiny } from "../support/command-line.js";
import { differences } from "../support/kills.js";
import { AS_ROOT, type Launcher, launchers, startRanks } from "../support/mpi.js";
import { surviveRankKills, trainUndisturbed, type Undisturbed } from "../support/rank-kills.js";

const [anyLauncher] = launchers.filter(({ installed }) => installed);
const folder = temporaryFolder();
const settings = [
  "training.batchSize=4",
  "training.microBatchSize=1",
  "training.logEvery=2",
  "training.checkpointEvery=2",
];
const data = join(folder, "discs");

const words = (out: string, steps: number) => {
  return ["train", ...tiny, ...settings, "--steps", String(steps), "--data", data, "--out", join(folder, out)];
};

/** What draws and measures with the run of one process, to a place. */
const uses = ["--run", join(folder, "one"), "--seed", "5", "--batch", "4"];
const pixelFid = ["--features", "pixels", "--metrics", "fid"];
const drawn = (place: string) => ["sample", ...uses, "--count", "10", "--out", `${place}.npz`];
const measured = (place: string) => ["evaluate", ...uses, "--data", data, ...pixelFid, "--count", "12", "--out", place];

async function succeeds(launcher: Launcher, ranks: number, ...command: string[]) {
  const { code, stderr, stdout } = await startRanks(launcher, ranks, ...command).ended;
  expect(code, stderr).toBe(0);
  return { stderr, stdout };
}

/** What every launcher is compared with, as `one`: one process, which no launcher starts. */
let undisturbed: Undisturbed;

beforeAll(async () => {
  for (const [split, each] of Object.entries({ train: 8, test: 8 }))
    await discs(join(data, split), ["red", "blue"], each);
  if (!anyLauncher) return;
  await succeeds(anyLauncher, 1, ...words("one", 4), "--quiet");
  undisturbed = await trainUndisturbed(join(folder, "undisturbed"));
});

for (const launcher of launchers) {
  const { name, installed } = launcher;
  describe.skipIf(!installed)(`${name}${installed ? "" : " is not installed"}`, () => {
    test("2 ranks leave the bytes of 1", async () => {
      const two = `${name}-2`;
      const { stdout, stderr } = await succeeds(launcher, 2, ...words(two, 4));
      expect(stdout.match(/Trained 4 steps/g)).toHaveLength(1); // one of them speaks
      expect(stderr.match(/images of .* to train on/g)).toHaveLength(1);
      expect(differences(join(folder, "one"), join(folder, two), 4)).toEqual([]);
    });

    test("kills, stops and signals change no byte, and nothing hangs", async () => {
      const kills = name === "Open MPI" ? 3 : 2;
      const first = name === "Open MPI" ? 0 : 2;
      const report = await surviveRankKills(launcher, undisturbed, join(folder, `${name}-kills`), {
        kills,
        first,
        seed: 1,
      });
      expect(report).toMatchObject({ kills, differences: [] });
      expect(report.slowestEndMs).toBeLessThan(30_000);
    });

    test("bad input is said once, and ends all", async () => {
      const { code, stderr } = await startRanks(launcher, 2, ...words(`${name}-2`, 6)).ended;
      expect(code).toBe(2);
      expect(stderr.match(/Expected a folder without a run/g)).toHaveLength(1);
      expect(readdirSync(join(folder, `${name}-2`)).filter((file) => file.startsWith("lock-"))).toEqual([]);
    });
  });
}

test("under a launcher without its library one message says what is missing", async () => {
  const environment = {
    OMPI_COMM_WORLD_RANK: "0",
    OMPI_COMM_WORLD_SIZE: "2",
    STRATA_MPI_LIBRARY: "/nowhere/libmpi.so",
  };
  const { code, stderr } = await startWith(environment, ...words("without", 4)).ended;
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^strata: Expected the library of Open MPI at \/nowhere\/libmpi\.so, as STRATA_MPI_LIBRARY says, got: /,
  );
});

test("tasks that srun has started without MPI are refused", async () => {
  const { code, stderr } = await startWith({ SLURM_STEP_NUM_TASKS: "8", SLURM_PROCID: "3" }, ...words("slurm", 4))
    .ended;
  expect(code).toBe(2);
  expect(stderr).toContain("srun has started 8 without it. Add --mpi=pmix");
});

test.skipIf(!anyLauncher)("a run of 2 ranks goes on as 4 with the bytes with which 1 goes on", async () => {
  const [four, alone] = ["as-4", "as-1"];
  for (const out of [four, alone]) {
    cpSync(join(folder, `${anyLauncher.name}-2`), join(folder, out), { recursive: true });
  }
  await succeeds(anyLauncher, 4, ...words(four, 6), "--resume");
  await succeeds(anyLauncher, 1, ...words(alone, 6), "--resume");
  expect(differences(join(folder, alone), join(folder, four), 6)).toEqual([]);
});

test.skipIf(!anyLauncher)("samples and figures are those of one process", async () => {
  await succeeds(anyLauncher, 1, ...drawn(join(folder, "of-1")));
  await succeeds(anyLauncher, 1, ...measured(join(folder, "of-1")));
  await succeeds(anyLauncher, 2, ...drawn(join(folder, "of-2")));
  await succeeds(anyLauncher, 2, ...measured(join(folder, "of-2")));
  const read = (of: string, file: string) => readFileSync(join(folder, `${of}${file}`));
  for (const file of [".npz", "/metrics.json"]) expect(read("of-2", file).equals(read("of-1", file)), file).toBe(true);
});

test.skipIf(!anyLauncher)("--ranks starts them, and says when they crowd the cores", async () => {
  const out = join(folder, "started");
  const crowded = ["--ranks", "2", "--threads", String(availableParallelism())];
  const { code, stderr } = await startWith(AS_ROOT, ...words("started", 2), ...crowded).ended;
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/2 processes with \d+ threads each share \d+ cores/);
  expect(readFileSync(join(out, "metrics.jsonl"), "utf8")).toContain('"type":"train"');
});
