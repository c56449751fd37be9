/** @file The processor: arrays are buffers of our own, reused when freed, so that memory neither grows nor waits for the garbage collector. */
import { InferenceSession, type Tensor } from "onnxruntime-node";
import { allocate, sizeOf, type TypedArray } from "../spec.js";
import type { Device } from "./device.js";
import { onnxProgram } from "./onnx-program.js";
import type { ArrayInfo } from "./protocol.js";
import { tensorOf, typeOf } from "./tensor.js";

/** Microseconds that a thread waits for work before it sleeps: long enough for the next operation of a small model. */
const SPIN_US = "50";

/** @param threads - that compute */
export function cpuDevice(threads: number): Device<Tensor> {
  /** Tensors of freed arrays by type and shape, to be written into again. */
  const spare = new Map<string, Tensor[]>();
  const shelfOf = (type: string, shape: readonly number[]) => `${type} ${shape}`;
  const output = (info: ArrayInfo): Tensor =>
    spare.get(shelfOf(typeOf(info.dtype), info.shape))?.pop() ??
    tensorOf(info, allocate(info.dtype, sizeOf(info.shape)));
  const options = {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    enableMemPattern: false, // plans one buffer for a whole run, beside the arrays of the first: more memory, no less time
    logSeverityLevel: 3,
    // Every session has threads of its own, which would spin on after a run and slow down the next one of another session. Within a
    // run they spin for a moment only: with a busy neighbour, whoever spins keeps the core that the others wait for.
    extra: {
      session: { set_denormal_as_zero: "1", force_spinning_stop: "1", intra_op: { spin_duration_us: SPIN_US } },
    },
  } satisfies InferenceSession.SessionOptions;
  return {
    load: async (request) => {
      const { code, optimise, outputs } = request;
      const session = await InferenceSession.create(code, {
        ...options,
        graphOptimizationLevel: optimise ? "all" : "disabled",
      });
      return onnxProgram(session, request, async (feeds) => {
        const known = outputs.map((info) => (info.shape.every((size) => size >= 0) ? output(info) : null));
        const fetches = Object.fromEntries(outputs.map(({ name }, index) => [name, known[index]]));
        const results = await session.run(feeds, fetches);
        return outputs.map(({ name }, index) => known[index] ?? results[name]);
      });
    },
    upload: async (info, data) => tensorOf(info, data),
    download: async (array) => (array.data as TypedArray).slice(),
    elements: (array) => array.data as TypedArray,
    free: (array) => {
      const shelf = shelfOf(array.type, array.dims);
      spare.set(shelf, [...(spare.get(shelf) ?? []), array]);
    },
  };
}
