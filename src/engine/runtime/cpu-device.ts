/** @file The processor: arrays are buffers of our own, reused when freed, so that memory neither grows nor waits for the garbage collector. */
import type { OnnxSessions, SessionSettings } from "../onnxruntime/session.js";
import { allocate, sizeOf, type TypedArray } from "../spec.js";
import type { Device } from "./device.js";
import type { ArrayInfo } from "./protocol.js";

/** Microseconds that a thread waits for work before it sleeps: long enough for the next operation of a small model. */
const SPIN_US = "50";

/** @param threads - that compute */
export const sessionSettings = (threads: number): SessionSettings => ({
  threads,
  config: {
    "session.set_denormal_as_zero": "1",
    // Every session has threads of its own, which would spin on after a run and slow down the next one of another session. Within a
    // run they spin for a moment only: with a busy neighbour, whoever spins keeps the core that the others wait for.
    "session.force_spinning_stop": "1",
    "session.intra_op.spin_duration_us": SPIN_US,
  },
});

/** An array in memory. */
interface MemoryArray {
  info: ArrayInfo;
  elements: TypedArray;
}

export function cpuDevice(sessions: OnnxSessions): Device<MemoryArray> {
  /** Elements of freed arrays by type and shape, to be written into again. */
  const spare = new Map<string, TypedArray[]>();
  const shelfOf = ({ dtype, shape }: ArrayInfo) => `${dtype} ${shape}`;
  const place = (info: ArrayInfo): TypedArray =>
    spare.get(shelfOf(info))?.pop() ?? allocate(info.dtype, sizeOf(info.shape));
  return {
    load: async (request) => {
      const { outputs, keep } = request;
      const session = await sessions.load(request);
      return {
        run: async (operands) => {
          const inputs = operands.map((operand) => ("array" in operand ? operand.array.elements : operand.elements));
          const places = outputs.map((info) => (info.shape.every((size) => size >= 0) ? place(info) : null));
          const results = await session.run(inputs, places);
          return results.map((elements, index) =>
            keep[index] ? { array: { info: outputs[index], elements } } : { elements },
          );
        },
        release: () => session.release(),
      };
    },
    upload: async (info, elements) => ({ info, elements }),
    download: async ({ elements }) => elements.slice(),
    surrender: ({ elements }) => elements,
    elements: ({ elements }) => elements,
    free: ({ info, elements }) => {
      const shelf = shelfOf(info);
      spare.set(shelf, [...(spare.get(shelf) ?? []), elements]);
    },
  };
}
