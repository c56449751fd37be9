/** @file The state that a run starts from. */
import type { Config } from "../config/index.js";
import { map } from "../engine/index.js";
import type { ParameterTree } from "../inference/trained-model.js";
import { normalNoise, stream } from "../latents/noise.js";
import { initialise, modelParameters } from "../model/index.js";
import { outputChannels } from "../objective/output-layers.js";
import { stateSpecs, type TrainingState } from "./trainer.js";

/**
 * Random weights, or the ones given; the moving average equal to them, moments at zero, and spectral vectors in random
 * directions. All of it depends on the seed alone.
 */
export function initialState(config: Config, given?: ParameterTree): TrainingState<Float32Array> {
  const { model, objective, training } = config;
  const specs = stateSpecs(config);
  const parameters = given ?? initialise(modelParameters(model, outputChannels(objective)), training.seed);
  const key = stream(training.seed, "spectralVectors");
  const spectralVectors = specs.spectralVectors.map(({ prior, posterior }, group) => {
    const [forPrior, forPosterior] = normalNoise(key, [group], [prior.shape, posterior.shape]);
    return { prior: forPrior, posterior: forPosterior };
  });
  const moments = map(specs.moments, ({ size }) => new Float32Array(size));
  return { parameters, ema: parameters, moments, spectralVectors };
}
