/** @file The golden model fixtures in this project's terms: configuration, parameters, batch and noise. */
import { type CompleteConfigInput, type Config, parseConfig } from "../../src/config/index.js";
import {
  groups,
  type ModelParameters,
  mapParameters,
  modelParameters,
  parameterEntries,
} from "../../src/model/index.js";
import type { SpectralVectors } from "../../src/objective/loss.js";
import { HostArray } from "./evaluate.js";
import { type Golden, readGolden, readGoldenJson } from "./golden.js";

export const fixtureNames = ["uncond16", "cond16", "superres16"] as const;
export type FixtureName = (typeof fixtureNames)[number];

/** A golden tensor as an argument of `evaluate`. */
export function host({ data, shape }: Golden): HostArray {
  return new HostArray(data instanceof Uint8Array ? Int32Array.from(data) : data, shape);
}

/** Reads the fixture's `config.json`, whose lists run from the highest resolution down. */
function fixtureConfig(name: FixtureName): Config {
  const { model, training, derived } = readGoldenJson(`${name}/config.json`);
  const resolutions: number[] = derived.resolutions_high_to_low;
  const levels = resolutions.map((resolution, i) => ({
    resolution,
    channels: model.c * model.c_mult[i],
    encoderBlocks: model.enc_nlayers[i],
    stochasticLayers: model.nlayers[i],
    attention: model.num_attention[i],
  }));
  const input: CompleteConfigInput = {
    preset: name,
    model: {
      resolution: model.resolution,
      classes: model.num_classes,
      latentChannels: model.zdim,
      finalBlocks: model.num_final_blocks,
      levels: levels.reverse(),
      ...(model.is_superres ? { superResolution: { blocks: model.superres_nlayers, noise: 0.15 } } : {}),
    },
    objective: { sigma: training.sigma_q, spectralWeight: 0, informationSchedule: "on" },
    optimizer: {
      startLearningRate: 1e-4,
      maxLearningRate: 1e-3,
      minLearningRate: 1e-4,
      decaySteps: 100,
      skipThreshold: 300,
    },
    training: {
      batchSize: 4,
      steps: 100,
      flips: false,
      emaDecay: 0.99,
      checkpointEvery: 10,
      evaluateEvery: 10,
      sampleEvery: 10,
    },
  };
  return parseConfig(input, { source: name });
}

/** Everything a test of one fixture needs. */
export function fixture(name: FixtureName) {
  const config = fixtureConfig(name);
  const [weights, step, debug, sample] = ["weights", "train_step", "debug", "sample"].map((file) =>
    readGolden(`${name}/${file}.safetensors`),
  );
  const specs = modelParameters(config.model, 6);
  const names = new Map(
    parameterEntries(specs).map(
      ([
        path,
        {
          names: { torch },
        },
      ]) => [path, torch],
    ),
  );
  /** A tree of parameters read from a file by the authors' names. */
  const tree = (read: (name: string) => Golden): ModelParameters<HostArray> =>
    mapParameters(specs, (_, path) => host(read(names.get(path)!)));
  const conditional = config.model.classes > 0;
  const noise = (read: (name: string) => Golden) => groups(config.model).map(({ index }) => host(read(`eps.${index}`)));
  /** The authors' name of the module that holds a group's prior or posterior convolution under the spectral term. */
  const spectralModule = ({ level, layer }: { level: number; layer: number }, kind: "prior" | "posterior") =>
    names.get(`generator.levels.${level}.layers.${layer}.${kind}.conv2.weight`)!.replace(/\.conv\.weight$/, "");
  const spectral = readGolden(`${name}/spectral.safetensors`);
  return {
    config,
    model: config.model,
    /** The authors' name of every parameter, by our path. */
    names,
    parameters: tree(weights),
    gradients: () => tree((parameter) => step(`grad.${parameter}`)),
    batch: {
      images: host(step("img")),
      ...(conditional ? { labels: host(step("label")), droppedLabels: host(step("cf_guidance_label")) } : {}),
      ...(config.model.superResolution ? { lowResolution: host(step("img_lr")) } : {}),
    },
    noise: noise(step),
    spectral,
    spectralModule,
    spectralVectors: groups(config.model).map((group): SpectralVectors<HostArray> => {
      const read = (kind: "prior" | "posterior") => {
        const data = Float32Array.from(spectral(`${spectralModule(group, kind)}.u_before`).data);
        return new HostArray(data, [data.length]);
      };
      return { prior: read("prior"), posterior: read("posterior") };
    }),
    sampleNoise: () => noise(sample),
    weights,
    step,
    debug,
    sample,
  };
}
