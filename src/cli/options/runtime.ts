/** @file The engine a command computes on. */
import { openRuntime, type Runtime } from "../../engine/index.js";
import type { Context } from "./command.js";

/** A runtime on the device and with the threads that were asked for; says so when it is another device. The command disposes it. */
export function createRuntime({ device, threads, progress }: Context): Promise<Runtime> {
  if (device === "webgpu") progress.update("testing WebGPU …");
  return openRuntime({ device, threads, onNotice: (message) => progress.note(message) });
}
