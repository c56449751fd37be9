/**
 * @file Compiled programs: as such (`Executable`), and on devices, ready to run (`LoadedExecutable`).
 *
 * `execute` queues the work and returns; devices work on while JavaScript prepares what comes next. What fails at once,
 * such as a wrong number of inputs, is thrown by `execute`. What fails later is thrown by `completion.wait()` and by
 * `read` of every output, whichever comes first, and again by the other. Outputs exist in either case, and have to be
 * disposed.
 */

import { bitsOf, bytesAt, functionAt, textAt } from "../native.js";
import type { Api } from "./api.js";
import { awaitEvent, DeviceBuffer } from "./buffer.js";
import { type Belongings, Handle } from "./handle.js";
import { Struct, struct } from "./struct.js";

/** Device memory that one execution of a program needs, in bytes, for each device. */
export interface ProgramMemory {
  code: number;
  arguments: number;
  outputs: number;
  /** What outputs share with donated arguments, counted in both. */
  alias: number;
  /** What is needed between arguments and outputs. */
  temporary: number;
  /** The most that is needed at once; 0 where the compiler does not say. */
  peak: number;
}

/** A compiled program, for devices that need not be here. */
export class Executable extends Handle {
  constructor(api: Api, address: bigint, belongings: Belongings) {
    super(api, address, "PJRT_Executable_Destroy", "This compiled program", belongings);
  }

  /** Number of arrays that it computes. */
  get outputs(): number {
    return Number(this.api.call("PJRT_Executable_NumOutputs", 32, this.address)[3]);
  }

  get memory(): ProgramMemory {
    const stats = this.api.call("PJRT_Executable_GetCompiledMemoryStats", 112, this.address);
    const [code, inputs, outputs, alias, temporary] = Array.from(stats.subarray(3, 8), Number);
    return { code, arguments: inputs, outputs, alias, temporary, peak: Number(stats[13]) };
  }

  /** Bytes that the same plugin loads again, on the same kind of device. */
  serialize(): Uint8Array {
    const serialized = this.api.call("PJRT_Executable_Serialize", 56, this.address);
    const bytes = bytesAt(serialized[3], serialized[4]);
    functionAt(serialized[6], 1)(serialized[5]); // the plugin's own bytes
    return bytes;
  }

  /**
   * The program as optimised by XLA, for people and tests: format "hlo", "hlo_with_config" (protocol buffers) or
   * "mlir".
   */
  optimized(): { format: string; code: Uint8Array } {
    const program = struct(48);
    this.api.call("PJRT_Executable_OptimizedProgram", 32, this.address, program); // tells the length
    const code = new Uint8Array(Number(program[3]));
    const filled = struct(48, code, code.length);
    this.api.call("PJRT_Executable_OptimizedProgram", 32, this.address, filled);
    return { format: textAt(filled[4], filled[5]), code };
  }
}

/** What an execution gives. */
export interface Execution {
  /** For each device its output arrays, owned by the caller. */
  outputs: DeviceBuffer[][];
  /** To be waited for, or disposed. */
  completion: Completion;
}

/** A program on the devices it was compiled for. */
export class LoadedExecutable extends Handle {
  /** The program as such. */
  readonly program: Executable;
  readonly #outputs: number;

  constructor(api: Api, address: bigint, belongings: Belongings) {
    super(api, address, "PJRT_LoadedExecutable_Destroy", "This loaded program", belongings);
    const program = api.call("PJRT_LoadedExecutable_GetExecutable", 32, address)[3];
    this.program = new Executable(api, program, belongings);
    this.#outputs = this.program.outputs;
  }

  /**
   * Queues an execution. Shapes and types of the arrays are not checked here, nor by all plugins.
   *
   * @param inputs - for each device the program's arguments; borrowed, but those that the program donates are deleted
   * @param keep - arguments that are not to be donated, by index
   * @throws PjrtError when it cannot begin
   */
  execute(inputs: readonly (readonly DeviceBuffer[])[], keep: readonly number[] = []): Execution {
    const argumentLists = inputs.map((list) => BigUint64Array.from(list, ({ address }) => address));
    const outputLists = inputs.map(() => new BigUint64Array(this.#outputs));
    const events = new BigUint64Array(inputs.length);
    const kept = BigUint64Array.from(keep, BigInt);
    const options = struct(112, 0, 0, 0, 0, 0, kept, kept.length);
    this.api.call(
      "PJRT_LoadedExecutable_Execute",
      80,
      this.address,
      options,
      addresses(argumentLists),
      inputs.length,
      inputs[0].length,
      addresses(outputLists),
      events,
    );
    return {
      outputs: outputLists.map((list) =>
        Array.from(list, (address) => new DeviceBuffer(this.api, address, this.belongings)),
      ),
      completion: new Completion(this.api, [...events], this.belongings),
    };
  }

  override dispose(): void {
    super.dispose();
    this.program.dispose();
  }
}

/** An array of arrays, as C has them. */
function addresses(arrays: readonly BigUint64Array[]): Struct {
  const result = new Struct(arrays.length);
  result.set(arrays.map(bitsOf));
  result.pointees = arrays;
  return result;
}

/** The end of an execution on all of its devices. */
class Completion {
  #events: bigint[];

  constructor(
    private readonly api: Api,
    events: bigint[],
    private readonly belongings: Belongings,
  ) {
    this.#events = events;
    belongings.add(this);
  }

  /**
   * Blocks the thread until the devices are done; a second call does nothing.
   *
   * @throws PjrtError when the execution failed on one of them
   */
  wait(): void {
    const errors: unknown[] = [];
    for (const event of this.#taken()) {
      try {
        awaitEvent(this.api, event);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** For those who do not want to know: errors show when outputs are read. */
  dispose(): void {
    for (const event of this.#taken()) this.api.call("PJRT_Event_Destroy", 24, event);
  }

  #taken(): bigint[] {
    this.belongings.delete(this);
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
