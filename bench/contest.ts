/**
 * @file Competitors at the same work, in turns: what disturbs the machine disturbs all of them. One round is one unit of work
 * of each.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../src/config/index.js";
import { Competitor } from "./competitor.js";
import { median } from "./measure.js";
import { withInputs } from "./peers/inputs.js";
import type { Competing } from "./peers/systems.js";
import type { FeaturesTask, Task, Work } from "./protocol.js";

/** A variant's first unit, which does not count, is not waited for longer than so many times that of another, … */
const PATIENCE = 2;
/** … but so long in any case. */
const LEAST_PATIENCE_MS = 5000;
/** Rounds after which only the best variant of a system goes on. */
const QUALIFYING = 3;
/** Between turns: OpenMP's threads, of PyTorch, spin for some 30 ms after their work. */
const PAUSE_MS = 60;

export interface Contest {
  work: Work;
  config: Config;
  threads: number;
  rounds: number;
  competitors: Competing[];
}

/** What was measured of one competitor. */
export interface Standing {
  competing: Competing;
  /** Time to make programs and copy weights, and time of the first unit of work. */
  startMs: number;
  firstMs: number;
  /** Of every round. */
  times: number[];
  /** Median of `times`. */
  ms: number;
  peakBytes: number;
}

interface Runner extends Omit<Standing, "ms" | "peakBytes"> {
  competitor: Competitor;
}

/** Runs a contest; the standings are in the order of the competitors, one a system. */
export async function hold({ work, config, threads, rounds, competitors }: Contest): Promise<Standing[]> {
  return withInputs(competitors, config, work, (inputs) =>
    take({ task: { work, config, threads, given: false, inputs }, rounds, competitors }),
  );
}

/** The same for any task. */
export async function take({
  task,
  rounds,
  competitors,
}: Pick<Contest, "rounds" | "competitors"> & { task: Task | FeaturesTask }): Promise<Standing[]> {
  let runners = await warmedUp(competitors, task);
  for (let round = 0; round < rounds; round++) {
    if (round === QUALIFYING) runners = qualified(runners);
    for (const runner of runners) runner.times.push(await unit(runner.competitor));
  }
  const standings: Standing[] = [];
  for (const { competitor, competing, startMs, firstMs, times } of qualified(runners)) {
    standings.push({
      competing,
      startMs,
      firstMs,
      times,
      ms: median(times),
      peakBytes: (await competitor.end()).peakBytes,
    });
  }
  return standings;
}

/** Times as fast as a peer: the median over the rounds of its time by ours. */
export const timesAsFast = (ours: Standing, peer: Standing): number =>
  median(ours.times.map((ms, round) => peer.times[round] / ms));

/** The fastest variant of each system so far; the others are sent home. */
function qualified(runners: Runner[]): Runner[] {
  const isBest = ({ competing, times }: Runner) =>
    !runners.some((other) => other.competing.system === competing.system && median(other.times) < median(times));
  for (const { competitor } of runners.filter((runner) => !isBest(runner))) competitor.kill();
  return runners.filter(isBest);
}

async function unit(competitor: Competitor): Promise<number> {
  await sleep(PAUSE_MS);
  return (await competitor.step()).ms;
}

/** Starts everyone, one after the other, and sends the hopeless variants home. */
async function warmedUp(competitors: readonly Competing[], task: Task | FeaturesTask): Promise<Runner[]> {
  const runners: Runner[] = [];
  for (const competing of competitors) {
    const { competitor, startMs } = await Competitor.start(competing, task);
    const rival = runners.find((other) => other.competing.system === competing.system);
    const limitMs = rival && Math.max(PATIENCE * rival.firstMs, LEAST_PATIENCE_MS);
    const firstMs = await firstUnit(competitor, limitMs);
    if (firstMs === undefined) competitor.kill();
    else runners.push({ competing, competitor, startMs, firstMs, times: [] });
  }
  return runners;
}

/** Time of the first unit of work, or undefined when it takes longer than `limitMs`. */
async function firstUnit(competitor: Competitor, limitMs: number | undefined): Promise<number | undefined> {
  const work = unit(competitor);
  if (limitMs === undefined) return work;
  work.catch(() => {}); // of a process that was killed
  const late = new AbortController();
  const tooLong = sleep(limitMs, undefined, { signal: late.signal }).catch(() => undefined);
  const firstMs = await Promise.race([work, tooLong]);
  late.abort();
  return firstMs;
}
