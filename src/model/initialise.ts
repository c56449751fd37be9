/** @file Initial parameters on the host, as the authors' JAX code draws them. */
import { foldIn, type Key, normal, streamKey, uniform } from "../random/index.js";
import { type ModelParameters, mapParameters } from "./network.js";
import type { Initialiser, ParameterSpec } from "./parameter.js";

/** Standard deviation of a standard normal cut off at ±2. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

const sizeOf = (shape: number[]): number => shape.reduce((size, n) => size * n, 1);

/** Standard normal numbers within ±2: those outside are drawn again. */
function truncatedNormal(key: Key, count: number): Float32Array<ArrayBuffer> {
  const target = normal(key, count);
  for (let attempt = 0; target.some((value) => Math.abs(value) > 2); attempt++) {
    const again = normal(foldIn(key, attempt), count);
    target.forEach((value, i) => {
      if (Math.abs(value) > 2) target[i] = again[i];
    });
  }
  return target;
}

/**
 * One parameter, with fan-in I·k·k and fan-out O·k·k of a weight [O, I, k, k] or [O, I]:
 *
 *     Glorot uniform   scale · U(±√(6 / (fan-in + fan-out)))
 *     LeCun normal     variance 1 / fan-in, cut off at two deviations before rescaling
 *     normal           the given variance
 */
function drawParameter(shape: number[], init: Initialiser, key: Key): Float32Array<ArrayBuffer> {
  const size = sizeOf(shape);
  const [out, fanIn, area] = [shape[0], sizeOf(shape.slice(1)), sizeOf(shape.slice(2))];
  switch (init.kind) {
    case "zeros":
      return new Float32Array(size);
    case "glorot-uniform": {
      const limit = init.scale * Math.sqrt(6 / (fanIn + out * area));
      return uniform(key, size).map((value) => (2 * value - 1) * limit);
    }
    case "lecun-normal": {
      const scale = 1 / (TRUNCATED_DEVIATION * Math.sqrt(fanIn));
      return truncatedNormal(key, size).map((value) => value * scale);
    }
    case "normal":
      return normal(key, size).map((value) => value * Math.sqrt(init.variance));
    default:
      return init satisfies never;
  }
}

/**
 * Draws every parameter. The same specs and seed give the same values; each parameter has a stream of its own.
 *
 * @param seed - integer from 0 to 2⁵³ − 1
 */
export function initialise(
  specs: ModelParameters<ParameterSpec>,
  seed: number,
): ModelParameters<Float32Array<ArrayBuffer>> {
  const stream = streamKey(seed, "initialParameters");
  let next = 0;
  return mapParameters(specs, ({ shape, init }) => drawParameter(shape, init, foldIn(stream, next++)));
}
