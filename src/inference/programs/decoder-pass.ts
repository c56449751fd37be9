/** @file What a model says of images: latents from their posterior, and the decoder's word on them before any pixel is coded. */
import { numpy as np } from "@jax-js/jax";
import type { Config } from "../../config/index.js";
import type { Operand, Runtime } from "../../engine/index.js";
import { type ModelParameters, outputOf } from "../../model/index.js";
import { type AutoEncoderInputs, autoEncodeFeatures } from "../../objective/auto-encode.js";
import { logDensityRatio } from "../../objective/group-kl.js";
import type { ParameterTree } from "../trained-model.js";
import { compileForModel, type ModelProgram } from "./compiled.js";
import { autoEncoderSpecs } from "./model-inputs.js";
import { picture } from "./output.js";

/** Of a batch of N images. */
interface DecoderOutputs<T = Float32Array> {
  /** The decoder's last features, [N, C, R, R]. */
  features: T;
  /** The mean of its output distribution, [N, 3, R, R], unclipped. */
  mean: T;
  /** K_i, [L, N], nats. */
  kl: T;
  /** ln q(z|x) − ln p(z) of the latents drawn, [L, N], nats. */
  logRatio: T;
}

export type DecoderProgram = ModelProgram<AutoEncoderInputs<Operand>, DecoderOutputs>;

/** Encodes a batch with one sample of its posterior. Everything is borrowed. */
function decoderPass(
  { model, objective }: Pick<Config, "model" | "objective">,
  parameters: ModelParameters<np.Array>,
  { batch, noise }: AutoEncoderInputs<np.Array>,
): DecoderOutputs<np.Array> {
  const logRatio: np.Array[] = [];
  const { features, klNats } = autoEncodeFeatures(parameters, model, batch, noise, ({ index }, q, p) => {
    logRatio[index] = logDensityRatio(q, p, noise[index].ref);
  });
  const mean = picture(objective, outputOf(parameters, features.ref));
  return { features, mean, kl: np.stack(klNats), logRatio: np.stack(logRatio) };
}

/** Compiles the pass for batches of N. */
export function compileDecoderPass(
  config: Pick<Config, "model" | "objective">,
  batch: number,
  weights: ParameterTree,
  runtime?: Runtime,
): Promise<DecoderProgram> {
  const pass = (parameters: ModelParameters<np.Array>, given: AutoEncoderInputs<np.Array>) =>
    decoderPass(config, parameters, given);
  return compileForModel(pass, { name: "decoder", config }, weights, autoEncoderSpecs(config, batch), runtime);
}
