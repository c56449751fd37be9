/** @file How well a linear probe tells classes apart: logistic regression whose penalty is chosen on images of its own. */
import { numpy as np } from "@jax-js/jax";
import { compile, spec } from "../../engine/index.js";
import { type MetricOptions, onCpu } from "../metrics/vectors.js";
import type { Kernel } from "./kernel.js";
import { fitLogistic, type LogisticFit, type Multiply, probabilities } from "./logistic-regression.js";
import { type ProbeData, type ProbeResult, rightAnswers } from "./probe.js";

/** Penalties to choose from, the strongest first: each fit begins where the one before it ended. */
const PENALTIES = [1e-2, 1e-3, 1e-4, 1e-5];

/** What a linear probe found. */
export interface LinearProbe extends ProbeResult {
  /** λ. */
  penalty: number;
  /** A, [known, classes]: weights are sums of known vectors by it. */
  coefficients: Float64Array;
}

/**
 * Fits the known vectors, {@link fitLogistic}, with one penalty after another, as long as the cross-entropy of the vectors to
 * choose by falls; the best of them judges the vectors to test by.
 *
 * @param kernel - normalised; it begins with the vectors of `data` in its order: known, to choose by, to test by
 */
export async function linearProbe(kernel: Kernel, data: ProbeData, options: MetricOptions = {}): Promise<LinearProbe> {
  const { known } = kernel;
  const { classes, chosen } = data;
  const count = data.labels.length;
  const labels = data.labels.subarray(0, known);
  await using product = await gramProduct(kernel, classes, options);
  let best: { entropy: number; penalty: number; fit: LogisticFit } | undefined;
  let start: LogisticFit | undefined;
  for (const penalty of PENALTIES) {
    start = await fitLogistic({ multiply: product.multiply, labels, classes, penalty, start, signal: options.signal });
    const logits = logitsOf(kernel, start, known, known + chosen, classes);
    const entropy = crossEntropy(logits, data.labels.subarray(known, known + chosen), classes);
    if (best && entropy >= best.entropy) break;
    best = { entropy, penalty, fit: start };
  }
  const { fit, penalty } = best!;
  const logits = logitsOf(kernel, fit, known + chosen, count, classes);
  const told = Int32Array.from({ length: count - known - chosen }, (_, row) => {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    return own.indexOf(own.reduce((most, value) => Math.max(most, value)));
  });
  return {
    ...rightAnswers(told, data.labels.subarray(known + chosen)),
    penalty,
    coefficients: fit.dual.slice(0, known * classes),
  };
}

/** Products of the known vectors' inner products, which stay on the device, with a matrix. */
async function gramProduct(
  { known, products }: Kernel,
  classes: number,
  options: MetricOptions,
): Promise<{ multiply: Multiply } & AsyncDisposable> {
  const runtime = onCpu(options.runtime);
  const [square, tall] = [spec([known, known], "float64"), spec([known, classes], "float64")];
  const program = await compile((gram: np.Array, r: np.Array) => np.matmul(gram, r), [square, tall], {
    runtime,
    outputDtypes: "float64",
  });
  const gram = runtime.put(products.slice(0, known * known), square);
  return {
    multiply: (r) => program.run(gram, r),
    [Symbol.asyncDispose]: async () => {
      gram.dispose();
      await program.dispose();
    },
  };
}

/** W x + b of the vectors `from` to `to`. */
function logitsOf({ known, products }: Kernel, { dual }: LogisticFit, from: number, to: number, classes: number) {
  const logits = new Float64Array((to - from) * classes);
  const biases = dual.subarray(known * classes);
  for (let row = from; row < to; row++) {
    const own = logits.subarray((row - from) * classes, (row - from + 1) * classes);
    own.set(biases);
    for (let i = 0; i < known; i++) {
      const factor = products[row * known + i];
      for (let k = 0; k < classes; k++) own[k] += factor * dual[i * classes + k];
    }
  }
  return logits;
}

function crossEntropy(logits: Float64Array, labels: Int32Array, classes: number): number {
  const shares = probabilities(logits, classes);
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    sum -= Math.log(Math.max(shares[row * classes + labels[row]], Number.MIN_VALUE));
  }
  return sum / labels.length;
}
