/** @file `strata doctor`: what this machine offers, and whether the engine computes rightly on it. */
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { measureSpeed, selfTest, TOLERANCE } from "../../engine/device-test/self-test.js";
import {
  type DeviceDescription,
  type OpenRuntimeOptions,
  openRuntime,
  Runtime,
  testDevice,
} from "../../engine/index.js";
import { softwareOf } from "../../engine/runtime/open-runtime.js";
import { UserError } from "../../errors.js";
import { formatBytes, formatPower, formatSignificant } from "../../number-format.js";
import { packageVersion, version } from "../../version.js";
import { type Context, createCommand, withContext } from "../options/command.js";
import { facts } from "../output/table.js";

export const doctorCommand = createCommand(
  "doctor",
  "print versions, and test and time each device",
  "strata doctor",
).action(withContext(runDoctor));

async function runDoctor({ device, devices, threads, progress, result }: Context): Promise<void> {
  progress.update("testing the CPU …");
  const cpu = await examineCpu(threads);
  progress.update("testing WebGPU …");
  const webGpu = await examineWebGpu();
  progress.update("testing XLA …");
  const xla = await examineXla({ device: device?.startsWith("xla") ? device : "xla", devices });
  const report: Report = {
    strata: version,
    node: process.versions.node,
    packages: Object.fromEntries(
      ["@jax-js/jax", "onnxruntime-node", "sharp"].map((name) => [name, packageVersion(name)]),
    ),
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    threads: threads ?? availableParallelism(),
    memoryBytes: { free: freemem(), total: totalmem() },
    devices: [cpu, webGpu, xla],
  };
  result(report, reportText(report));
  if (!cpu.passed) {
    throw new Error(
      `the engine computes wrongly here: a convolution is off by ${cpu.deviation}, more than ${TOLERANCE}`,
    );
  }
}

/** A convolution and its gradients against their definition, and its speed. */
async function examineCpu(threads?: number) {
  await using runtime = new Runtime({ threads });
  const deviation = await selfTest(runtime);
  const gigaflops = await measureSpeed(runtime);
  return { name: "cpu", passed: deviation <= TOLERANCE, deviation, gigaflops } as const;
}

/** Every kernel against the CPU, and the speed of a convolution. */
async function examineWebGpu(): Promise<Device> {
  const verdict = await testDevice({ device: "webgpu" });
  if (!verdict.usable) return { name: "webgpu", passed: false, reason: verdict.reason };
  const { count: kernels, deviation } = verdict;
  await using runtime = new Runtime({ device: "webgpu" });
  return { name: "webgpu", passed: true, kernels, deviation, gigaflops: await measureSpeed(runtime) };
}

/** The plugin and its devices, a convolution with its gradients, and its speed. */
async function examineXla(options: OpenRuntimeOptions): Promise<Device> {
  try {
    await using runtime = await openRuntime(options);
    const description = await runtime.describe();
    const deviation = await selfTest(runtime);
    const gigaflops = await measureSpeed(runtime);
    const passed = deviation <= TOLERANCE;
    return {
      name: "xla",
      passed,
      deviation,
      gigaflops,
      plugin: { path: runtime.plugin!, ...description },
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name: "xla", passed: false, reason: error.message };
  }
}

/** A device with its self-test: what it is off by at most and how fast it is, or why it cannot be used. */
type Device = { name: string } & (
  | {
      passed: boolean;
      kernels?: number;
      deviation: number;
      gigaflops: number;
      plugin?: DeviceDescription & { path: string };
    }
  | { passed: false; reason: string }
);

interface Report {
  strata: string;
  node: string;
  packages: Record<string, string>;
  platform: string;
  cpu: string;
  cores: number;
  threads: number;
  memoryBytes: { free: number; total: number };
  devices: Device[];
}

/** The report for people. */
function reportText({ strata, node, packages, platform, cpu, cores, threads, memoryBytes, devices }: Report): string {
  const { free, total } = memoryBytes;
  return facts([
    ["strata", strata],
    ["node", `${node} on ${platform}`],
    ...Object.entries(packages),
    ["processor", `${cpu}, ${cores} cores; the engine uses ${threads} threads`],
    ["memory", `${formatBytes(free)} free of ${formatBytes(total)}`],
    ...devices.flatMap(deviceFacts),
  ]);
}

function deviceFacts(device: Device): [string, string][] {
  const { name, passed } = device;
  if ("reason" in device) return [[name, `not available: ${device.reason}`]];
  const what = device.kernels ? `${device.kernels} kernels against the CPU` : "a convolution and its gradients";
  return [
    ...(device.plugin ? pluginFacts(name, device.plugin) : []),
    [`${name} self-test`, `${passed ? "passed" : "FAILED"}: ${what}, off by ${formatPower(device.deviation)} at most`],
    [`${name} speed`, `${formatSignificant(device.gigaflops)} GFLOP/s (3×3 convolution, 64 channels, 32², batch 4)`],
  ];
}

function pluginFacts(name: string, plugin: DeviceDescription & { path: string }): [string, string][] {
  const { path, pjrt, devices } = plugin;
  const memory = devices[0].memoryBytes;
  const each = memory === undefined ? "" : `, ${formatBytes(memory)} of memory each`;
  return [
    [`${name} plugin`, `${path}, PJRT ${pjrt}`],
    [`${name} devices`, `${devices.length} × ${devices[0].kind}${each}; ${softwareOf(plugin)}`],
  ];
}
