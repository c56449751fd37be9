/**
 * @file A plugin at work: its devices, and what is on them.
 *
 * All calls block the thread until they are done, but for `LoadedExecutable.execute`. To compile takes many seconds, so
 * use it in a thread of its own. Several threads can have a client each; one client is for one thread.
 */

import { textAt, wordsAt } from "../native.js";
import type { DType } from "../spec.js";
import { type Api, int32 } from "./api.js";
import { awaitEvent, DeviceBuffer } from "./buffer.js";
import { type CompileOptions, compileArguments } from "./compile-options.js";
import { PjrtError } from "./errors.js";
import { LoadedExecutable } from "./executable.js";
import { type Belongings, Handle } from "./handle.js";
import { type NamedValues, namedValues } from "./named-values.js";

/** Element types by their numbers in `PJRT_Buffer_Type`. */
const TYPES = { bool: 1, int32: 4, float32: 11, float64: 12, bfloat16: 13 } as const satisfies Record<DType, number>;

/** A device of a client. */
export interface Device {
  readonly address: bigint;
  readonly id: number;
  /** Its maker's name for it: "NVIDIA H200", "cpu". */
  readonly kind: string;
  readonly description: string;
}

/** Memory of a device, in bytes. */
export interface DeviceMemory {
  inUse: number;
  /** The most that arrays and programs can take; undefined where the plugin does not say. */
  limit: number | undefined;
}

/** Devices of a plugin that this process computes on. */
export class Client {
  /** What the plugin calls the devices: "cpu", "cuda", "tpu". */
  readonly platform: string;
  readonly platformVersion: string;
  readonly devices: readonly Device[];
  readonly #belongings: Belongings = new Set();
  readonly #handle: Handle;

  /**
   * @param options - of the plugin. A CPU's are `cpu_device_count` (4 by default) and `asynchronous`, a GPU's
   *   `memory_fraction`, `preallocate`, `allocator`, `visible_devices` and more
   * @throws PjrtError when the plugin finds no device, or cannot have it
   */
  constructor(
    private readonly api: Api,
    options: NamedValues = {},
  ) {
    const client = api.call("PJRT_Client_Create", 88, ...namedValues(options))[8];
    this.#handle = new Handle(api, client, "PJRT_Client_Destroy", "This client");
    const name = api.call("PJRT_Client_PlatformName", 40, client);
    this.platform = textAt(name[3], name[4]);
    const version = api.call("PJRT_Client_PlatformVersion", 40, client);
    this.platformVersion = textAt(version[3], version[4]);
    const devices = api.call("PJRT_Client_AddressableDevices", 40, client);
    this.devices = Array.from(wordsAt(devices[3], devices[4]), (address) => deviceAt(api, address));
  }

  /** Memory of a device; undefined where the plugin does not count it, as on a CPU. */
  memory(device: Device): DeviceMemory | undefined {
    this.#handle.assertAlive();
    try {
      const stats = this.api.call("PJRT_Device_MemoryStats", 185, device.address);
      return { inUse: Number(stats[3]), limit: (stats[11] & 1n) === 1n ? Number(stats[10]) : undefined };
    } catch (error) {
      if (error instanceof PjrtError && error.code === "UNIMPLEMENTED") return undefined;
      throw error;
    }
  }

  /**
   * Compiles a program for as many devices as it has replicas and partitions, the first ones.
   *
   * @param text - StableHLO, whose function `main` is the program; an argument with the attribute
   *   `tf.aliasing_output = k : i32` is donated to output k
   */
  compile(text: string, options: CompileOptions = {}): LoadedExecutable {
    const compiled = this.api.call("PJRT_Client_Compile", 56, this.#handle.address, ...compileArguments(text, options));
    return new LoadedExecutable(this.api, compiled[6], this.#belongings);
  }

  /** Loads a program that `Executable.serialize` wrote. */
  deserialize(bytes: Uint8Array): LoadedExecutable {
    const loaded = this.api.call("PJRT_Executable_DeserializeAndLoad", 64, this.#handle.address, bytes, bytes.length);
    return new LoadedExecutable(this.api, loaded[5], this.#belongings);
  }

  /**
   * Copies elements to a device, the first one by default. They can be changed as soon as it returns.
   *
   * @param elements - in row-major order, of the array's type and number: see `checkElements`
   */
  upload(
    elements: NodeJS.ArrayBufferView,
    { dtype, shape }: { dtype: DType; shape: readonly number[] },
    device: Device = this.devices[0],
  ): DeviceBuffer {
    const dimensions = BigUint64Array.from(shape, BigInt);
    const uploaded = this.api.call(
      "PJRT_Client_BufferFromHostBuffer",
      120,
      this.#handle.address,
      elements,
      TYPES[dtype],
      dimensions,
      dimensions.length,
      0, // strides: dense
      0,
      0, // semantics: the elements are copied during the call
      device.address,
    );
    const buffer = new DeviceBuffer(this.api, uploaded[14], this.#belongings);
    awaitEvent(this.api, uploaded[13]);
    return buffer;
  }

  /** Ends it, and disposes of everything that it made and that is left. */
  dispose(): void {
    for (const belonging of [...this.#belongings]) belonging.dispose();
    this.#handle.dispose();
  }
}

function deviceAt(api: Api, address: bigint): Device {
  const description = api.call("PJRT_Device_GetDescription", 32, address)[3];
  const kind = api.call("PJRT_DeviceDescription_Kind", 40, description);
  const text = api.call("PJRT_DeviceDescription_DebugString", 40, description);
  return {
    address,
    id: int32(api.call("PJRT_DeviceDescription_Id", 28, description)[3]),
    kind: textAt(kind[3], kind[4]),
    description: textAt(text[3], text[4]),
  };
}
