/** @file What the runtime's thread asks of a device: programs on it, and arrays that live there. */
import type { TypedArray } from "../spec.js";
import type { ArrayInfo, DeviceDescription, LoadRequest, ProgramMemory } from "./protocol.js";

/** @typeParam A - an array on the device, in the form that the device has for it */
export interface Device<A> {
  load(request: LoadRequest): Promise<DeviceProgram<A>>;
  /** Copies elements to the device. */
  upload(info: ArrayInfo, data: TypedArray): Promise<A>;
  /** A copy of the elements of an array on the device. */
  download(array: A): Promise<TypedArray>;
  /** The elements themselves of an array that is given up, on a device whose arrays are ordinary memory. */
  surrender?(array: A): TypedArray;
  /** Takes back an array on the device that nothing needs any more. */
  free(array: A): void;
  /** The elements of an array, to be changed in place, on a device whose arrays are ordinary memory. */
  elements?(array: A): TypedArray;
  /** Of a device that was found on the machine. */
  describe?(): DeviceDescription;
}

/** What goes into a program or comes out of it. */
export type DeviceOperand<A> = { array: A } | { elements: TypedArray };

/** A program that a device has loaded. */
export interface DeviceProgram<A> {
  /** @returns what is computed, in order: arrays where the request to load said that they are kept, elements elsewhere */
  run(inputs: readonly DeviceOperand<A>[]): Promise<DeviceOperand<A>[]>;
  /** What a run takes, where the compiler says. */
  readonly memory?: ProgramMemory;
  release(): Promise<void>;
}
