/** @file Many arrays as a few long ones: programs take and give those faster, and elementwise work on them is one operation. */
import { numpy as np } from "@jax-js/jax";
import { fromStorage, toStorage } from "./primitives.js";
import type { DeviceTraits } from "./runtime/traits.js";
import { type Spec, spec } from "./spec.js";

/** Elements from which an array is a pack of its own: then nothing has to be cut out of a pack or joined to one. */
const ALONE = 1e5;

/** Elements of a shared pack, at least: every array that a program takes or gives costs some microseconds. */
const SHARED = 1e6;

/** Packs are filled up with zeros to a multiple of this many elements: sums over rows of them lose no digits. */
export const ROW = 1024;

/** Kernels [O, I, h, w] of more than one pixel are kept with channels swapped, as gradients of filters come. */
const SWAPPED = [1, 0, 2, 3];

const isKernel = ({ shape }: Spec): boolean => shape.length === 4 && shape[2] * shape[3] > 1;

const flatten = (array: np.Array, spec: Spec): np.Array =>
  isKernel(spec) ? toStorage(array.transpose(SWAPPED)) : array.flatten();

function unflatten(flat: np.Array, spec: Spec): np.Array {
  if (!isKernel(spec)) return flat.reshape(spec.shape);
  return fromStorage(
    flat,
    SWAPPED.map((axis) => spec.shape[axis]),
  ).transpose(SWAPPED);
}

interface Member {
  /** Place of the array among all. */
  index: number;
  spec: Spec;
}

/** How parameters are kept on a device. */
export interface Packing {
  /** Shapes of the parameters. */
  readonly arrays: readonly Spec[];
  /** Shapes of what is kept. */
  readonly specs: readonly Spec[];
  /** Packs traced arrays; consumes them. */
  pack(arrays: readonly np.Array[]): np.Array[];
  /** The traced arrays in packs; consumes those. */
  unpack(packs: readonly np.Array[]): np.Array[];
}

/** Every array as it is. */
const unpacked = (arrays: readonly Spec[]): Packing => ({
  arrays,
  specs: arrays,
  pack: (given) => [...given],
  unpack: (given) => [...given],
});

/** The packing that a device likes best. */
export const packingFor = (arrays: readonly Spec[], { packs }: DeviceTraits): Packing =>
  packs ? new Packs(arrays) : unpacked(arrays);

/** Sum of the squares of all elements of what is kept. Consumes it. */
export function sumOfSquares(pack: np.Array): np.Array {
  const squares = np.square(pack);
  return squares.size % ROW === 0 ? squares.reshape([-1, ROW]).sum(1).sum() : squares.sum();
}

export interface PacksOptions {
  /** Arrays of at least so many elements are packs of their own. */
  alone?: number;
  /** Smaller ones share packs of at least so many. */
  shared?: number;
}

/** Arrays of given shapes laid end to end, the small ones several to a pack. All are float32. */
export class Packs implements Packing {
  /** The arrays of each pack. */
  readonly members: readonly (readonly Member[])[];

  constructor(
    readonly arrays: readonly Spec[],
    { alone = ALONE, shared = SHARED }: PacksOptions = {},
  ) {
    const members: Member[][] = [];
    let open: Member[] | undefined;
    arrays.forEach((spec, index) => {
      if (spec.size >= alone) {
        members.push([{ index, spec }]);
        return;
      }
      if (!open) {
        open = [];
        members.push(open);
      }
      open.push({ index, spec });
      if (sizeOfAll(open) >= shared) open = undefined;
    });
    this.members = members;
  }

  get specs(): Spec[] {
    return this.members.map((pack) => spec([ROW * Math.ceil(sizeOfAll(pack) / ROW)]));
  }

  pack(arrays: readonly np.Array[]): np.Array[] {
    const sizes = this.specs.map(({ size }) => size);
    return this.members.map((pack, position) => {
      const rest = sizes[position] - sizeOfAll(pack);
      const flat = pack.map(({ index, spec }) => flatten(arrays[index], spec));
      return np.concatenate(rest > 0 ? [...flat, np.zeros([rest])] : flat);
    });
  }

  unpack(packs: readonly np.Array[]): np.Array[] {
    const arrays = new Array<np.Array>(this.arrays.length);
    this.specs.forEach(({ size }, position) => {
      const pack = this.members[position];
      const flat = np.split(packs[position], cuts(pack, size));
      pack.forEach(({ index, spec }, member) => {
        arrays[index] = unflatten(flat[member], spec);
      });
    });
    return arrays;
  }
}

const sizeOfAll = (pack: readonly Member[]): number => pack.reduce((sum, { spec }) => sum + spec.size, 0);

/** Where a pack of this size is cut into its members. */
function cuts(pack: readonly Member[], size: number): number[] {
  let end = 0;
  const ends = pack.map(({ spec }) => {
    end += spec.size;
    return end;
  });
  return ends.filter((cut) => cut < size);
}
