/** @file Multinomial logistic regression with an L2 penalty, fitted in the space that the training vectors span. */

/** G R for symmetric G [N, N] of inner products and R [N, classes], both row-major. */
export type Multiply = (r: Float64Array) => Promise<Float64Array>;

/** What is fitted, and how. */
export interface LogisticProblem {
  multiply: Multiply;
  /** [N], each below `classes`. */
  labels: Int32Array;
  classes: number;
  /** λ of the objective, above 0. */
  penalty: number;
  /** A fit of the same vectors to begin with. */
  start?: LogisticFit;
  signal?: AbortSignal;
}

/** Weights W = Xᵀ A, never formed, and biases b. */
export interface LogisticFit {
  /** A above b, [N + 1, classes]. */
  dual: Float64Array;
  /** G A above b. */
  image: Float64Array;
  iterations: number;
}

/** Updates that the approximate inverse of the Hessian is made of. */
const MEMORY = 10;
const MOST_ITERATIONS = 150;
/** Norm of the gradient at which a fit ends, for vectors whose mean squared length is 1. */
const TOLERANCE = 1e-4;
/** A line search ends where the slope has fallen to this part. */
const FLAT = 0.1;
const MOST_STEPS = 30;

/**
 * The minimum of the mean cross-entropy with penalised weights and free biases,
 *
 *     f(W, b) = −1/N Σᵢ log softmax(W xᵢ + b)[yᵢ] + λ/2 |W|²
 *
 * which is that of scikit-learn's LogisticRegression with C = 1 / (λ N). The minimum lies in the span of the training vectors, so
 * W = Xᵀ A and only the inner products G = X Xᵀ are needed, however long the vectors are: gradients are Xᵀ (R / N + λ A) with
 * R = softmax − one-hot, and inner products of gradients tr(Aᵀ G A').
 *
 * L-BFGS (Nocedal and Wright 2006, Alg. 7.4), one product with G an iteration. Along a line logits change linearly, so that the
 * line search (strong Wolfe, by bracketing the zero of the slope: f is convex) needs none.
 *
 * @throws the signal's reason when aborted
 */
export async function fitLogistic(problem: LogisticProblem): Promise<LogisticFit> {
  const { labels, classes, penalty, start, signal } = problem;
  const size = (labels.length + 1) * classes;
  const free = labels.length * classes; // from here on biases
  let dual: Float64Array = start?.dual.slice() ?? new Float64Array(size);
  let image: Float64Array = start?.image.slice() ?? new Float64Array(size);
  const withImage = async (direction: Float64Array): Promise<Direction> => {
    const own = new Float64Array(size);
    own.set(await problem.multiply(direction.slice(0, free)));
    own.set(direction.subarray(free), free);
    return { dual: direction, image: own };
  };
  const slopeOf = () => withImage(gradient({ dual, image }, labels, classes, penalty));
  const updates: Update[] = [];
  let slope = await slopeOf();
  let iterations = 0;
  for (; iterations < MOST_ITERATIONS && Math.sqrt(inner(slope, slope)) > TOLERANCE; iterations++) {
    signal?.throwIfAborted();
    const direction = descend(slope, updates);
    const step = lineSearch({ dual, image }, direction, labels, classes, penalty);
    if (step === 0) break; // as near as float64 gets
    dual = added(dual, direction.dual, step);
    image = added(image, direction.image, step);
    const next = await slopeOf();
    const s = scaled(direction, step);
    const y = { dual: added(next.dual, slope.dual, -1), image: added(next.image, slope.image, -1) };
    const curvature = inner(s, y);
    if (curvature > 0) updates.push({ s, y, curvature });
    if (updates.length > MEMORY) updates.shift();
    slope = next;
  }
  return { dual, image, iterations };
}

/** A vector of the space, and what G makes of it. */
interface Direction {
  dual: Float64Array;
  image: Float64Array;
}

interface Update {
  s: Direction;
  y: Direction;
  curvature: number;
}

/** tr(Aᵀ G A') + b·b'. */
function inner(u: Direction, v: Direction): number {
  let sum = 0;
  for (let i = 0; i < u.dual.length; i++) sum += u.dual[i] * v.image[i];
  return sum;
}

/** x + factor · y. */
function added(x: Float64Array, y: Float64Array, factor: number): Float64Array {
  const sum = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) sum[i] = x[i] + factor * y[i];
  return sum;
}

