/** Every block of the model and every term of the objective, forward and backward, against jax-js's own `cpu` back-end. */
import { numpy as np } from "@jax-js/jax";
import { afterAll, describe, test } from "vitest";
import { attention } from "../../src/model/attention.js";
import { draw, smoothVariance } from "../../src/model/latent.js";
import { type Affine, averagePool, convolveAffine, dense, upsampleNearest } from "../../src/model/layers.js";
import { type Block, block, residualBlock } from "../../src/model/residual-block.js";
import { stochasticLayer } from "../../src/model/stochastic-layer.js";
import { uNet } from "../../src/model/super-resolution.js";
import { gaussianDistortion } from "../../src/objective/gaussian-output.js";
import { gaussianKl } from "../../src/objective/group-kl.js";
import { rateWeights } from "../../src/objective/information-schedule.js";
import { gaussianLogLikelihood } from "../../src/objective/likelihood.js";
import { logisticMixtureDistortion } from "../../src/objective/logistic-mixture.js";
import { spectralNorm } from "../../src/objective/spectral.js";
import { between, check, checkForward, floats, ints, type Sample, testRuntime } from "../support/against-jax.js";

afterAll(() => testRuntime().dispose());

/** Blocks of three steps of rounding, over sums of hundreds of products. */
const TOLERANCE = 1e-5;

const affine = (out: number, into: number, kernel: number): Sample[] => [
  floats([out, into, kernel, kernel], 0.3, out),
  floats([out], 0.5, into),
];
const labels = ints([2, 0]);
/** Embedding, its projection, and two convolutions. */
const labelled = (channels: number): Sample[] => [
  floats([4, 2], 1, 3),
  floats([channels, 2], 0.5, 4),
  floats([channels], 0.5, 5),
];
const asAffine = ([weight, bias]: np.Array[]): Affine<np.Array> => ({ weight, bias });
const asBlock = (p: np.Array[]): Block<np.Array> => ({ conv1: asAffine(p), conv2: asAffine(p.slice(2)) });
const asLabelled = (p: np.Array[]): Block<np.Array> => {
  return { ...asBlock(p.slice(3)), label: { embedding: p[0], weight: p[1], bias: p[2] } };
};

