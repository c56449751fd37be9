/** @file Starting: until programs are ready, in one process after another, and the first step after it. */
import { applySettings, resolvePreset } from "../../src/config/index.js";
import { hold, type Standing } from "../contest.js";
import { pyTorch, strata } from "../peers/systems.js";
import { type BenchOptions, type Case, type Line, type Section, seconds } from "../suite.js";

async function start(preset: string, batch: number, { threads }: BenchOptions): Promise<Line[]> {
  const config = applySettings(resolvePreset(preset), [`training.batchSize=${batch}`]);
  const contest = { work: "train", config, threads, rounds: 0 } as const;
  const [first] = await hold({ ...contest, competitors: [strata] });
  const [second] = await hold({ ...contest, competitors: [strata] });
  const others = await hold({ ...contest, competitors: pyTorch().slice(0, 1) });
  const cells = [first, second, ...others].flatMap(({ startMs, firstMs }: Standing) => [startMs, firstMs].map(seconds));
  return [{ cells: [...cells, "", ""].slice(0, 6), data: { first, second, others } }];
}

const presets = [
  ["emoji32-small", 16],
  ["cifar10-small", 8],
  ["cifar10", 4],
] as const;

export const startSection: Section = {
  title: "Starting to train, seconds",
  columns: ["case", "ready", "first step", "ready again", "first step", "PyTorch ready", "first step"],
  cases: presets.map(
    ([preset, batch]): Case => ({
      id: `start/${preset}`,
      title: `\`${preset}\`, batch ${batch}`,
      run: (options) => start(preset, batch, options),
    }),
  ),
};
