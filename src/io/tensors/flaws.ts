/** @file Values of a tensor that no network can compute with: NaN, infinities, and numbers beyond float32. */
import type { Tensor } from "./tensor.js";

/** How many values of each kind there are. */
export interface Flaws {
  nan: number;
  infinite: number;
  /** Finite float64 numbers that become infinite in float32. */
  beyondFloat32: number;
}

/** The flaws of a tensor of real numbers; undefined where there are none, as in tensors of whole numbers. */
export function flawsOf({ dtype, data }: Pick<Tensor, "dtype" | "data">): Flaws | undefined {
  const flaws = { nan: 0, infinite: 0, beyondFloat32: 0 };
  if (dtype === "float16" || dtype === "bfloat16") {
    const exponent = dtype === "float16" ? 0x7c00 : 0x7f80;
    for (const bits of data as Uint16Array) {
      if ((bits & exponent) !== exponent) continue;
      flaws[(bits & 0x7fff) === exponent ? "infinite" : "nan"]++;
    }
  } else if (dtype === "float32" || dtype === "float64") {
    for (const value of data as Float32Array | Float64Array) {
      if (Number.isFinite(Math.fround(value))) continue;
      flaws[Number.isNaN(value) ? "nan" : Number.isFinite(value) ? "beyondFloat32" : "infinite"]++;
    }
  }
  return flaws.nan + flaws.infinite + flaws.beyondFloat32 > 0 ? flaws : undefined;
}

/** The same for people: "3 NaN, 1 infinite". */
function describeFlaws({ nan, infinite, beyondFloat32 }: Flaws): string {
  return [
    ...(nan > 0 ? [`${nan} NaN`] : []),
    ...(infinite > 0 ? [`${infinite} infinite`] : []),
    ...(beyondFloat32 > 0 ? [`${beyondFloat32} beyond the largest float32`] : []),
  ].join(", ");
}

/** Tensors that a message names; the others are counted. */
const NAMED = 5;

/** Tensors with flaws in one line: "outproj.weight (3 NaN), outproj.bias (1 infinite) and 7 more". */
export function listFlaws(flawed: readonly (readonly [name: string, flaws: Flaws])[]): string {
  const named = flawed.slice(0, NAMED).map(([name, flaws]) => `${name} (${describeFlaws(flaws)})`);
  const more = flawed.length - named.length;
  return named.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
