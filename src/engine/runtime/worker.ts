/** @file The thread that runs ONNX Runtime's sessions, since `run` blocks the one that calls it, and owns the arrays that stay on the device. */
import { serve } from "../../thread-service.js";
import { loadOnnxRuntime } from "./load-onnxruntime.js";
import type { Message, WorkerSettings } from "./protocol.js";

await serve<WorkerSettings, Message>(async (settings) => {
  const { runtimeService } = await loadOnnxRuntime(() => import("./service.js"));
  return runtimeService(settings);
});
