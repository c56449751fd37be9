/** @file Strata as a competitor: on ONNX Runtime, or, with a plugin and a precision as arguments, on XLA. */
import type { Config } from "../../src/config/index.js";
import { Runtime, type RuntimeOptions } from "../../src/engine/index.js";
import { fromBytes, toBytes } from "../../src/inference/pictures.js";
import { areaDownsample } from "../../src/inference/programs/low-resolution.js";
import { modelInputs } from "../../src/inference/programs/model-inputs.js";
import { compilePosteriorPass } from "../../src/inference/programs/posterior-pass.js";
import { compilePriorPass } from "../../src/inference/programs/prior-pass.js";
import { drawSamples, priorKind } from "../../src/inference/sampling/sampler.js";
import { groups } from "../../src/model/index.js";
import { stepInputs } from "../../src/training/inputs/step-inputs.js";
import { initialState } from "../../src/training/run/starting-point.js";
import { Trainer } from "../../src/training/trainer.js";
import type { Work } from "../protocol.js";
import { GUIDANCE, generatorWeights, imageBatch, pictures, showNoise } from "./inputs.js";
import { means, type Prepared, serve, timed } from "./serve.js";

type Prepare = (config: Config, runtime: Runtime, given: boolean) => Promise<Prepared>;

const COUNTERS = { step: 0, updates: 0, images: 0, skips: 0, consecutiveSkips: 0 };

/** The inputs of the next step are made while one runs, as in `train`. */
const train: Prepare = async (config, runtime, given) => {
  const state = initialState(config);
  const [trainer, startMs] = await timed(() => Trainer.create(config, runtime, COUNTERS, state));
  const batch = imageBatch(config);
  const inputs = async (step: number) => stepInputs(config, step, batch, runtime.traits);
  let next = await inputs(0);
  return {
    startMs,
    work: async () => {
      const [report, following] = await Promise.all([
        trainer.step(next),
        given ? next : inputs(trainer.counters.step + 1),
      ]);
      next = following;
      return [report.lossNats, report.gradientNorm];
    },
  };
};

const generation =
  (guided: boolean): Prepare =>
  async (config, runtime, given) => {
    const weights = generatorWeights(config);
    const { model, training } = config;
    const batch = training.batchSize;
    const guidance = guided ? GUIDANCE : undefined;
    const [program, startMs] = await timed(() =>
      compilePriorPass(config, batch, priorKind(config, { guidance }), weights, runtime),
    );
    const { labels, images } = pictures(config);
    const small = () => areaDownsample(fromBytes(images), model.resolution, model.levels[0].resolution);
    const options = {
      ...{ count: batch, batch },
      ...(model.classes > 0 ? { labels } : {}),
      ...(model.superResolution ? { lowResolution: small() } : {}),
      guidance,
    };
    const data = { name: "none", count: 0, classes: [], classCounts: [] };
    let seed = 0;
    return {
      startMs,
      work: async () => {
        const { images } = await drawSamples(program, config, data, { ...options, seed: given ? 0 : seed++ });
        return given ? means(images) : [];
      },
    };
  };

const reconstruct: Prepare = async (config, runtime, given) => {
  const { parameters } = initialState(config);
  const count = config.training.batchSize;
  const [program, startMs] = await timed(() =>
    compilePosteriorPass(config, count, { drawn: false }, parameters, runtime),
  );
  const seen = pictures(config);
  const indices = Array.from({ length: count }, (_, image) => image);
  return {
    startMs,
    work: async () => {
      const { images } = await program.run({
        batch: modelInputs(config.model, seen, indices, 0),
        latents: showNoise(config, "reconstruct"),
        fromPosterior: new Float32Array(groups(config.model).length).fill(1),
        allottedNats: new Float32Array(count).fill(Number.POSITIVE_INFINITY),
      });
      const bytes = toBytes(images);
      return given ? means(bytes) : [];
    },
  };
};

const prepare: Record<Work, Prepare> = { train, generate: generation(false), guide: generation(true), reconstruct };

const [plugin, precision] = process.argv.slice(2);
type Xla = NonNullable<RuntimeOptions["xla"]>;
const options: RuntimeOptions = plugin
  ? { device: "xla", xla: { plugin, precision: precision as Xla["precision"] } }
  : {};

await serve(({ work, config, threads, given }) => prepare[work](config, new Runtime({ threads, ...options }), given));
