/** @file A runtime on the device that was asked for, if that can be relied on. */
import { formatPower } from "../../number-format.js";
import { testWebGpu } from "../device-test/verdict.js";
import { Runtime, type RuntimeOptions } from "./runtime.js";

/** Which device {@link openRuntime} opens. */
export interface OpenRuntimeOptions extends Omit<RuntimeOptions, "device"> {
  /** `auto` is the CPU: Strata cannot predict whether a WebGPU device is faster. */
  device?: "auto" | "cpu" | "webgpu";
  /** Called with how a device was tested, and when the CPU replaces it. */
  onNotice?: (message: string) => void;
}

/**
 * Opens a runtime. WebGPU is tested first, every kernel against the CPU, and where it is missing, computes wrongly, hangs or
 * crashes, the CPU takes its place: `runtime.device` says which it is.
 */
export async function openRuntime({
  device = "auto",
  onNotice = () => {},
  ...options
}: OpenRuntimeOptions = {}): Promise<Runtime> {
  if (device !== "webgpu") return new Runtime(options);
  const verdict = await testWebGpu();
  if (!verdict.usable) {
    onNotice(`WebGPU cannot be used here: ${verdict.reason}. Computing on the CPU instead.`);
    return new Runtime(options);
  }
  const { count, deviation } = verdict;
  onNotice(`WebGPU: ${count} kernels agree with the CPU, off by ${formatPower(deviation)} at most.`);
  return new Runtime({ ...options, device });
}
