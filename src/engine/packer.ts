/** @file Arrays between the host, where each lies as its shape says, and packs on the device. */
import type { numpy as np } from "@jax-js/jax";
import { compile } from "./compile.js";
import type { Packing } from "./packing.js";
import type { Compiled } from "./program.js";
import type { DeviceArray, Runtime } from "./runtime/runtime.js";
import { type DType, spec } from "./spec.js";

/** Packs and unpacks the elements of arrays, on the device; it alone knows in which order packs keep them. */
export class Packer {
  private constructor(
    private readonly packProgram: Compiled<[arrays: readonly Float32Array[]], DeviceArray[]>,
    private readonly unpackProgram: Compiled<[packs: readonly DeviceArray[]], Float32Array[]>,
  ) {}

  /** @param dtype - in which packs are kept */
  static async create(packing: Packing, runtime?: Runtime, dtype: DType = "float32"): Promise<Packer> {
    const packs = packing.specs.map(({ shape }) => spec(shape, dtype));
    const [pack, unpack] = await Promise.all([
      compile((arrays: np.Array[]) => packing.pack(arrays), [packing.arrays], {
        runtime,
        keepOnDevice: true,
        outputDtypes: dtype,
      }),
      compile((given: np.Array[]) => packing.unpack(given), [packs], { runtime }),
    ]);
    return new Packer(pack, unpack);
  }

  /** Copies the elements of arrays to packs on the device. */
  pack(arrays: readonly Float32Array[]): Promise<DeviceArray[]> {
    return this.packProgram.run(arrays);
  }

  /** A copy of the elements of every array in packs. */
  unpack(packs: readonly DeviceArray[]): Promise<Float32Array[]> {
    return this.unpackProgram.run(packs);
  }

  async dispose(): Promise<void> {
    await this.packProgram.dispose();
    await this.unpackProgram.dispose();
  }
}
