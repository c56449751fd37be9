/** @file What programs are lowered to, by the device that runs them. */
import { blockSize } from "./onnx/block-size.js";
import { onnxTarget } from "./onnx/target.js";
import type { Runtime } from "./runtime/runtime.js";
import type { Target } from "./target.js";

/** The target of a runtime's programs, with its own precision or another. */
export async function targetOf(runtime: Runtime, precision = runtime.precision): Promise<Target> {
  if (runtime.device !== "xla") return onnxTarget(await blockSize(runtime));
  const { stableHloTarget } = await import("./stablehlo/target.js");
  return stableHloTarget(precision, (await runtime.describe()).devices.length);
}
