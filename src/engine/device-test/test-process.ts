/** @file The process in which a device is tried: what kills or hangs it leaves the program that asked alone. */
import { Runtime, type RuntimeOptions } from "../runtime/runtime.js";
import { quickCases, testCases } from "./cases.js";
import { compareRuntimes } from "./compare.js";
import type { Report } from "./verdict.js";

const report = (message: Report) => process.send!(message);

const options = JSON.parse(process.argv[2]) as RuntimeOptions;
const device = new Runtime({ ...options, threads: 1 });
const reference = new Runtime({ device: "cpu", threads: 1 });
try {
  if (device.device === "xla") await device.describe(); // fails with what keeps it from computing
  // WebGPU's kernels are written one by one; one compiler makes all of XLA's, and takes long
  const cases = device.device === "xla" ? quickCases() : testCases();
  report({ comparison: await compareRuntimes(device, reference, cases, (name) => report({ testing: name })) });
} catch (error) {
  report({ refusal: (error as Error).message });
}
