/** @file Arrays that stay on a device as long as a program needs them, shared by programs with the same elements: weights above all. */
import type { Spec, TypedArray } from "../spec.js";
import type { DeviceArray, Runtime } from "./runtime.js";

/** A program's share of an array. */
export interface Resident {
  array: DeviceArray;
  /** Gives the share back; with the last one the array is freed. */
  release(): void;
}

interface Shared {
  array: DeviceArray;
  users: number;
}

const residents = new WeakMap<Runtime, WeakMap<TypedArray, Shared>>();

/**
 * The array of these elements, put on the device where it is not there yet.
 *
 * @param data - must not change as long as the array is there
 */
export function acquireResident(data: TypedArray, spec: Spec, runtime: Runtime): Resident {
  const known = residents.get(runtime) ?? new WeakMap<TypedArray, Shared>();
  residents.set(runtime, known);
  const shared = known.get(data) ?? { array: runtime.put(data, spec), users: 0 };
  known.set(data, shared);
  shared.users++;
  let released = false;
  return {
    array: shared.array,
    release: () => {
      if (released) return;
      released = true;
      shared.users--;
      if (shared.users > 0) return;
      known.delete(data);
      shared.array.dispose();
    },
  };
}
