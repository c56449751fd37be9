/** @file One of several processes that train together, for the benchmark: rank 0 prints what steps and sums took. */
import type { Config } from "../../src/config/index.js";
import { Runtime } from "../../src/engine/index.js";
import { launcherOf } from "../../src/ranks/launcher.js";
import { openRanks } from "../../src/ranks/open-ranks.js";
import { type Ranks, single } from "../../src/ranks/ranks.js";
import { stepInputs } from "../../src/training/inputs/step-inputs.js";
import { FRESH } from "../../src/training/run/counters.js";
import { initialState } from "../../src/training/run/starting-point.js";
import { reductionOf } from "../../src/training/shared-step.js";
import { Trainer } from "../../src/training/trainer.js";

/** What each process is asked for, as JSON in its first argument. */
export interface RankTask {
  config: Config;
  threads: number;
  steps: number;
}

/** What rank 0 prints, of every step but the first. */
export interface RankTimes {
  ranks: number;
  stepMs: number[];
  /** In which all ranks had their gradients, and waited for the sum. */
  sumMs: number[];
  /** Peak memory by rank. */
  peakBytes: number[];
}

const { config, threads, steps } = JSON.parse(process.argv[2]) as RankTask;
const launcher = launcherOf();
const ranks: Ranks = launcher
  ? await openRanks(launcher, { timeoutSeconds: 120, onHang: () => process.kill(process.pid, "SIGKILL") })
  : single;
let summingMs = 0;
const timed: Ranks = {
  ...ranks,
  sum: async (arrays) => {
    await ranks.gather(0); // whoever is slower is not the sum's fault
    const began = performance.now();
    const result = await ranks.sum(arrays);
    summingMs = performance.now() - began;
    return result;
  },
};
await using runtime = new Runtime({ threads });
const reduction = reductionOf(timed, runtime, () => {});
const follows = ranks.rank > 0;
{
  await using trainer = await Trainer.create(config, runtime, FRESH, initialState(config), reduction);
  const { batchSize } = config.training;
  const pixels = Float32Array.from({ length: batchSize * 3 * config.model.resolution ** 2 }, (_, i) => Math.sin(i));
  const labels = new Int32Array(batchSize);
  const times: Pick<RankTimes, "stepMs" | "sumMs"> = { stepMs: [], sumMs: [] };
  for (let step = 0; step <= steps; step++) {
    const inputs = stepInputs(config, step, { images: pixels, labels }, runtime.traits, ranks);
    if (follows) await ranks.broadcast(undefined);
    const began = performance.now();
    await trainer.step(inputs);
    if (step === 0) continue;
    times.stepMs.push(performance.now() - began);
    times.sumMs.push(summingMs);
  }
  const peakBytes = await ranks.gather(1024 * process.resourceUsage().maxRSS);
  const found: RankTimes = { ranks: ranks.size, ...times, peakBytes };
  if (!follows) console.log(JSON.stringify(found));
}
await ranks.close();
