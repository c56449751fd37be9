/** @file Memory of training with everything kept and with blocks rematerialised, each in a process of its own. */
import { applySettings, resolvePreset } from "../../src/config/index.js";
import { hold } from "../contest.js";
import { strata } from "../peers/systems.js";
import { type BenchOptions, type Case, digits, gigabytes, type Line, type Section } from "../suite.js";

const PRESET = "cifar10";
const ROUNDS = 3;

async function memory(batch: number, { threads, rounds = ROUNDS }: BenchOptions): Promise<Line[]> {
  const standings = [];
  for (const rematerialise of [false, true]) {
    const settings = [`training.batchSize=${batch}`, `training.rematerialise=${rematerialise}`];
    const config = applySettings(resolvePreset(PRESET), settings);
    standings.push(...(await hold({ work: "train", config, threads, rounds, competitors: [strata] })));
  }
  const [kept, rematerialised] = standings;
  const cells = [kept, rematerialised].flatMap(({ peakBytes, ms }) => [gigabytes(peakBytes), digits(ms)]);
  return [{ cells, data: { kept, rematerialised } }];
}

export const memorySection: Section = {
  title: "Memory of training, all kept and blocks rematerialised",
  columns: ["case", "GB", "ms", "GB, rematerialised", "ms"],
  cases: [4, 8, 16].map(
    (batch): Case => ({
      id: `memory/${PRESET}-${batch}`,
      title: `\`${PRESET}\`, batch ${batch}`,
      run: (options) => memory(batch, options),
    }),
  ),
};
