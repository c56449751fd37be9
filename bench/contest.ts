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
import type { Task, Work } from "./protocol.js";

/** Units of work before those that count: the first makes what is kept, the second shows what one takes. */
const WARM_UPS = 2;
/** A variant so many times slower than the best of its system does not take part. */
const HOPELESS = 1.5;
/** A variant's first unit is not waited for longer than so many times the other's, … */
const PATIENCE = 4;
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
  /** Time of the last unit of work. */
  lastMs: number;
}

/** Runs a contest; the standings are in the order of the competitors, one a system. */
export async function hold({ work, config, threads, rounds, competitors }: Contest): Promise<Standing[]> {
  return withInputs(competitors, config, work, async (inputs) => {
    let runners = await warmedUp(competitors, { work, config, threads, given: false, inputs });
    for (let round = 0; round < rounds; round++) {
      if (round === QUALIFYING) runners = qualified(runners);
      for (const runner of runners) runner.times.push(await unit(runner));
    }
    const standings: Standing[] = [];
    for (const { competitor, competing, startMs, firstMs, times } of qualified(runners)) {
      standings.push({ competing, startMs, firstMs, times, ms: median(times), peakBytes: await competitor.end() });
    }
    return standings;
  });
}

/** Times as fast as a peer: the median over the rounds of its time by ours. */
export const timesAsFast = (ours: Standing, peer: Standing): number =>
  median(ours.times.map((ms, round) => peer.times[round] / ms));

/** The fastest variant of each system so far; the others are sent home. */
function qualified(runners: Runner[]): Runner[] {
  const isBest = ({ competing, times }: Runner) =>
    runners.every((other) => other.competing.system !== competing.system || median(other.times) >= median(times));
  for (const { competitor } of runners.filter((runner) => !isBest(runner))) competitor.kill();
  return runners.filter(isBest);
}

async function unit(runner: Runner): Promise<number> {
  await sleep(PAUSE_MS);
  runner.lastMs = (await runner.competitor.step()).ms;
  return runner.lastMs;
}

/** Starts everyone, one after the other, and sends the hopeless variants home. */
async function warmedUp(competitors: Competing[], task: Task): Promise<Runner[]> {
  const runners: Runner[] = [];
  for (const competing of competitors) {
    const { competitor, startMs } = await Competitor.start(competing, task);
    const runner = { competing, competitor, startMs, firstMs: 0, times: [], lastMs: 0 };
    const rival = runners.find((other) => other.competing.system === competing.system);
    const inTime = await firstUnit(runner, rival && Math.max(PATIENCE * rival.firstMs, LEAST_PATIENCE_MS));
    for (let warmUp = 1; inTime && warmUp < WARM_UPS; warmUp++) await unit(runner);
    if (!inTime || (rival && runner.lastMs > HOPELESS * rival.lastMs)) {
      competitor.kill();
      continue;
    }
    if (rival && rival.lastMs > HOPELESS * runner.lastMs) {
      rival.competitor.kill();
      runners.splice(runners.indexOf(rival), 1);
    }
    runners.push(runner);
  }
  return runners;
}

/** The first unit of work; false when it takes longer than `limitMs`. */
async function firstUnit(runner: Runner, limitMs: number | undefined): Promise<boolean> {
  const work = unit(runner).then((ms) => {
    runner.firstMs = ms;
    return true;
  });
  if (limitMs === undefined) return work;
  const late = new AbortController();
  const inTime = await Promise.race([work, sleep(limitMs, false, { signal: late.signal }).catch(() => false)]);
  late.abort();
  if (!inTime) work.catch(() => {}); // it will be killed
  return inTime;
}
