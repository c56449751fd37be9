/**
 * @file The thread that runs ONNX Runtime's sessions and owns the arrays that stay on the device.
 *
 * `run` blocks the thread that calls it, hence this one. Outputs are written into buffers of our own, reused when their
 * array is freed, so that memory neither grows nor waits for the garbage collector.
 */
import { parentPort, workerData } from "node:worker_threads";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { allocate, sizeOf, type TypedArray } from "../spec.js";
import type { ArrayId, Envelope, Request, Response, TensorInfo, WorkerSettings } from "./protocol.js";

interface Loaded {
  session: InferenceSession;
  inputs: TensorInfo[];
  outputs: TensorInfo[];
}

const { threads } = workerData as WorkerSettings;
const programs = new Map<number, Loaded>();
const arrays = new Map<ArrayId, TypedArray>();
const spare = new Map<number, ArrayBuffer[]>();

const options = {
  executionProviders: ["cpu"],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  executionMode: "sequential",
  logSeverityLevel: 3,
  extra: { session: { set_denormal_as_zero: "1" } },
} satisfies InferenceSession.SessionOptions;

function output({ dtype, shape }: TensorInfo): TypedArray {
  const size = sizeOf(shape);
  const bytes = allocate(dtype, 0).BYTES_PER_ELEMENT * size;
  return allocate(dtype, size, spare.get(bytes)?.pop() ?? new ArrayBuffer(bytes));
}

function recycle(data: TypedArray): void {
  const buffer = data.buffer as ArrayBuffer;
  const shelf = spare.get(buffer.byteLength) ?? [];
  shelf.push(buffer);
  spare.set(buffer.byteLength, shelf);
}

const tensor = ({ dtype, shape }: TensorInfo, data: TypedArray) => new Tensor(dtype, data, shape);

async function run({ program, inputs, keep }: Extract<Request, { kind: "run" }>) {
  const loaded = programs.get(program)!;
  const feeds = Object.fromEntries(
    loaded.inputs.map((info, index) => {
      const given = inputs[index];
      return [info.name, tensor(info, typeof given === "number" ? arrays.get(given)! : given)];
    }),
  );
  const results = loaded.outputs.map(output);
  const fetches = Object.fromEntries(loaded.outputs.map((info, index) => [info.name, tensor(info, results[index])]));
  await loaded.session.run(feeds, fetches);
  return results.map((data, index) => {
    const array = keep[index];
    if (array === null) return data;
    arrays.set(array, data);
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
      arrays.set(request.array, request.data);
      return undefined;
    case "read":
      return arrays.get(request.array)!.slice();
    case "free":
      for (const array of request.arrays) {
        recycle(arrays.get(array)!);
        arrays.delete(array);
      }
      return undefined;
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
parentPort!.on("message", ({ id, request }: Envelope) => {
  queue = queue.then(async () => {
    try {
      const result = await answer(request);
      parentPort!.postMessage({ id, result } satisfies Response, transferred(result));
    } catch (error) {
      parentPort!.postMessage({ id, error: error instanceof Error ? error : new Error(String(error)) });
    }
  });
});
