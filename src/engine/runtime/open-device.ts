/** @file The device of a runtime's thread. Each loads its own native library, and only that. */
import { openCSessions } from "../onnxruntime/c-sessions.js";
import type { OnnxSessions, SessionSettings } from "../onnxruntime/session.js";
import { cpuDevice, sessionSettings } from "./cpu-device.js";
import type { Device } from "./device.js";
import { loadOnnxRuntime } from "./load-onnxruntime.js";
import type { WorkerSettings } from "./protocol.js";

/** @throws UserError where the device's library cannot be loaded */
export async function openDevice(settings: WorkerSettings): Promise<Device<unknown>> {
  switch (settings.device) {
    case "cpu": {
      const sessions = await openSessions(sessionSettings(settings.threads));
      process.once("exit", () => sessions.close()); // of this thread
      return cpuDevice(sessions) as Device<unknown>;
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

/** ONNX Runtime's sessions, through its C interface where that has been tried. */
async function openSessions(settings: SessionSettings): Promise<OnnxSessions> {
  if (process.platform === "linux") {
    try {
      return openCSessions(settings);
    } catch {} // the binding knows how to say what is wrong
  }
  const { openBindingSessions } = await loadOnnxRuntime(() => import("../onnxruntime/binding-sessions.js"));
  return openBindingSessions(settings);
}
