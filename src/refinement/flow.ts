/** @file Flow matching (Lipman et al. 2023): the path from latents to noise, and what the network learns of it. */
import { numpy as np } from "@jax-js/jax";
import { type FlowNetwork, uNet } from "./network.js";

/** A batch to learn from. Arrays over resolutions are lowest first. */
export interface FlowBatch<T> {
  /** Latents of images, x, each channel of mean 0 and variance 1, [N, C, r, r]. */
  latents: T[];
  /** Standard normal noise ε of the same shapes. */
  noise: T[];
  /** t, [N] in [0, 1]: 0 the latents, 1 the noise. */
  times: T;
  /** int32 [N] in models with classes, `classes` meaning no label. */
  labels?: T;
}

/**
 * A point on the straight path from latents to noise, and the velocity on it:
 *
 *     x_t = (1 − t) x + t ε        v = dx_t / dt = ε − x
 *
 * @param times - t, [N]; borrowed
 */
export function pathAt(latents: np.Array, noise: np.Array, times: np.Array): { point: np.Array; velocity: np.Array } {
  const t = times.ref.reshape([-1, 1, 1, 1]);
  const v = noise.sub(latents.ref);
  return { point: latents.add(t.mul(v.ref)), velocity: v };
}

/**
 * The velocity that the flow predicts at a point. The network F sees numbers of variance 1, and has to say only what latents
 * differ in from white noise of their variance, whose velocity is known (as Karras et al. 2022 do for diffusion):
 *
 *     v̂ = ( (2t − 1) x_t + √s F(x_t / √s, t) ) / s        s = Var x_t = (1 − t)² + t²
 *
 * @param parameters - borrowed
 * @param point - x_t, [N, C, r, r] for each resolution; consumed
 * @param times - t, [N]; consumed
 * @param labels - borrowed
 */
export function velocityAt(
  parameters: FlowNetwork<np.Array>,
  point: readonly np.Array[],
  times: np.Array,
  labels?: np.Array,
): np.Array[] {
  const t = times.ref.reshape([-1, 1, 1, 1]);
  const variance = np.square(t.ref.neg().add(1)).add(np.square(t.ref)); // s, [N, 1, 1, 1]
  const deviation = np.sqrt(variance.ref);
  const slope = t.mul(2).sub(1);
  const scaled = point.map((x) => x.ref.div(deviation.ref));
  return uNet(parameters, scaled, times, labels).map((output, index) =>
    slope.ref.mul(point[index]).add(deviation.ref.mul(output)).div(variance.ref),
  );
}

/**
 * How far the flow is from the velocities of the paths through x_t:
 *
 *     Σ over resolutions of  mean (v̂(x_t, t) − (ε − x))²
 *
 * Its minimum is the mean velocity at each point, which carries noise to latents. Each resolution weighs the same: the few
 * numbers of the lowest ones decide what the picture is of.
 *
 * @param parameters - borrowed
 * @param batch - consumed
 * @returns scalar
 */
export function flowLoss(parameters: FlowNetwork<np.Array>, { latents, noise, times, labels }: FlowBatch<np.Array>) {
  const paths = latents.map((x, index) => pathAt(x, noise[index], times));
  const points = paths.map(({ point }) => point);
  const losses = velocityAt(parameters, points, times, labels).map((predicted, index) =>
    np.square(predicted.sub(paths[index].velocity)).mean(),
  );
  return losses.reduce((sum, loss) => sum.add(loss));
}
