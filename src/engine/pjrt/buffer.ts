/**
 * @file Arrays on a device.
 *
 * A program that reuses the memory of an input for an output deletes that input (donation): what is left is a handle,
 * which still has to be disposed, and reading it, or running a program on it, is an error. What fails after `execute`
 * has returned is reported by `read` of every output of that execution, and of whatever was computed from one.
 */
import type { Api } from "./api.js";
import { type Belongings, Handle } from "./handle.js";
import { struct } from "./struct.js";

/** An array on a device. */
export class DeviceBuffer extends Handle {
  constructor(api: Api, address: bigint, belongings: Belongings) {
    super(api, address, "PJRT_Buffer_Destroy", "This array", belongings);
  }

  /**
   * Copies the elements, in row-major order, once they are computed; blocks the thread until then.
   *
   * @param into - as long as the array, whose type is not checked
   * @returns `into`
   * @throws PjrtError when the array was deleted, or what should compute it failed
   */
  read<Elements extends NodeJS.ArrayBufferView>(into: Elements): Elements {
    const layout = this.#rowMajor();
    const needed = this.api.call("PJRT_Buffer_ToHostBuffer", 56, this.address, layout)[5];
    if (BigInt(into.byteLength) !== needed) {
      throw new RangeError(`Expected ${needed} bytes to read an array into, got ${into.byteLength}`);
    }
    if (needed === 0n) return into;
    const event = this.api.call("PJRT_Buffer_ToHostBuffer", 56, this.address, layout, into, into.byteLength)[6];
    awaitEvent(this.api, event);
    return into;
  }

  /** Bytes that it takes on the device. */
  get size(): number {
    return Number(this.api.call("PJRT_Buffer_OnDeviceSizeInBytes", 32, this.address)[3]);
  }

  /** Whether a program has taken its memory for one of its outputs. */
  get deleted(): boolean {
    return (this.api.call("PJRT_Buffer_IsDeleted", 25, this.address)[3] & 1n) === 1n;
  }

  /**
   * A `PJRT_Buffer_MemoryLayout` without tiles whose last axis is contiguous; devices keep arrays in other orders too.
   */
  #rowMajor() {
    const rank = this.api.call("PJRT_Buffer_Dimensions", 40, this.address)[4];
    const minorToMajor = BigUint64Array.from({ length: Number(rank) }, (_, axis) => rank - 1n - BigInt(axis));
    const tiled = struct(56, minorToMajor, rank); // type 0
    const layout = struct(76, ...tiled);
    layout.pointees = [tiled, minorToMajor];
    return layout;
  }
}

/**
 * Blocks the thread until an event has happened, and gives it back. Throws PjrtError when what it stands for failed.
 */
export function awaitEvent(api: Api, event: bigint): void {
  if (event === 0n) return;
  try {
    api.call("PJRT_Event_Await", 24, event);
  } finally {
    api.call("PJRT_Event_Destroy", 24, event);
  }
}
