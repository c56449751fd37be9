/** @file The process in which a device is tried: what kills or hangs it leaves the program that asked alone. */
import { Runtime } from "../runtime/runtime.js";
import { testCases } from "./cases.js";
import { compareRuntimes } from "./compare.js";
import type { Report } from "./verdict.js";

const report = (message: Report) => process.send!(message);

const device = new Runtime({ device: "webgpu", threads: 1 });
const reference = new Runtime({ device: "cpu", threads: 1 });
report({ comparison: await compareRuntimes(device, reference, testCases(), (name) => report({ testing: name })) });
