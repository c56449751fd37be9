/** @file Whether competitors do the same work: results of the same parameters, images and noise, compared with ours. */
import type { Config } from "../src/config/index.js";
import { Competitor } from "./competitor.js";
import { withInputs } from "./peers/inputs.js";
import { type Competing, strata } from "./peers/systems.js";
import type { Task, Work } from "./protocol.js";

/** Units of work: the second and third training step see what the first has made of the weights. */
const UNITS = 3;

export interface Agreement {
  competing: Competing;
  /** Largest difference from our numbers, relative to them, over all units. */
  deviation: number;
  /** `Done.seen` of every unit. */
  seen: number[][];
}

export interface Comparison {
  work: Work;
  config: Config;
  threads: number;
  peers: Competing[];
}

/** How far every peer is from Strata. */
export function agreements({ work, config, threads, peers }: Comparison): Promise<Agreement[]> {
  return withInputs(peers, config, work, async (inputs) => {
    const task: Task = { work, config, threads, given: true, inputs };
    const ours = (await resultsOf(strata, task)).flat();
    const found: Agreement[] = [];
    for (const competing of peers) {
      const seen = await resultsOf(competing, task);
      const differences = seen.flat().map((value, index) => Math.abs(value / ours[index] - 1));
      found.push({ competing, seen, deviation: Math.max(...differences) });
    }
    return found;
  });
}

async function resultsOf(competing: Competing, task: Task): Promise<number[][]> {
  const { competitor } = await Competitor.start(competing, task);
  const results: number[][] = [];
  for (let unit = 0; unit < UNITS; unit++) results.push((await competitor.step()).seen);
  await competitor.end();
  return results;
}
