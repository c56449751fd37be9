/** @file Several processes that train together, started by the MPI libraries that are installed. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { discs, startWith, temporaryFolder, tiny } from "../support/command-line.js";
import { differences } from "../support/kills.js";
import { launchers, startRanks } from "../support/mpi.js";
import { surviveRankKills } from "../support/rank-kills.js";

const folder = temporaryFolder();
const settings = [
  "training.batchSize=4",
  "training.microBatchSize=1",
  "training.logEvery=2",
  "training.checkpointEvery=2",
];
let data: string;
beforeAll(async () => {
  data = await discs(join(folder, "discs"), ["red", "blue"], 8);
});

const words = (out: string, steps: number) => {
  return ["train", ...tiny, ...settings, "--steps", String(steps), "--data", data, "--out", join(folder, out)];
};

for (const launcher of launchers) {
  const { name, installed } = launcher;
  describe.skipIf(!installed)(`${name}${installed ? "" : " is not installed"}`, () => {
    test("2 ranks leave the bytes of 1, and go on as 4 and as 1 with the same", async () => {
      const [one, two] = [`${name}-1`, `${name}-2`];
      expect(await startRanks(launcher, 1, ...words(one, 4), "--quiet").ended).toMatchObject({ code: 0 });
      const shared = await startRanks(launcher, 2, ...words(two, 4)).ended;
      expect(shared.code, shared.stderr).toBe(0);
      expect(shared.stdout.match(/Trained 4 steps/g)).toHaveLength(1); // one of them speaks
      expect(shared.stderr.match(/images of .* to train on/g)).toHaveLength(1);
      expect(differences(join(folder, one), join(folder, two), 4)).toEqual([]);
      expect(await startRanks(launcher, 4, ...words(one, 6), "--resume").ended).toMatchObject({ code: 0 });
      expect(await startRanks(launcher, 1, ...words(two, 6), "--resume").ended).toMatchObject({ code: 0 });
      expect(differences(join(folder, one), join(folder, two), 6)).toEqual([]);
    });

    test("kills, stops and signals change no byte, and nothing hangs", async () => {
      const kills = name === "Open MPI" ? 3 : 2;
      const first = name === "Open MPI" ? 0 : 2;
      const report = await surviveRankKills(launcher, join(folder, `${name}-kills`), { kills, first, seed: 1 });
      expect(report).toMatchObject({ kills, differences: [] });
      expect(report.slowestEndMs).toBeLessThan(30_000);
    });

    test("samples and figures are those of one process", async () => {
      const model = ["--run", "pretrained:emoji32", "--seed", "5", "--batch", "4"];
      const drawn = ["sample", ...model, "--count", "10", "--out"];
      const measured = [
        "evaluate",
        ...model,
        "--data",
        "emoji",
        "--features",
        "pixels",
        "--metrics",
        "fid",
        "--count",
        "12",
        "--out",
      ];
      for (const count of [1, 2]) {
        const place = join(folder, `${name}-of-${count}`);
        expect(await startRanks(launcher, count, ...drawn, `${place}.npz`).ended).toMatchObject({ code: 0 });
        expect(await startRanks(launcher, count, ...measured, place).ended).toMatchObject({ code: 0 });
      }
      const read = (count: number, file: string) => readFileSync(join(folder, `${name}-of-${count}${file}`));
      for (const file of [".npz", "/metrics.json"]) expect(read(2, file).equals(read(1, file)), file).toBe(true);
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

test.skipIf(!launchers.some(({ installed }) => installed))(
  "--ranks starts them, and says when they crowd the cores",
  async () => {
    const root = { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };
    const out = join(folder, "started");
    const crowded = ["--ranks", "2", "--threads", "64"];
    const { code, stderr } = await startWith(root, ...words("started", 2), ...crowded).ended;
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/2 processes with 64 threads each share \d+ cores/);
    expect(readFileSync(join(out, "metrics.jsonl"), "utf8")).toContain('"type":"train"');
  },
);
