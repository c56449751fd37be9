/**
 * @file The thread that runs ONNX Runtime's sessions and owns the arrays that stay on the device.
 *
 * `run` blocks the thread that calls it, hence this one. Outputs are written into buffers of our own, reused when their
 * array is freed, so that memory neither grows nor waits for the garbage collector.
 */
import { parentPort, workerData } from "node:worker_threads";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { allocate, type DType, sizeOf, type TypedArray } from "../spec.js";
import type { ArrayId, ArrayInfo, Envelope, Request, Response, TensorInfo, WorkerSettings } from "./protocol.js";

interface Loaded {
  session: InferenceSession;
  inputs: TensorInfo[];
  outputs: TensorInfo[];
}

const { threads } = workerData as WorkerSettings;
const programs = new Map<number, Loaded>();
const arrays = new Map<ArrayId, Tensor>();
/** Tensors of freed arrays by type and shape, to be written into again. */
const spare = new Map<string, Tensor[]>();

const options = {
  executionProviders: ["cpu"],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  executionMode: "sequential",
  enableMemPattern: false, // plans one buffer for a whole run, beside the arrays of the first: more memory, no less time
  logSeverityLevel: 3,
  // Every session has threads of its own, which would spin on after a run and slow down the next one of another session.
  extra: { session: { set_denormal_as_zero: "1", force_spinning_stop: "1" } },
} satisfies InferenceSession.SessionOptions;

/** JavaScript's ONNX Runtime has no bfloat16: programs take and give its bits. */
const typeOf = (dtype: DType) => (dtype === "bfloat16" ? "uint16" : dtype);
const tensor = ({ dtype, shape }: ArrayInfo, data: TypedArray) => new Tensor(typeOf(dtype), data, shape);
const shelfOf = (type: string, shape: readonly number[]) => `${type} ${shape}`;

/** A tensor to write an output into. */
function output(info: ArrayInfo): Tensor {
  return (
    spare.get(shelfOf(typeOf(info.dtype), info.shape))?.pop() ?? tensor(info, allocate(info.dtype, sizeOf(info.shape)))
  );
}

function free(array: ArrayId): void {
  const freed = arrays.get(array)!;
  arrays.delete(array);
  const shelf = shelfOf(freed.type, freed.dims);
  if (!spare.has(shelf)) spare.set(shelf, []);
  spare.get(shelf)!.push(freed);
}

async function run({ program, inputs, keep }: Extract<Request, { kind: "run" }>) {
  const loaded = programs.get(program)!;
  const feeds = Object.fromEntries(
    loaded.inputs.map((info, index) => {
      const given = inputs[index];
      return [info.name, typeof given === "number" ? arrays.get(given)! : tensor(info, given)];
    }),
  );
  const results = loaded.outputs.map(output);
  await loaded.session.run(feeds, Object.fromEntries(loaded.outputs.map(({ name }, index) => [name, results[index]])));
  return results.map((result, index) => {
    const array = keep[index];
    if (array === null) return result.data as TypedArray;
    arrays.set(array, result);
    return null;
  });
}

async function answer(request: Request): Promise<unknown> {
  switch (request.kind) {
    case "load": {
      const graphOptimizationLevel = request.optimise ? "all" : "disabled";
      const session = await InferenceSession.create(request.model, { ...options, graphOptimizationLevel });
      programs.set(request.program, { session, inputs: request.inputs, outputs: request.outputs });
      return undefined;
    }
    case "unload":
      await programs.get(request.program)!.session.release();
      programs.delete(request.program);
      return undefined;
    case "run":
      return run(request);
    case "put":
      arrays.set(request.array, tensor(request.info, request.data));
      return undefined;
    case "read":
      return (arrays.get(request.array)!.data as TypedArray).slice();
    default:
      return request satisfies never;
  }
}

/** Buffers of elements that go to the other thread for good. */
function transferred(result: unknown): ArrayBuffer[] {
  const parts = Array.isArray(result) ? result : [result];
  return parts.flatMap((part) => (ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : []));
}

let queue = Promise.resolve();
parentPort!.on("message", ({ id, request, freed }: Envelope) => {
  queue = queue.then(async () => {
    try {
      freed.forEach(free);
      const result = await answer(request);
      parentPort!.postMessage({ id, result } satisfies Response, transferred(result));
    } catch (error) {
      parentPort!.postMessage({ id, error: error instanceof Error ? error : new Error(String(error)) });
    }
  });
});
