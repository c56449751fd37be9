/** @file Many arrays as a few long ones: programs take and give those faster, and elementwise work on them is one operation. */
import { numpy as np } from "@jax-js/jax";
import { type Spec, spec } from "./spec.js";
import { fromStorage, toStorage } from "./storage.js";

/** Elements of a pack, at least, where there are as many: 4 MB. Longer ones are no faster, and need more memory at a time. */
const LEAST = 1e6;

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

/** How arrays of given shapes are laid end to end, consecutive ones in one pack. All are float32. */
export class Packing {
  /** The arrays of each pack. */
  readonly members: readonly (readonly Spec[])[];

  constructor(specs: readonly Spec[], least = LEAST) {
    const members: Spec[][] = [];
    let size = Number.POSITIVE_INFINITY;
    for (const member of specs) {
      if (size >= least) {
        members.push([]);
        size = 0;
      }
      members[members.length - 1].push(member);
      size += member.size;
    }
    this.members = members;
  }

  /** Shapes of the packs. */
  get specs(): Spec[] {
    return this.members.map((pack) => spec([ROW * Math.ceil(sizeOfAll(pack) / ROW)]));
  }

  /** Packs traced arrays; consumes them. */
  pack(arrays: readonly np.Array[]): np.Array[] {
    let next = 0;
    return this.members.map((pack, index) => {
      const rest = this.specs[index].size - sizeOfAll(pack);
      const flat = pack.map((member) => flatten(arrays[next++], member));
      return np.concatenate(rest > 0 ? [...flat, np.zeros([rest])] : flat);
    });
  }

  /** The traced arrays in packs; consumes those. */
  unpack(packs: readonly np.Array[]): np.Array[] {
    return this.members.flatMap((pack, index) => {
      const flat = np.split(packs[index], cuts(pack, this.specs[index].size));
      return pack.map((spec, member) => unflatten(flat[member], spec));
    });
  }
}

const sizeOfAll = (pack: readonly Spec[]): number => pack.reduce((sum, { size }) => sum + size, 0);

/** Where a pack of this size is cut into its members. */
function cuts(pack: readonly Spec[], size: number): number[] {
  let end = 0;
  const ends = pack.map((member) => {
    end += member.size;
    return end;
  });
  return ends.filter((cut) => cut < size);
}
