/** @file How well a linear probe tells classes apart: logistic regression whose penalty is chosen on images of its own. */
import { numpy as np } from "@jax-js/jax";
import { compile, spec } from "../../engine/index.js";
import { type MetricOptions, onCpu } from "../metrics/vectors.js";
import type { Kernel } from "./kernel.js";
import { fitLogistic, type LogisticFit, type Multiply } from "./logistic-regression.js";
import { type ProbeData, type ProbeResult, rightAnswers } from "./probe.js";

/** Penalties to choose from, the strongest first: each fit begins where the one before it ended. */
const PENALTIES = [1e-3, 1e-4, 1e-5, 1e-6];

/** What a linear probe found. */
export interface LinearProbe extends ProbeResult {
  /** λ. */
  penalty: number;
  /** A, [known, classes]: weights are sums of known vectors by it. */
  coefficients: Float64Array;
}

/**
 * Fits the known vectors, {@link fitLogistic}, with one penalty after another. The one with the most right answers among the vectors
 * to choose by, the strongest of several, judges the vectors to test by.
 *
 * @param kernel - normalised; it begins with the vectors of `data` in its order: known, to choose by, to test by
 */
export async function linearProbe(kernel: Kernel, data: ProbeData, options: MetricOptions = {}): Promise<LinearProbe> {
  const { known } = kernel;
  const { labels, classes, chosen } = data;
  await using product = await gramProduct(kernel, classes, options);
  const answers = (fit: LogisticFit, from: number, to: number) =>
    rightAnswers(toldBy(kernel, fit, from, to, classes), labels.subarray(from, to));
  let best: { accuracy: number; penalty: number; fit: LogisticFit } | undefined;
  let start: LogisticFit | undefined;
  for (const penalty of PENALTIES) {
    start = await fitLogistic({
      ...{ multiply: product.multiply, labels: labels.subarray(0, known), classes, penalty, start },
      signal: options.signal,
    });
    const { accuracy } = answers(start, known, known + chosen);
    if (best === undefined || accuracy > best.accuracy) best = { accuracy, penalty, fit: start };
  }
  const { fit, penalty } = best!;
  return {
    ...answers(fit, known + chosen, labels.length),
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

/** The class with the largest logit W x + b, of the vectors `from` to `to`. */
function toldBy(
  { known, products }: Kernel,
  { dual }: LogisticFit,
  from: number,
  to: number,
  classes: number,
): Int32Array {
  const biases = dual.subarray(known * classes);
  return Int32Array.from({ length: to - from }, (_, place) => {
    const logits = biases.slice();
    for (let i = 0; i < known; i++) {
      const factor = products[(from + place) * known + i];
      for (let k = 0; k < classes; k++) logits[k] += factor * dual[i * classes + k];
    }
    return logits.indexOf(logits.reduce((most, value) => Math.max(most, value)));
  });
}
