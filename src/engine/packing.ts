/** @file Many arrays as a few long ones: programs take and give those faster, and elementwise work on them is one operation. */
import { numpy as np } from "@jax-js/jax";
import { type Spec, spec } from "./spec.js";

/** Elements of a pack, at least, where there are as many: 4 MB. Longer ones are no faster, and need more memory at a time. */
const LEAST = 1e6;

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
    return this.members.map((pack) => np.concatenate(pack.map(() => arrays[next++].flatten())));
  }

  /** The traced arrays in packs; consumes those. */
  unpack(packs: readonly np.Array[]): np.Array[] {
    return this.members.flatMap((pack, index) => {
      const flat = pack.length === 1 ? [packs[index]] : np.split(packs[index], boundaries(pack));
      return pack.map(({ shape }, member) => flat[member].reshape(shape));
    });
  }

  /** Packs elements. */
  packElements(arrays: readonly Float32Array[]): Float32Array[] {
    let next = 0;
    return this.members.map((pack, index) => {
      const elements = new Float32Array(this.specs[index].size);
      const starts = [0, ...boundaries(pack)];
      for (const start of starts) elements.set(arrays[next++], start);
      return elements;
    });
  }

  /** The elements of every array in packs, copied. */
  unpackElements(packs: readonly Float32Array[]): Float32Array[] {
    return this.members.flatMap((pack, index) => {
      const starts = [0, ...boundaries(pack)];
      return starts.map((start, member) => packs[index].slice(start, start + pack[member].size));
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
