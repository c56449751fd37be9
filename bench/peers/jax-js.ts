/** @file jax-js's own WebAssembly back-end as a competitor: our functions, compiled by its `jit` instead of our engine. */
import { jit, numpy as np, tree } from "@jax-js/jax";
import type { Config } from "../../src/config/index.js";
import { parameterSpecs } from "../../src/inference/trained-model.js";
import { groups, type ModelParameters, mapParameters, parameterEntries } from "../../src/model/index.js";
import type { ModelInputs } from "../../src/objective/auto-encode.js";
import { lossAndGradients, type SpectralVectors } from "../../src/objective/loss.js";
import { stepInputs } from "../../src/training/inputs/step-inputs.js";
import { optimizerOf } from "../../src/training/optimizer/optimizers.js";
import { averageDecay, learningRate } from "../../src/training/optimizer/schedules.js";
import {
  momentsOf,
  type OptimizerState,
  type UpdateScalars,
  update as updateBy,
} from "../../src/training/optimizer/update.js";
import { initialState } from "../../src/training/run/starting-point.js";
import type { Task } from "../protocol.js";
import { imageBatch } from "./inputs.js";
import { type Prepared, serve, timed } from "./serve.js";

type Parameters = ModelParameters<np.Array>;
type State = { [Part in keyof OptimizerState<Parameters>]: OptimizerState<Parameters>[Part] };

/** The state a run starts from, as arrays. */
function arrays(config: Config): { state: State; vectors: SpectralVectors[] } {
  const { parameters, spectralVectors } = initialState(config);
  const specs = new Map(parameterEntries(parameterSpecs(config)));
  const start = () =>
    mapParameters(parameters, (data, path) =>
      np.array(data as Float32Array<ArrayBuffer>, { shape: [...specs.get(path)!.shape] }),
    );
  const zeros = () => mapParameters(parameters, (_, path) => np.zeros([...specs.get(path)!.shape]));
  return {
    state: { parameters: start(), ema: start(), moments: momentsOf(optimizerOf(config.optimizer), zeros) },
    vectors: spectralVectors.map(({ prior, posterior }) => ({
      prior: np.array(prior as Float32Array<ArrayBuffer>),
      posterior: np.array(posterior as Float32Array<ArrayBuffer>),
    })),
  };
}

async function prepare({ config, given }: Task): Promise<Prepared> {
  const { optimizer, training, model } = config;
  const rule = optimizerOf(optimizer);
  const [began, startMs] = await timed(async () => arrays(config));
  let { state, vectors } = began;
  const gradients = jit((p: Parameters, u: SpectralVectors[], batch: ModelInputs, noise: np.Array[]) => {
    const { loss, aux, gradients } = lossAndGradients(p, u, batch, noise, config);
    const squares = parameterEntries(gradients).map(([, gradient]) => np.square(gradient.ref).sum());
    return { loss, gradients, vectors: aux.spectralVectors, norm: np.sqrt(squares.reduce((sum, one) => sum.add(one))) };
  });
  const update = jit(
    (before: State, g: Parameters, scalars: UpdateScalars<np.Array>): State =>
      updateBy<Parameters>(rule, before, g, scalars, optimizer),
  );
  const images = imageBatch(config);
  let updates = 0;
  const work = async () => {
    const [{ batch, noise }] = stepInputs(config, given ? 0 : updates, images);
    const shape = [training.batchSize, 3, model.resolution, model.resolution];
    const lossBatch = { images: np.array(batch.images as Float32Array<ArrayBuffer>, { shape }) };
    const latents = groups(model).map((group, i) =>
      np.array(noise[i] as Float32Array<ArrayBuffer>, { shape: [training.batchSize, ...group.shape] }),
    );
    const result = gradients(tree.ref(state.parameters), vectors, lossBatch, latents);
    const numbers = rule.scalars(learningRate(updates, optimizer), updates, optimizer);
    const scalars = Object.entries({ ...numbers, emaDecay: averageDecay(updates, training) });
    const arrays = Object.fromEntries(scalars.map(([name, value]) => [name, np.array(value)]));
    state = update(state, result.gradients, arrays as UpdateScalars<np.Array>);
    vectors = result.vectors;
    updates++;
    return [(await result.loss.data())[0], (await result.norm.data())[0]];
  };
  return { startMs, work };
}

await serve(prepare);
