/** @file Arrays between the host, where each lies as its shape says, and what is kept of them on a device. */
import type { numpy as np } from "@jax-js/jax";
import { compile } from "./compile.js";
import type { Packing } from "./packing.js";
import { type DeviceArray, defaultRuntime, type Runtime } from "./runtime/runtime.js";
import { type DType, spec } from "./spec.js";

/** Packs and unpacks the elements of arrays; it alone knows in which order packs keep them. */
export interface Packer {
  /** Copies the elements of arrays to packs on the device. */
  pack(arrays: readonly Float32Array[]): Promise<DeviceArray[]>;
  /** A copy of the elements of every array in packs. */
  unpack(packs: readonly DeviceArray[]): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

/** @param dtype - in which packs are kept */
export function createPacker(packing: Packing, runtime = defaultRuntime(), dtype: DType = "float32"): Promise<Packer> {
  const asTheyAre = packing.specs === packing.arrays && dtype === "float32";
  return asTheyAre ? Promise.resolve(copier(packing, runtime)) : compiledPacker(packing, runtime, dtype);
}

/** Arrays are kept as they are: each is copied. */
function copier({ arrays: specs }: Packing, runtime: Runtime): Packer {
  return {
    pack: async (arrays) => arrays.map((elements, index) => runtime.put(elements, specs[index])),
    unpack: (arrays) => Promise.all(arrays.map(async (array) => (await array.read()) as Float32Array)),
    dispose: () => Promise.resolve(),
  };
}

async function compiledPacker(packing: Packing, runtime: Runtime, dtype: DType): Promise<Packer> {
  const packs = packing.specs.map(({ shape }) => spec(shape, dtype));
  const [packProgram, unpackProgram] = await Promise.all([
    compile((arrays: np.Array[]) => packing.pack(arrays), [packing.arrays], {
      runtime,
      keepOnDevice: true,
      outputDtypes: dtype,
    }),
    compile((given: np.Array[]) => packing.unpack(given), [packs], { runtime }),
  ]);
  return {
    pack: (arrays) => packProgram.run(arrays),
    unpack: (given) => unpackProgram.run(given),
    dispose: async () => {
      await packProgram.dispose();
      await unpackProgram.dispose();
    },
  };
}
