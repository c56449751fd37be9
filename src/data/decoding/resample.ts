/**
 * @file Resampling of 8-bit images to the bit as the Python library Pillow does it, on which data sets of the field are made.
 *
 * A filter is applied along rows, then along columns. Where an image shrinks by a factor s, the filter is stretched by s, so
 * that every input counts. Weights are rounded to 22 binary places, and results to whole numbers of [0, 255] after each pass.
 */

/** A symmetric kernel: its weight at a distance from its centre, zero beyond `support`, in pixels. */
export interface Filter {
  support: number;
  weight(distance: number): number;
}

/** The mean of what a pixel covers. */
export const box: Filter = { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) };

/** Keys' cubic convolution (1981) with a = −1/2. */
export const bicubic: Filter = {
  support: 2,
  weight(distance) {
    const x = Math.abs(distance);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? -0.5 * (((x - 5) * x + 8) * x - 4) : 0;
  },
};

/** Binary places of a weight: what 32 bits leave beside 8 of the pixel, one of overshoot and the sign. */
const PLACES = 22;
const HALF = 1 << (PLACES - 1);

/** One pass along one axis: which inputs every output takes, and their weights. */
export interface Pass {
  /** First of the inputs that are read, of the whole axis; those below are counted from it. */
  first: number;
  inputs: number;
  outputs: number;
  /** Whether every output is the mean of two inputs of its own. */
  halves: boolean;
  /** How many inputs an output takes. */
  taps: number;
  /** For every output the first of them. */
  starts: Int32Array;
  /** [outputs, taps] in fixed point. */
  weights: Int32Array;
}

/** Outputs `first` … `first + count` of an axis: those that are needed. */
export interface Span {
  first: number;
  count: number;
}

/**
 * The pass that takes an axis of `from` pixels to one of `to`. Its size depends on the outputs that are needed alone.
 *
 * @param needed - which of the `to` outputs to make
 */
export function createPass(filter: Filter, from: number, to: number, needed: Span = { first: 0, count: to }): Pass {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  const rows = Array.from({ length: needed.count }, (_, output) => {
    const centre = (needed.first + output + 0.5) * scale;
    const start = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), from);
    const row = Array.from({ length: end - start }, (_, i) => filter.weight((start + i - centre + 0.5) / stretch));
    const sum = row.reduce((total, weight) => total + weight, 0);
    return { start, weights: row.map((weight) => fixedPoint(weight / sum)) };
  });

  const first = rows[0].start;
  const inputs = rows.at(-1)!.start + rows.at(-1)!.weights.length - first;
  // As many for every output, some of weight zero; three at least, since there is a fast way for three.
  const taps = Math.min(Math.max(3, ...rows.map(({ weights }) => weights.length)), inputs);
  const starts = new Int32Array(needed.count);
  const weights = new Int32Array(needed.count * taps);
  for (const [output, row] of rows.entries()) {
    starts[output] = Math.min(row.start - first, inputs - taps);
    weights.set(row.weights, output * taps + row.start - first - starts[output]);
  }
  return { first, inputs, outputs: needed.count, halves: filter === box && from === 2 * to, taps, starts, weights };
}

const fixedPoint = (weight: number): number => Math.trunc(weight * 2 ** PLACES + (weight < 0 ? -0.5 : 0.5));

/** One channel of an image inside an array: pixel (x, y) is at `offset + y · stride + x · step`. */
export interface Plane {
  data: Uint8Array;
  offset: number;
  step: number;
  stride: number;
}

/**
 * One channel after a pass along rows and one along columns.
 *
 * @param plane - its offset is that of the first pixel which the passes read
 * @returns [rows.outputs, columns.outputs]
 */
export function resample(plane: Plane, columns: Pass, rows: Pass): Uint8Array {
  const width = columns.outputs;
  if (columns.halves && rows.halves) return halve(plane, width, rows.outputs);
  const { data, offset, step, stride } = plane;
  const narrow = columns.halves
    ? halveRows(plane, width, rows.inputs)
    : filterLines(data, { offset, along: step, across: stride, count: rows.inputs }, columns, {
        along: 1,
        across: width,
      });
  const down = { offset: 0, along: width, across: 1, count: width };
  return filterLines(narrow, down, rows, down);
}

/** Means of 2×2 pixels, rounded up twice as two passes round them. */
function halve({ data, offset, step, stride }: Plane, width: number, height: number): Uint8Array {
  const result = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    let upper = offset + 2 * y * stride;
    for (let x = 0; x < width; x++, upper += 2 * step, at++) {
      const lower = upper + stride;
      const means = ((data[upper] + data[upper + step] + 1) >> 1) + ((data[lower] + data[lower + step] + 1) >> 1);
      result[at] = (means + 1) >> 1;
    }
  }
  return result;
}

/** Means of two pixels of a row. */
function halveRows({ data, offset, step, stride }: Plane, width: number, height: number): Uint8Array {
  const result = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    let from = offset + y * stride;
    for (let x = 0; x < width; x++, from += 2 * step) result[at++] = (data[from] + data[from + step] + 1) >> 1;
  }
  return result;
}

/** Rows or columns: the distance between neighbours of a line, that between the lines, and how many there are. */
interface Lines {
  offset: number;
  along: number;
  across: number;
  count: number;
}

/** A pass along every line. */
function filterLines(
  data: Uint8Array,
  { offset, along, across, count }: Lines,
  { outputs, taps, starts, weights }: Pass,
  to: Pick<Lines, "along" | "across">,
): Uint8Array {
  const toAcross = to.across;
  const result = new Uint8Array(count * outputs);
  for (let output = 0; output < outputs; output++) {
    const row = output * taps;
    let from = offset + starts[output] * along;
    let at = output * to.along;
    if (taps < 3) {
      for (let line = 0; line < count; line++, from += across, at += toAcross) {
        let sum = HALF;
        for (let tap = 0; tap < taps; tap++) sum = (sum + Math.imul(data[from + tap * along], weights[row + tap])) | 0;
        result[at] = clipped(sum >> PLACES);
      }
      continue;
    }
    // Three weights outside the inner loop: all that halving an odd side takes, which is most of the work for photographs.
    const [first, second, third] = [weights[row], weights[row + 1], weights[row + 2]];
    for (let line = 0; line < count; line++, from += across, at += toAcross) {
      let sum = HALF + Math.imul(data[from], first) + Math.imul(data[from + along], second);
      sum = (sum + Math.imul(data[from + 2 * along], third)) | 0;
      for (let tap = 3; tap < taps; tap++) sum = (sum + Math.imul(data[from + tap * along], weights[row + tap])) | 0;
      result[at] = clipped(sum >> PLACES);
    }
  }
  return result;
}

const clipped = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value);
