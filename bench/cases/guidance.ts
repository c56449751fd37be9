/** @file What guidance costs: our guided sampler in turns with our plain one, in one process. */
import { applySettings, type PresetName, resolvePreset } from "../../src/config/index.js";
import { Runtime } from "../../src/engine/index.js";
import { compilePriorPass } from "../../src/inference/programs/prior-pass.js";
import { drawSamples, priorKind } from "../../src/inference/sampling/sampler.js";
import { interleave } from "../measure.js";
import { GUIDANCE, generatorWeights, pictures } from "../peers/inputs.js";
import { type BenchOptions, type Case, digits, type Line, type Section } from "../suite.js";

const DATA = { name: "none", count: 0, classes: [], classCounts: [] };

const cases: { preset: PresetName; batch: number; rounds: number; settings: string[] }[] = [
  { preset: "emoji32", batch: 1, rounds: 41, settings: [] },
  { preset: "emoji32", batch: 4, rounds: 31, settings: [] },
  { preset: "emoji32", batch: 16, rounds: 15, settings: [] },
  { preset: "cifar10", batch: 1, rounds: 15, settings: ["model.classes=10"] },
  { preset: "cifar10", batch: 4, rounds: 11, settings: ["model.classes=10"] },
  { preset: "cifar10", batch: 16, rounds: 5, settings: ["model.classes=10"] },
];

async function cost(
  { preset, batch, rounds, settings }: (typeof cases)[number],
  { threads, rounds: asked = rounds }: BenchOptions,
): Promise<Line[]> {
  const config = applySettings(resolvePreset(preset), [`training.batchSize=${batch}`, ...settings]);
  const { labels } = pictures(config);
  const weights = generatorWeights(config);
  const runtime = new Runtime({ threads });
  const sampler = async (guided: boolean) => {
    const guidance = guided ? GUIDANCE : undefined;
    const program = await compilePriorPass(config, batch, priorKind(config, { guidance }), weights, runtime);
    let seed = 0;
    return () => drawSamples(program, config, DATA, { count: batch, batch, labels, guidance, seed: seed++ });
  };
  const works = [await sampler(false), await sampler(true)];
  const [plainMs, guidedMs] = await interleave(works, asked);
  await runtime.dispose();
  const timesAsLong = guidedMs / plainMs;
  return [
    { cells: [digits(plainMs), digits(guidedMs), timesAsLong.toFixed(2)], data: { plainMs, guidedMs, timesAsLong } },
  ];
}

export const guidanceSection: Section = {
  title: "What guidance costs",
  columns: ["case", "ms without", "ms with guidance", "times as long"],
  cases: cases.map(
    (one): Case => ({
      id: `guidance/cost-${one.preset}-${one.batch}`,
      title: `\`${one.preset}\`${one.settings.length > 0 ? " with 10 classes" : ""}, batch ${one.batch}`,
      run: (options) => cost(one, options),
    }),
  ),
};
