/** @file Many arrays as a few long ones: programs take and give those faster, and elementwise work on them is one operation. */
import { numpy as np } from "@jax-js/jax";
import { type Spec, spec } from "./spec.js";
import { fromStorage, toStorage } from "./storage.js";

/** Elements of a pack, at least, where there are as many: 4 MB. Longer ones are no faster, and need more memory at a time. */
const LEAST = 1e6;

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
    return this.members.map((pack) => spec([pack.reduce((size, member) => size + member.size, 0)]));
  }

  /** Packs traced arrays; consumes them. */
  pack(arrays: readonly np.Array[]): np.Array[] {
    let next = 0;
    return this.members.map((pack) => np.concatenate(pack.map((member) => flatten(arrays[next++], member))));
  }

  /** The traced arrays in packs; consumes those. */
  unpack(packs: readonly np.Array[]): np.Array[] {
    return this.members.flatMap((pack, index) => {
      const flat = pack.length === 1 ? [packs[index]] : np.split(packs[index], boundaries(pack));
      return pack.map((spec, member) => unflatten(flat[member], spec));
    });
  }
}

/** Where all members of a pack but the first begin. */
function boundaries(pack: readonly Spec[]): number[] {
  let end = 0;
  return pack.slice(0, -1).map(({ size }) => {
    end += size;
    return end;
  });
}
