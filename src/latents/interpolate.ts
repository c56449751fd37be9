/** @file Paths between two pictures, in the noise that determines them. */
import { UserError } from "../errors.js";
import type { Latents } from "./latents.js";

/** Below this sine of the angle there is no one shortest arc, or none longer than its chord. */
const LEAST_SINE = 1e-6;

/**
 * A point between two vectors, on the arc and not on the chord (Shoemake 1985; for latents, White 2016):
 *
 *     |a|' ( sin((1 − t) Ω) a/|a| + sin(t Ω) b/|b| ) / sin Ω        |a|' = (1 − t) |a| + t |b|,  Ω the angle between a and b
 *
 * Standard normal noise in d dimensions lies near the sphere of radius √d, on which two draws stand at a right angle; the
 * middle of their chord is √2 nearer to the origin, as noise at temperature 0.7 is, and so are its pictures: without
 * contrast or detail. Dividing the chord by √((1 − t)² + t²) instead would be right for independent ends alone, and too long
 * for ends that are alike.
 *
 * Length and direction go separately, so that ends of unequal length stay in range at every angle. Parallel ends, opposite
 * ones and the origin have no arc: they take the chord.
 *
 * @param position - t, 0 at `from` and 1 at `to`
 */
export function slerp(from: Float32Array, to: Float32Array, position: number): Float32Array {
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const weighted = (a: number, b: number) => from.map((value, i) => a * value + b * to[i]);
  const [fromLength, toLength] = [Math.sqrt(dot(from, from)), Math.sqrt(dot(to, to))];
  const cosine = dot(from, to) / (fromLength * toLength);
  const angle = Math.acos(Math.min(Math.max(cosine, -1), 1));
  const sine = Math.sin(angle);
  if (!(sine > LEAST_SINE)) return weighted(1 - position, position);
  const length = (1 - position) * fromLength + position * toLength;
  return weighted(
    (length * Math.sin((1 - position) * angle)) / (sine * fromLength),
    (length * Math.sin(position * angle)) / (sine * toLength),
  );
}

/**
 * Noise of pictures at equal steps from one to another. Each group is a draw of its own, and goes on its own arc. From group
 * `groups` on, all have the noise of the first: what those groups add then follows the groups before them, as it does when
 * they are sampled, since the same noise is another latent under another prior.
 *
 * @param from - of one picture
 * @param to - of one picture
 * @param count - of pictures, both ends included; at least 2
 * @param groups - that are interpolated, lowest resolution first; default all
 * @returns of `count` pictures
 * @throws UserError when there is no room for both ends
 */
export function interpolateLatents(from: Latents, to: Latents, count: number, groups = from.length): Latents {
  if (!(count >= 2))
    throw new UserError("out-of-range", `A path: expected at least 2 pictures, its two ends, got ${count}.`);
  return from.map((start, group) => {
    const path = new Float32Array(count * start.length);
    for (let step = 0; step < count; step++) {
      const noise = group < groups ? slerp(start, to[group], step / (count - 1)) : start;
      path.set(noise, step * start.length);
    }
    return path;
  });
}
