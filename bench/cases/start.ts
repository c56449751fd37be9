/**
 * @file Starting: until programs are ready, and the first step after it. First with nothing kept on disk, then in another
 * process with the programs that the first one kept.
 */
import { applySettings, type PresetName, resolvePreset } from "../../src/config/index.js";
import { hold } from "../contest.js";
import { type Competing, pyTorch, strata } from "../peers/systems.js";
import { withFolder } from "../scratch.js";
import { type BenchOptions, type Case, type Line, type Section, seconds } from "../suite.js";

async function start(preset: PresetName, batch: number, { threads }: BenchOptions): Promise<Line[]> {
  const config = applySettings(resolvePreset(preset), [`training.batchSize=${batch}`]);
  const contest = { work: "train", config, threads, rounds: 0 } as const;
  const alone = (competitors: Competing[]) => hold({ ...contest, competitors });
  const ours = await withFolder(async (cache) => {
    process.env.STRATA_CACHE_DIR = cache;
    const standings = [...(await alone([strata])), ...(await alone([strata]))];
    process.env.STRATA_CACHE_DIR = "";
    return standings;
  });
  const peers = await alone(pyTorch().slice(0, 1));
  const cells = [...ours, ...peers].flatMap(({ startMs, firstMs }) => [startMs, firstMs].map(seconds));
  return [{ cells: peers.length > 0 ? cells : [...cells, "not installed", ""], data: { ours, peers } }];
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
