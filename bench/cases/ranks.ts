/** @file Several processes that train together: against one with as many threads, against two on their own, and over a network. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { applySettings, type Config, resolvePreset } from "../../src/config/index.js";
import { median } from "../measure.js";
import { canJoin, withMachines } from "../namespaces.js";
import type { RankTask, RankTimes } from "../peers/ranks.js";
import { pyTorchInstallations } from "../peers/systems.js";
import { withFolder } from "../scratch.js";
import { type BenchOptions, type Case, digits, gigabytes, type Line, type Section } from "../suite.js";

const PRESET = "cifar10";
const STEPS = 5;
const worker = fileURLToPath(new URL("../peers/ranks.ts", import.meta.url));
const mpirun = (ranks: number) => [
  "mpirun.openmpi",
  "--allow-run-as-root",
  "--oversubscribe",
  "--bind-to",
  "none",
  "-n",
  String(ranks),
];
/** PyTorch's processes, of which every one gets all the images of a rank at once: its sums run beside its gradients. */
const pyTorchRank = fileURLToPath(new URL("../peers/pytorch/ranks.py", import.meta.url));
const hasOpenMpi = () => spawnSync("mpirun.openmpi", ["--version"]).error === undefined;

const configOf = (batchSize: number, microBatchSize: number): Config =>
  applySettings(resolvePreset(PRESET), [
    `training.batchSize=${batchSize}`,
    `training.microBatchSize=${microBatchSize}`,
  ]);

/** What rank 0 measured of processes that a launcher starts, or of one alone. */
const run = async (wrapper: readonly string[], task: RankTask): Promise<RankTimes> =>
  JSON.parse(await printed([...wrapper, process.execPath, "--import", "tsx", worker, JSON.stringify(task)]));

/** The same of so many processes of PyTorch, which need no launcher. */
async function runPyTorch(
  interpreter: string,
  ranks: number,
  task: RankTask & { compile: boolean },
): Promise<RankTimes> {
  const port = String(await freePort());
  const all = Array.from({ length: ranks }, (_, rank) =>
    printed([interpreter, "-B", pyTorchRank, JSON.stringify(task)], {
      ...{ RANK: String(rank), WORLD_SIZE: String(ranks), MASTER_ADDR: "127.0.0.1", MASTER_PORT: port },
      ...{ GLOO_SOCKET_IFNAME: "lo" },
    }),
  );
  const [first] = await Promise.all(all);
  return JSON.parse(first);
}

/** What a program prints. */
function printed([program, ...words]: string[], variables: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...variables } });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => {
      if (code === 0) resolve(text);
      else reject(new Error(`A rank ended with ${code}.`));
    });
  });
}

const line = (name: string, { stepMs, sumMs, peakBytes, ranks }: RankTimes, more: object = {}): Line => {
  const [step, sum] = [median(stepMs), median(sumMs)];
  const isKnown = ranks > 1 && sumMs.length > 0;
  const share = isKnown ? `${digits((100 * sum) / step)} %` : "";
  return {
    cells: [name, digits(step), isKnown ? digits(sum) : "", share, peakBytes.map(gigabytes).join(", ")],
    data: { name, stepMs, sumMs, peakBytes, ...more },
  };
};

/** The same batch by one process of two threads and by two of one, in turns. */
async function oneMachine({ rounds = STEPS }: BenchOptions): Promise<Line[]> {
  const task = { config: configOf(8, 4), steps: rounds };
  const alone = await run([], { ...task, threads: 2 });
  const together = await run(mpirun(2), { ...task, threads: 1 });
  return [line("1 process × 2 threads", alone), line("2 ranks × 1 thread", together), ...(await besidePyTorch(task))];
}

/** The same by PyTorch in its newest version, compiled where it compiles. */
async function besidePyTorch(task: Omit<RankTask, "threads">): Promise<Line[]> {
  const [installation] = pyTorchInstallations();
  if (!installation) return [];
  const { interpreter, version } = installation;
  const compile = Number.parseInt(version, 10) >= 2;
  const name = `PyTorch ${version}${compile ? ", compiled" : ""}`;
  return [
    line(`${name}: 1 process × 2 threads`, await runPyTorch(interpreter, 1, { ...task, compile, threads: 2 })),
    line(
      `${name}, DistributedDataParallel over gloo: 2 × 1`,
      await runPyTorch(interpreter, 2, { ...task, compile, threads: 1 }),
    ),
  ];
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Twice the images by two ranks, and by two processes that know nothing of each other. */
async function weak({ rounds = STEPS }: BenchOptions): Promise<Line[]> {
  const own = { config: configOf(4, 4), steps: rounds, threads: 1 };
  const apart = await Promise.all([run([], own), run([], own)]);
  const together = await run(mpirun(2), { ...own, config: configOf(8, 4) });
  const best = Math.min(...apart.map(({ stepMs }) => median(stepMs)));
  const efficiency = best / median(together.stepMs);
  return [
    ...apart.map((times, index) => line(`process ${index + 1} of 2, alone`, times)),
    line(`2 ranks: ${digits(100 * efficiency)} %`, together, { efficiency }),
  ];
}

/** Ranks for which a step over the same network is extrapolated. */
const RANKS = [8, 32, 128];

/**
 * A step over a network. Extrapolated by a stated model: the sum moves 2 (R − 1) / R times the gradients through each machine's cable,
 * which for R = 2 is once; the rest of the step is what it was.
 */
async function network(gigabits: number, { rounds = STEPS }: BenchOptions): Promise<Line[]> {
  const task = { config: configOf(8, 4), steps: rounds, threads: 1 };
  const times = await withFolder((folder) => withMachines(gigabits, folder, ({ words }) => run(words, task)));
  const [step, sum] = [median(times.stepMs), median(times.sumMs)];
  const more = RANKS.map((ranks) => {
    const summing = (sum * 2 * (ranks - 1)) / ranks;
    return { ranks, sumMs: summing, stepMs: step - sum + summing };
  });
  const extrapolated = more.map(({ ranks, ...each }): Line => {
    const share = `${digits((100 * each.sumMs) / each.stepMs)} %`;
    return { cells: [`${ranks} ranks, extrapolated`, digits(each.stepMs), digits(each.sumMs), share, ""], data: each };
  });
  return [line(`2 ranks, ${gigabits} Gbit/s`, times), ...extrapolated];
}

const networkCase = (gigabits: number): Case => ({
  id: `ranks/${PRESET}-${gigabits}gbit`,
  title: `\`${PRESET}\`, batch 8, two namespaces, ${gigabits} Gbit/s`,
  run: async (options) =>
    hasOpenMpi() && canJoin() ? network(gigabits, options) : [skipped("needs root, Open MPI, ip and tc")],
});

const skipped = (why: string): Line => ({ cells: [why, "", "", "", ""], data: { why } });

const local = (id: string, title: string, measure: (options: BenchOptions) => Promise<Line[]>): Case => ({
  id: `ranks/${PRESET}-${id}`,
  title,
  run: async (options) => (hasOpenMpi() ? measure(options) : [skipped("needs mpirun.openmpi")]),
});

export const ranksSection: Section = {
  title: "Several processes that train together",
  columns: ["case", "", "ms a step", "ms of the sum", "share", "GB by rank"],
  cases: [
    local("8", `\`${PRESET}\`, batch 8 in micro-batches of 4`, oneMachine),
    local("weak", `\`${PRESET}\`, 4 images a rank`, weak),
    networkCase(1),
    networkCase(10),
  ],
};
