/** @file The thread that runs ONNX Runtime's sessions, since `run` blocks the one that calls it, and owns the arrays that stay on the device. */
import { parentPort, workerData } from "node:worker_threads";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { TypedArray } from "../spec.js";
import { cpuDevice } from "./cpu-device.js";
import {
  type ArrayId,
  type Envelope,
  READY,
  type Request,
  type Response,
  type TensorInfo,
  type WorkerSettings,
} from "./protocol.js";
import { tensorOf } from "./tensor.js";
import { webGpuDevice } from "./webgpu-device.js";

interface Loaded {
  session: InferenceSession;
  inputs: TensorInfo[];
  outputs: TensorInfo[];
}

const settings = workerData as WorkerSettings;
const device = settings.device === "webgpu" ? webGpuDevice() : cpuDevice(settings.threads);
const programs = new Map<number, Loaded>();
const arrays = new Map<ArrayId, Tensor>();

function free(array: ArrayId): void {
  device.free(arrays.get(array)!);
  arrays.delete(array);
}

async function run({ program, inputs, keep }: Extract<Request, { kind: "run" }>) {
  const loaded = programs.get(program)!;
  const feeds = Object.fromEntries(
    loaded.inputs.map((info, index) => {
      const given = inputs[index];
      return [info.name, typeof given === "number" ? arrays.get(given)! : tensorOf(info, given)];
    }),
  );
  const results = await device.run(loaded.session, feeds, loaded.outputs);
  return results.map((result, index) => {
    const array = keep[index];
    if (array === null) return result.data as TypedArray;
    arrays.set(array, result);
    return null;
  });
}

async function answer(request: Request): Promise<unknown> {
  switch (request.kind) {
    case "load":
      programs.set(request.program, {
        session: await device.load(request),
        inputs: request.inputs,
        outputs: request.outputs,
      });
      return undefined;
    case "unload":
      await programs.get(request.program)!.session.release();
      programs.delete(request.program);
      return undefined;
    case "run":
      return run(request);
    case "put":
      arrays.set(request.array, await device.upload(request.info, request.data));
      return undefined;
    case "read":
      return device.download(arrays.get(request.array)!);
    case "apply": {
      const { default: apply } = await import(request.module);
      for (const group of request.groups) {
        apply(
          group.map((array) => arrays.get(array)!.data),
          request.argument,
        );
      }
      return undefined;
    }
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
parentPort!.postMessage(READY);
