/** @file What the runtime's thread does: loads and runs sessions, keeps arrays. */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { Service } from "../../thread-service.js";
import type { TypedArray } from "../spec.js";
import { cpuDevice } from "./cpu-device.js";
import type { ArrayId, LoadRequest, Message, Request, TensorInfo, WorkerSettings } from "./protocol.js";
import { tensorOf } from "./tensor.js";
import { webGpuDevice } from "./webgpu-device.js";

type RunRequest = Extract<Request, { kind: "run" }>;

interface Loaded {
  session: InferenceSession;
  inputs: TensorInfo[];
  outputs: TensorInfo[];
}

/** Answers requests of a `Runtime`. */
export function runtimeService({ device: name, threads }: WorkerSettings): Service<Message> {
  const device = name === "webgpu" ? webGpuDevice() : cpuDevice(threads);
  const programs = new Map<number, Loaded>();
  /** Programs whose end has been asked for: their runs that wait are not worth their time. */
  const unwanted = new Set<number>();
  const arrays = new Map<ArrayId, Tensor>();

  /** Aborted runs leave arrays without ever having made them. */
  function free(array: ArrayId): void {
    const tensor = arrays.get(array);
    if (tensor) device.free(tensor);
    arrays.delete(array);
  }

  async function load({ program, inputs, outputs, ...model }: LoadRequest): Promise<void> {
    const session = await device.load({ program, inputs, outputs, ...model });
    programs.set(program, { session, inputs, outputs });
  }

  async function unload(program: number): Promise<void> {
    const loaded = programs.get(program);
    programs.delete(program);
    unwanted.delete(program);
    await loaded?.session.release();
  }

  async function run({ program, inputs, keep }: RunRequest) {
    if (unwanted.has(program)) throw new Error("This program has been disposed.");
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

  async function apply({ module, groups, argument }: Extract<Request, { kind: "apply" }>): Promise<void> {
    const { default: change } = await import(module);
    for (const group of groups) {
      change(
        group.map((array) => arrays.get(array)!.data),
        argument,
      );
    }
  }

  async function answer(request: Request): Promise<unknown> {
    switch (request.kind) {
      case "load":
        return load(request);
      case "unload":
        return unload(request.program);
      case "run":
        return run(request);
      case "put":
        arrays.set(request.array, await device.upload(request.info, request.data));
        return undefined;
      case "read":
        return device.download(arrays.get(request.array)!);
      case "apply":
        return apply(request);
      default:
        return request satisfies never;
    }
  }

  return {
    arrived: ({ request }) => {
      if (request.kind === "unload") unwanted.add(request.program);
    },
    answer: ({ request, freed }) => {
      freed.forEach(free);
      return answer(request);
    },
    transferred: (result) => {
      const parts = Array.isArray(result) ? result : [result];
      return parts.flatMap((part) => (ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : []));
    },
  };
}
