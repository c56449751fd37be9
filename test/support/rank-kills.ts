/** @file Training by two processes, one of which, or the launcher, is killed, stopped or signalled at random moments, and resumed. */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { foldIn, keyFromSeed, uniform } from "../../src/random/index.js";
import { discs, tiny } from "./command-line.js";
import { differences } from "./kills.js";
import { type Launcher, launchers, ranksOf, startRanks } from "./mpi.js";

const STEPS = 12;
const settings = [
  ...["training.batchSize=4", "training.microBatchSize=1", `training.steps=${STEPS}`, "training.logEvery=1"],
  ...["training.checkpointEvery=2", "training.evaluateEvery=3", "training.sampleEvery=4"],
];

/** What is done, to whom. SIGTERM makes Open MPI's launcher kill all after two seconds, SIGUSR1 is passed on. */
const HARMS = [
  { signal: "SIGKILL", victim: 0 },
  { signal: "SIGKILL", victim: 1 },
  { signal: "SIGSTOP", victim: 1 },
  { signal: "SIGTERM", victim: "launcher" },
  { signal: "SIGUSR1", victim: "launcher" },
  { signal: "SIGSTOP", victim: 0 },
  { signal: "SIGTERM", victim: 1 },
  { signal: "SIGINT", victim: "launcher" },
] as const;

/** After which a stopped process is lost, seconds. */
const TIMEOUT = 2;

/** What came of it. */
export interface RankKillReport {
  kills: number;
  /** The longest time from the harm to the end of all processes, milliseconds. */
  slowestEndMs: number;
  /** What differs from an undisturbed run of one process, one sentence each. */
  differences: string[];
}

const words = (data: string, out: string) => {
  const options = ["--data", data, "--out", out, "--resume", "--quiet", "--rank-timeout", String(TIMEOUT)];
  return ["train", ...tiny, ...settings, ...options];
};

/** Images to train on, and what one process that is left alone makes of them. */
export interface Undisturbed {
  data: string;
  run: string;
}

/**
 * Trains once undisturbed, alone: no launcher is needed, and what any leaves is compared with it.
 *
 * @param folder - empty; everything goes there
 */
export async function trainUndisturbed(folder: string): Promise<Undisturbed> {
  const data = await discs(join(folder, "discs"), ["red", "blue"], 13);
  const run = join(folder, "whole");
  const { code, stderr } = await startRanks(launchers[0], 1, ...words(data, run)).ended;
  if (code !== 0) throw new Error(`The undisturbed run ended with ${code}:\n${stderr}`);
  return { data, run };
}

/**
 * Trains by two processes, one or other of which comes to harm, one to four in turn by the number of the attempt, until all harms are
 * done, and the run is resumed to its end.
 *
 * @param out - a new folder, for the run
 */
export async function surviveRankKills(
  launcher: Launcher,
  { data, run: whole }: Undisturbed,
  out: string,
  { kills, first = 0, seed }: { kills: number; first?: number; seed: number },
): Promise<RankKillReport> {
  mkdirSync(out, { recursive: true });
  const report: RankKillReport = { kills: 0, slowestEndMs: 0, differences: [] };
  for (let done = false; !done; ) {
    const run = startRanks(launcher, 2, ...words(data, out));
    const over = { yes: false };
    void run.ended.then(() => {
      over.yes = true;
    });
    const before = newest(out);
    const { signal, victim } = HARMS[(first + report.kills) % HARMS.length];
    const [delay] = uniform(foldIn(keyFromSeed(seed), report.kills), 1);
    while (!over.yes && report.kills < kills && newest(out) === before) await sleep(10);
    await sleep(300 * delay);
    const ranks = ranksOf(out);
    const pid = victim === "launcher" ? run.child.pid! : ranks[victim];
    if (over.yes || report.kills >= kills || pid === undefined) {
      const { code, stderr } = await run.ended;
      if (code !== 0) throw new Error(`Undisturbed, it ended with ${code}:\n${stderr}`);
      done = true;
      break;
    }
    const harmedMs = performance.now();
    process.kill(pid, signal);
    report.kills++;
    const { code } = await run.ended;
    while (ranksOf(out).length > 0) await sleep(20);
    report.slowestEndMs = Math.max(report.slowestEndMs, performance.now() - harmedMs);
    // It was at its end already. A launcher that was signalled says nothing: MPICH's ends with 0 now and then, its ranks with 130.
    done = code === 0 && victim !== "launcher";
  }
  report.differences.push(...differences(whole, out, STEPS));
  return report;
}

/** The newest checkpoint in a run folder. */
function newest(out: string): string | undefined {
  try {
    return readdirSync(join(out, "checkpoints"))
      .filter((name) => name.startsWith("step-"))
      .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
      .at(-1);
  } catch {
    return undefined;
  }
}
