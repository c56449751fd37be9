/** @file What one step of a refinement's training is computed from, named by seed and step. */
import { rows } from "../inference/batches.js";
import { normalNoise, stream, uniformNoise } from "../latents/noise.js";
import { normal } from "../random/index.js";
import type { FlowBatch } from "./flow.js";
import type { Stack } from "./latents.js";
import type { PosteriorDraws } from "./posterior-draws.js";

/** Latents of one step. */
export const BATCH = 64;

/** How often the label is left out, so that guidance has something to guide away from (Ho & Salimans 2022). */
const LABEL_DROPOUT = 0.1;

/**
 * The batch of a step: draws with replacement, fresh noise, and times that are logistic-normal, since the velocities in the
 * middle of the path are the hardest to learn (Esser et al. 2024):
 *
 *     t = 1 / (1 + e^{−n})        n ~ N(0, 1)
 *
 * @param draws - normalised
 * @param classes - of the model; 0 without
 */
export function trainingBatch(
  draws: PosteriorDraws,
  stacks: readonly Stack[],
  { step, seed, classes }: { step: number; seed: number; classes: number },
): FlowBatch<Float32Array | Int32Array> {
  const places = Array.from({ length: BATCH }, (_, row) => row);
  const chosen = Array.from(uniformNoise(stream(seed, "refinementOrder", step), places, 1), (u) =>
    Math.floor(u * draws.count),
  );
  const noise = normalNoise(
    stream(seed, "refinementNoise", step),
    places,
    stacks.map(({ shape }) => shape),
  );
  const dropped = uniformNoise(stream(seed, "refinementLabelDrop", step), places, 1);
  const labels = () =>
    rows(draws.labels, chosen, 1).map((label, row) => (dropped[row] < LABEL_DROPOUT ? classes : label));
  return {
    latents: draws.stacks.map((values) => rows(values, chosen, values.length / draws.count)),
    noise,
    times: normal(stream(seed, "refinementTimes", step), BATCH).map((n) => 1 / (1 + Math.exp(-n))),
    ...(classes > 0 ? { labels: labels() } : {}),
  };
}
