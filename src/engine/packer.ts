/** @file Arrays between the host, where each lies as its shape says, and packs on the device. */
import { compile } from "./compile.js";
import type { Packing } from "./packing.js";
import type { Program } from "./program.js";
import type { DeviceArray, Runtime } from "./runtime/runtime.js";
import { type DType, spec } from "./spec.js";
import type { Tree } from "./tree.js";

/** Packs and unpacks the elements of arrays, on the device; it alone knows in which order packs keep them. */
export class Packer {
  private constructor(
    private readonly packProgram: Program,
    private readonly unpackProgram: Program,
  ) {}

  /** @param dtype - in which packs are kept */
  static async create(packing: Packing, runtime?: Runtime, dtype: DType = "float32"): Promise<Packer> {
    const packs = packing.specs.map(({ shape }) => spec(shape, dtype));
    const ofAll = <T>(value: T) => Object.fromEntries(packs.map((_, index) => [index, value]));
    const [pack, unpack] = await Promise.all([
      compile(packing.pack.bind(packing), [[...packing.arrays]], {
        runtime,
        keep: ofAll(true),
        keptAs: ofAll(dtype),
      }),
      compile(packing.unpack.bind(packing), [packs], { runtime }),
    ]);
    return new Packer(pack, unpack);
  }

  /** Copies the elements of arrays to packs on the device. */
  async pack(arrays: readonly Float32Array[]): Promise<DeviceArray[]> {
    return (await this.packProgram.run([...arrays])) as DeviceArray[];
  }

  /** A copy of the elements of every array in packs. */
  async unpack(packs: readonly DeviceArray[]): Promise<Float32Array[]> {
    return (await this.unpackProgram.run([...packs] as Tree<DeviceArray>)) as Float32Array[];
  }

  async dispose(): Promise<void> {
    await this.packProgram.dispose();
    await this.unpackProgram.dispose();
  }
}
