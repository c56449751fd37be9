/**
 * @file TensorFlow.js as a competitor, with its plain JavaScript back-end.
 *
 * That is the fastest one that npm installs without a download and that can train convolutions: tfjs-node downloads its
 * library in an install script, and the WebAssembly back-end has no gradient of filters ("Kernel 'Conv2DBackpropFilter' not
 * registered for backend 'wasm'", 4.22.0).
 */
import { createRequire } from "node:module";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Config } from "../../src/config/index.js";
import { parameterSpecs } from "../../src/inference/trained-model.js";
import { groups, mapParameters, parameterEntries } from "../../src/model/index.js";
import { stepInputs } from "../../src/training/inputs/step-inputs.js";
import { adamaxStepSize } from "../../src/training/optimizer/adamax.js";
import { averageDecay, learningRate } from "../../src/training/optimizer/schedules.js";
import { initialState } from "../../src/training/run/starting-point.js";
import type { Task } from "../protocol.js";
import { imageBatch } from "./inputs.js";
import { type Prepared, serve, timed } from "./serve.js";
import { advanced, loss } from "./tensorflow-network.js";

// The core's entry leaves gradients out, and only the package of everything, 270 MB, has them in its own.
createRequire(import.meta.url)("@tensorflow/tfjs-core/dist/register_all_gradients.js");

/** Our [N, C, H, W] as its [N, H, W, C]. */
const image = (data: Float32Array, shape: readonly number[]): tf.Tensor4D =>
  tf.tidy(() => tf.transpose(tf.tensor4d(data, shape as [number, number, number, number]), [0, 2, 3, 1]));

/** A parameter: kernels are [k, k, I, O], the initial state is an image. */
function variable(path: string, data: Float32Array, shape: readonly number[]): tf.Variable {
  const given = tf.tensor(data, [...shape]);
  if (shape.length < 4) return tf.variable(given);
  return tf.variable(tf.transpose(given, path === "generator.initial" ? [0, 2, 3, 1] : [2, 3, 1, 0]));
}

function startOf(config: Config) {
  const { parameters, spectralVectors } = initialState(config);
  const specs = new Map(parameterEntries(parameterSpecs(config)));
  return {
    parameters: mapParameters(parameters, (data, path) => variable(path, data, specs.get(path)!.shape)),
    vectors: spectralVectors.map(({ prior, posterior }) => {
      return { prior: tf.tensor1d(prior), posterior: tf.tensor1d(posterior) };
    }),
  };
}

async function prepare({ config, given }: Task): Promise<Prepared> {
  const { model, optimizer, training } = config;
  const { beta1, beta2, epsilon } = optimizer;
  await tf.setBackend("cpu");
  const [start, startMs] = await timed(async () => startOf(config));
  const { parameters } = start;
  let { vectors } = start;
  const moments = parameterEntries(parameters).map(([, parameter]) => ({
    parameter,
    m: tf.variable(tf.zerosLike(parameter)),
    u: tf.variable(tf.zerosLike(parameter)),
    ema: tf.variable(tf.clone(parameter)),
  }));
  const batch = imageBatch(config);
  const shapeOf = (shape: readonly number[]) => [training.batchSize, ...shape];
  let updates = 0;

  const step = () => {
    const [{ batch: seen, noise }] = stepInputs(config, given ? 0 : updates, batch);
    const images = image(seen.images as Float32Array, shapeOf([3, model.resolution, model.resolution]));
    const latents = groups(model).map(({ shape }, i) => image(noise[i] as Float32Array, shapeOf(shape)));
    const iterated = advanced(parameters, vectors);
    const { value, grads } = tf.variableGrads(() => loss(parameters, iterated, config, images, latents));
    const norm = tf.sqrt(tf.addN(moments.map(({ parameter }) => tf.sum(tf.square(grads[parameter.name])))));
    const stepSize = adamaxStepSize(learningRate(updates, optimizer), updates, optimizer);
    const decay = averageDecay(updates, training);
    for (const { parameter, m, u, ema } of moments) {
      const gradient = grads[parameter.name];
      m.assign(tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1)));
      u.assign(tf.maximum(tf.mul(u, beta2), tf.add(tf.abs(gradient), epsilon)));
      parameter.assign(tf.sub(parameter, tf.mul(tf.div(m, u), stepSize)));
      ema.assign(tf.add(tf.mul(ema, decay), tf.mul(parameter, 1 - decay)));
    }
    const after = iterated.map(({ prior, posterior }) => ({ prior: prior.u, posterior: posterior.u }));
    return { value, norm, after };
  };

  const work = async () => {
    const { value, norm, after } = tf.tidy(() => step());
    tf.dispose(vectors);
    vectors = after;
    updates++;
    const seen = [(await value.data())[0], (await norm.data())[0]];
    tf.dispose([value, norm]);
    return seen;
  };
  return { startMs, work };
}

await serve(prepare);
