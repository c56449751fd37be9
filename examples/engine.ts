/**
 * @file The engine alone: a jax-js function of your own, with its gradient, compiled and run on ONNX Runtime.
 *
 *     npx tsx examples/engine.ts [steps]
 *
 * Fits y = sin(x) with a small network. The weights stay on the device from step to step.
 */
import { numpy as np, valueAndGrad } from "@jax-js/jax";
import { compile, spec, swish } from "strata-vae/engine";

const [steps = "300"] = process.argv.slice(2);
const [points, width] = [64, 32];

type Weights<T> = { hidden: T; bias: T; output: T };

const predict = ({ hidden, bias, output }: Weights<np.Array>, x: np.Array): np.Array =>
  np.matmul(swish(np.matmul(x, hidden).add(bias)), output);

/** One step of gradient descent. jax-js functions own their arguments: `.ref` uses an array twice. */
function step(weights: Weights<np.Array>, x: np.Array, y: np.Array) {
  const loss = (w: Weights<np.Array>): np.Array => np.square(predict(w, x.ref).sub(y.ref)).mean();
  const borrowed = { hidden: weights.hidden.ref, bias: weights.bias.ref, output: weights.output.ref };
  const [error, gradients] = valueAndGrad(loss)(borrowed) as [np.Array, Weights<np.Array>];
  const descend = (w: np.Array, g: np.Array) => w.sub(g.mul(0.05));
  return {
    error,
    weights: {
      hidden: descend(weights.hidden, gradients.hidden),
      bias: descend(weights.bias, gradients.bias),
      output: descend(weights.output, gradients.output),
    },
  };
}

const shapes = { hidden: spec([1, width]), bias: spec([width]), output: spec([width, 1]) };
await using program = await compile(step, [shapes, spec([points, 1]), spec([points, 1])], {
  keepOnDevice: { weights: true },
});

const x = Float32Array.from({ length: points }, (_, i) => -3 + (6 * i) / (points - 1));
const random = (size: number, scale: number) =>
  Float32Array.from({ length: size }, () => scale * (Math.random() - 0.5));
const initial = { hidden: random(width, 2), bias: random(width, 2), output: random(width, 1) };

let result = await program.run(initial, x, x.map(Math.sin));
for (let i = 1; i < Number(steps); i++) {
  const before = result.weights; // device arrays: nothing is copied
  result = await program.run(before, x, x.map(Math.sin));
  for (const array of Object.values(before)) array.dispose();
  if (i % 100 === 0) console.log(`step ${i}: mean squared error ${result.error[0].toFixed(4)}`);
}
console.log(`after ${steps} steps: ${result.error[0].toFixed(4)}`);
for (const array of Object.values(result.weights)) array.dispose();