describe.each([
  ["plain", 6],
  ["blocked", 16],
])("layers and blocks on %s images", (_, c) => {
  const image = floats([2, c, 2, 2]);
  const twoConvs = [...affine(c, c, 3), ...affine(c, c, 3)];

  test("convolution with bias", () =>
    check((x, ...p) => convolveAffine(asAffine(p), x), [image, ...affine(c, c, 3)], TOLERANCE));
  test("two convolutions of one image", () =>
    check(
      (x, ...p) => convolveAffine(asAffine(p), x.ref).add(convolveAffine(asAffine(p.slice(2)), x)),
      [image, ...twoConvs],
      TOLERANCE,
    ));
  test("1×1 convolution", () =>
    check((x, ...p) => convolveAffine(asAffine(p), x), [image, ...affine(c, c, 1)], TOLERANCE));
  test("convolution of 1×1 images", () =>
    check((x, ...p) => convolveAffine(asAffine(p), x), [floats([2, c, 1, 1]), ...affine(c, c, 1)], TOLERANCE));
  test("block", () => check((x, ...p) => block(asBlock(p), x), [image, ...twoConvs], TOLERANCE));
  test("residual block", () => check((x, ...p) => residualBlock(asBlock(p), x), [image, ...twoConvs], TOLERANCE));
  test("residual block with labels", () =>
    check((l, x, ...p) => residualBlock(asLabelled(p), x, l), [labels, image, ...labelled(c), ...twoConvs], TOLERANCE));
  test("average pooling", () => check((x) => averagePool(x, 2), [image]));
  test("nearest upsampling", () => check((x) => upsampleNearest(x, 2), [image]));
  test("pooling, convolution, upsampling", () =>
    check(
      (x, ...p) => upsampleNearest(convolveAffine(asAffine(p), averagePool(x, 2)), 2),
      [image, ...affine(c, c, 3)],
      TOLERANCE,
    ));
  test("attention", () => {
    const projections = [floats([c, c], 0.3), floats([c], 0.2), floats([c, c], 0.3, 2), floats([c], 0.2, 2)];
    const fn = (x: np.Array, ...p: np.Array[]) => attention({ query: asAffine(p), output: asAffine(p.slice(2)) }, x);
    return check(fn, [image, ...projections], TOLERANCE);
  });
  test("stochastic layer", () => {
    const z = c / 2;
    const prior = [...affine(c, c, 3), ...affine(2 * z + c, c, 3)];
    const group = { index: 0, level: 0, layer: 0, resolution: 2, channels: z, shape: [z, 2, 2] };
    const fn = (noise: np.Array, x: np.Array, latent: np.Array, ...p: np.Array[]) => {
      const [priorBlock, shared] = [asBlock(p), asBlock(p.slice(4))];
      const layer = { prior: priorBlock, posterior: priorBlock, latent: { weight: latent }, shared };
      return stochasticLayer(layer, group as never, x, undefined, (_, gaussian) => draw(gaussian, noise));
    };
    const latent = floats([c, z, 1, 1], 0.5);
    return check(fn, [floats([2, z, 2, 2], 1, 9), image, latent, ...prior, ...twoConvs], TOLERANCE);
  });
  test("U-Net of two levels", () => {
    const merge = affine(c, 2 * c, 3);
    const fn = (x: np.Array, ...p: np.Array[]) => {
      const shared = asBlock(p.slice(2));
      const level = { down: [shared], up: [{ merge: asAffine(p.slice(6)), block: shared }] };
      return uNet({ input: asAffine(p), levels: [level, level] }, x);
    };
    return check(fn, [floats([1, 3, 2, 2]), ...affine(c, 3, 1), ...twoConvs, ...merge], TOLERANCE);
  });
});

describe("the objective", () => {
  const image = between(-1, 1, [2, 3, 4, 4]);
  const shape = [2, 4, 2, 2];

  test("dense layer", () => check((x, ...p) => dense(asAffine(p), x), [floats([3, 5]), floats([4, 5]), floats([4])]));
  test("smoothed variance", () => check((x) => smoothVariance(x), [floats([64], 40)], TOLERANCE));
  test("KL of Gaussians", () => {
    const [narrow, wide] = [between(0.2, 2, shape), between(0.2, 2, shape, 2)];
    const fn = (a: np.Array, b: np.Array, c: np.Array, d: np.Array) =>
      gaussianKl({ mean: a, variance: b }, { mean: c, variance: d });
    return check(fn, [floats(shape), narrow, floats(shape, 1, 3), wide], TOLERANCE);
  });
  test("Gaussian distortion", () =>
    check((o, x) => gaussianDistortion(o, x, 0.1), [floats([2, 6, 4, 4]), image], TOLERANCE));
  test("Gaussian likelihood", () => check((o, x) => gaussianLogLikelihood(o, x), [floats([2, 6, 4, 4]), image], 5e-5));
  test("mixture of logistics", () =>
    check((o) => logisticMixtureDistortion(o, levels(image)), [floats([2, 20, 4, 4])], 5e-5));
  test("spectral norm", () =>
    check((w, u) => spectralNorm(w, u).sigma, [floats([4, 3, 3, 3]), floats([4])], TOLERANCE));
  test("information schedule", () =>
    checkForward(
      (a, b) => rateWeights([a, b], [0.3, 0.7])[0],
      [between(0.1, 9, [8]), between(0.1, 9, [8], 2)],
      TOLERANCE,
    ));
});

/** Images at exact byte levels, as a constant of the traced function. */
function levels({ data, shape }: Sample): np.Array {
  const bytes = Array.from(data, (value) => Math.round((value + 1) * 127.5) / 127.5 - 1);
  return np.array(bytes).reshape(shape);
}
