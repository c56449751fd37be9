/** @file What the runtime's thread does: loads and runs programs, keeps arrays. */
import type { Service } from "../../thread-service.js";
import type { TypedArray } from "../spec.js";
import type { Device, DeviceProgram } from "./device.js";
import type { ArrayId, LoadRequest, Message, ProgramMemory, Request } from "./protocol.js";

type RunRequest = Extract<Request, { kind: "run" }>;

/** Answers requests of a `Runtime`. */
export function runtimeService<A>(device: Device<A>): Service<Message> {
  const programs = new Map<number, DeviceProgram<A>>();
  /** Programs whose end has been asked for: their runs that wait are not worth their time. */
  const unwanted = new Set<number>();
  const arrays = new Map<ArrayId, A>();

  /** Aborted runs leave arrays without ever having made them. */
  function free(id: ArrayId): void {
    const array = arrays.get(id);
    if (array !== undefined) device.free(array);
    arrays.delete(id);
  }

  async function take(id: ArrayId): Promise<TypedArray> {
    const array = arrays.get(id)!;
    arrays.delete(id);
    if (device.surrender) return device.surrender(array);
    const elements = await device.download(array);
    device.free(array);
    return elements;
  }

  async function load(request: LoadRequest): Promise<ProgramMemory | undefined> {
    const program = await device.load(request);
    programs.set(request.program, program);
    return program.memory;
  }

  async function unload(number: number): Promise<void> {
    const program = programs.get(number);
    programs.delete(number);
    unwanted.delete(number);
    await program?.release();
  }

  async function run({ program, inputs, keep }: RunRequest): Promise<(TypedArray | null)[]> {
    if (unwanted.has(program)) throw new Error("This program has been disposed.");
    const results = await programs
      .get(program)!
      .run(inputs.map((input) => (typeof input === "number" ? { array: arrays.get(input)! } : { elements: input })));
    return results.map((result, index) => {
      if ("elements" in result) return result.elements;
      arrays.set(keep[index]!, result.array);
      return null;
    });
  }

  async function apply({ module, groups, argument }: Extract<Request, { kind: "apply" }>): Promise<void> {
    const { default: change } = await import(module);
    for (const group of groups) {
      change(
        group.map((id) => device.elements!(arrays.get(id)!)),
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
      case "take":
        return take(request.array);
      case "describe":
        return device.describe!();
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