/** u + factor · v, in u's place. */
function add(u: Direction, v: Direction, factor: number): void {
  for (const part of ["dual", "image"] as const) {
    const [to, from] = [u[part], v[part]];
    for (let i = 0; i < to.length; i++) to[i] += factor * from[i];
  }
}

const scaled = ({ dual, image }: Direction, factor: number): Direction => ({
  dual: dual.map((x) => x * factor),
  image: image.map((x) => x * factor),
});

/** Representer of the gradient: R / N + λ A above Σ R / N. */
function gradient({ dual, image }: Direction, labels: Int32Array, classes: number, penalty: number): Float64Array {
  const free = labels.length * classes;
  const result = new Float64Array(free + classes);
  result.set(probabilities(logitsOf(image, classes), classes));
  for (let row = 0; row < labels.length; row++) result[row * classes + labels[row]] -= 1;
  for (let i = 0; i < free; i++) {
    result[i] /= labels.length;
    result[free + (i % classes)] += result[i];
    result[i] += penalty * dual[i];
  }
  return result;
}

/** G A + b, or what a direction changes of it: [N, classes]. */
function logitsOf(image: Float64Array, classes: number): Float64Array {
  const free = image.length - classes;
  return image.slice(0, free).map((value, i) => value + image[free + (i % classes)]);
}

/** The softmax of every row, [N, classes]. */
export function probabilities(logits: Float64Array, classes: number): Float64Array {
  const result = new Float64Array(logits.length);
  for (let from = 0; from < logits.length; from += classes) {
    let most = Number.NEGATIVE_INFINITY;
    for (let k = from; k < from + classes; k++) most = Math.max(most, logits[k]);
    let sum = 0;
    for (let k = from; k < from + classes; k++) {
      result[k] = Math.exp(logits[k] - most);
      sum += result[k];
    }
    for (let k = from; k < from + classes; k++) result[k] /= sum;
  }
  return result;
}

/**
 * A step at which the slope along a direction has all but vanished; 0 where the direction does not descend. The slope grows with
 * the step, since f is convex: steps double until it is no longer negative, then the interval is cut by the secant, kept away from
 * its ends.
 */
function lineSearch(at: Direction, along: Direction, labels: Int32Array, classes: number, penalty: number): number {
  const [logits, changes] = [logitsOf(at.image, classes), logitsOf(along.image, classes)];
  const free = logits.length;
  let [cross, square, known] = [0, 0, 0]; // of the penalty, and of the true classes
  for (let i = 0; i < free; i++) {
    cross += penalty * along.dual[i] * at.image[i];
    square += penalty * along.dual[i] * along.image[i];
  }
  for (let row = 0; row < labels.length; row++) known += changes[row * classes + labels[row]];
  const slopeAt = (step: number) => {
    const expected = probabilities(added(logits, changes, step), classes);
    let sum = -known;
    for (let i = 0; i < free; i++) sum += expected[i] * changes[i];
    return sum / labels.length + cross + step * square;
  };
  const begin = slopeAt(0);
  if (!(begin < 0)) return 0;
  let [low, slopeLow] = [0, begin];
  let [high, slopeHigh] = [Number.POSITIVE_INFINITY, 0];
  let step = 1;
  for (let tries = 0; tries < MOST_STEPS; tries++) {
    const slope = slopeAt(step);
    if (Math.abs(slope) <= FLAT * -begin) return step;
    if (slope < 0) [low, slopeLow] = [step, slope];
    else [high, slopeHigh] = [step, slope];
    const secant = low + ((high - low) * -slopeLow) / (slopeHigh - slopeLow);
    const margin = 0.1 * (high - low);
    step = high === Number.POSITIVE_INFINITY ? 2 * step : Math.min(high - margin, Math.max(low + margin, secant));
  }
  return low;
}

/** −H times the gradient by the two loops of L-BFGS. */
function descend(slope: Direction, updates: readonly Update[]): Direction {
  const q = scaled(slope, -1);
  const factors: number[] = [];
  for (const { s, y, curvature } of updates.toReversed()) {
    const factor = inner(s, q) / curvature;
    factors.push(factor);
    add(q, y, -factor);
  }
  const last = updates.at(-1);
  const result = scaled(q, last ? last.curvature / inner(last.y, last.y) : 1);
  for (const [index, { s, y, curvature }] of updates.entries()) {
    add(result, s, factors[updates.length - 1 - index] - inner(y, result) / curvature);
  }
  return result;
}
