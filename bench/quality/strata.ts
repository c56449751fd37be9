/** @file Strata as a contestant: all the time for the paper's model, or some of it for a refinement of its first latents. */
import { join } from "node:path";
import { applySettings, type PresetName, resolvePreset } from "../../src/config/index.js";
import { leaves, Runtime } from "../../src/engine/index.js";
import { type SampleOptions, Sampler } from "../../src/inference/sampling/sampler.js";
import { parameterSpecs, type TrainedModel } from "../../src/inference/trained-model.js";
import { countParameters } from "../../src/model/index.js";
import { flowSpecs } from "../../src/refinement/flow-state.js";
import { defaultGroups, stacksOf } from "../../src/refinement/latents.js";
import { drawCountWithin } from "../../src/refinement/posterior-draws.js";
import { refine } from "../../src/refinement/refine.js";
import { openRefinement, partsOf } from "../../src/refinement/refinement.js";
import { refinementFolder } from "../../src/refinement/refinement-config.js";
import { fitToTime, measureSpeed } from "../../src/training/fit-to-time.js";
import { openRun } from "../../src/training/run/open-run.js";
import { train } from "../../src/training/train.js";
import { logLine } from "./log.js";
import type { Contestant, Drawn, Task, Trained } from "./task.js";

/** Of the minutes, where there is a second stage: as in `strata demo`. */
const REFINEMENT_SHARE = 0.6;
/** A sample does not depend on it; two rounds of the judge's labels fit. */
const BATCH = 36;

/** The others do not look at themselves while they train. */
const UNWATCHED = ["training.evaluateEvery=1000000000", "training.sampleEvery=1000000000"];

/** What a setting is called, and how its samples are drawn. */
type Settings = Record<string, Omit<SampleOptions, "count">>;

const guided = (mean: number, variance = mean) => ({ guidance: { mean, variance } });
const ONE_STAGE: Settings = { "guidance 0": {}, "guidance 1": guided(1), "guidance 3": guided(3) };
const TWO_STAGES: Settings = {
  "guidance 0": {},
  "temperature 0.8": { temperature: 0.8 },
  "guidance 1": { refineGuidance: 1 },
  "guidance 1, temperature 0.7": { refineGuidance: 1, temperature: 0.7 },
};

/** What the paper's model comes to within the time, and how fast it saw images. */
async function trained(preset: PresetName, settings: string[], minutes: number, task: Task, runtime: Runtime) {
  const { data, seed } = task;
  const out = join(task.out, "run");
  const asked = applySettings(resolvePreset(preset), [...settings, `training.seed=${seed}`]);
  const { imagesPerSecond } = await measureSpeed(asked, data, { runtime });
  const config = applySettings(fitToTime(asked, imagesPerSecond, 60 * minutes), UNWATCHED);
  const say = logLine();
  const result = await train({
    config,
    data,
    out,
    limit: { minutes },
    runtime,
    onEvent: (event) => {
      if (event.type === "progress") say(`step ${event.step}, loss ${event.lossNats.toFixed(0)} nats`);
    },
  });
  return { model: await openRun(out), out, imagesPerSecond, result };
}

async function drawAll(sampler: Sampler, settings: Settings, { labels, seed }: Task): Promise<Drawn[]> {
  const drawn: Drawn[] = [];
  for (const [setting, how] of Object.entries(settings)) {
    const draw = (count: number) => sampler.sample({ ...how, count, seed, labels: labels.subarray(0, count) });
    await draw(BATCH); // compiled
    const began = performance.now();
    const { images } = await draw(labels.length);
    drawn.push({ setting, images, secondsPer1000: (performance.now() - began) / labels.length });
  }
  return drawn;
}

const sizeOf = ({ shape }: { shape: readonly number[] }) => shape.reduce((product, side) => product * side, 1);
const parametersOf = ({ config }: TrainedModel) => countParameters(parameterSpecs(config));

/** All the time for one stage, whose own prior draws. */
export const oneStage = (id: string, preset: PresetName, settings: string[]): Contestant => ({
  id,
  title: "Strata, the paper's model alone",
  name: "Strata, one stage",
  run: async (task): Promise<Trained> => {
    await using runtime = new Runtime({ threads: task.threads });
    const { model, result } = await trained(preset, settings, task.minutes, task, runtime);
    await using sampler = new Sampler(model, { batch: BATCH, runtime });
    const drawn = await drawAll(sampler, ONE_STAGE, task);
    return { parameters: parametersOf(model), images: result.images, seconds: result.seconds, drawn };
  },
});

/** A stage and its refinement. */
export const twoStages = (id: string, preset: PresetName): Contestant => ({
  id,
  title: "Strata with a refinement",
  name: "Strata",
  run: async (task): Promise<Trained> => {
    await using runtime = new Runtime({ threads: task.threads });
    const first = await trained(preset, [], (1 - REFINEMENT_SHARE) * task.minutes, task, runtime);
    const { model, out, imagesPerSecond, result } = first;
    const minutes = REFINEMENT_SHARE * task.minutes;
    const stacks = stacksOf(model.config.model, defaultGroups(model.config.model));
    const say = logLine();
    const began = performance.now();
    await refine(model, {
      ...{ images: task.data.train, out: refinementFolder(out), seed: task.seed, runtime },
      draws: drawCountWithin(60 * minutes, imagesPerSecond, task.data.train.count, stacks),
      limit: { minutes },
      onEvent: (event) => {
        if (event.type === "progress") say(`refinement, step ${event.step}, loss ${event.loss.toFixed(3)}`);
      },
    });
    const seconds = result.seconds + (performance.now() - began) / 1000;
    const refinement = await openRefinement(model, out);
    const flow = leaves(flowSpecs(partsOf(refinement).refined)).reduce((sum, spec) => sum + sizeOf(spec), 0);
    await using sampler = new Sampler(model, { batch: BATCH, refinement, runtime });
    const drawn = await drawAll(sampler, TWO_STAGES, task);
    return { parameters: parametersOf(model) + flow, images: result.images, seconds, drawn };
  },
});
