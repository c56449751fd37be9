/** @file The device of a runtime's thread. Each loads its own native library, and only that. */
import type { Device } from "./device.js";
import { loadOnnxRuntime } from "./load-onnxruntime.js";
import type { WorkerSettings } from "./protocol.js";

/** @throws UserError where the device's library cannot be loaded */
export async function openDevice(settings: WorkerSettings): Promise<Device<unknown>> {
  switch (settings.device) {
    case "cpu": {
      const { cpuDevice } = await loadOnnxRuntime(() => import("./cpu-device.js"));
      return cpuDevice(settings.threads) as Device<unknown>;
    }
    case "webgpu": {
      const { webGpuDevice } = await loadOnnxRuntime(() => import("./webgpu-device.js"));
      return webGpuDevice() as Device<unknown>;
    }
    case "xla": {
      const { xlaDevice } = await import("./xla-device.js");
      return xlaDevice(settings) as Device<unknown>;
    }
    default:
      return settings satisfies never;
  }
}
