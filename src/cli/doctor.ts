/** @file `strata doctor`: what this machine offers, and whether the engine computes rightly on it. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { measureSpeed, selfTest, TOLERANCE } from "../engine/self-test.js";
import { version } from "../version.js";
import { type Context, createCommand, withContext } from "./command.js";
import { formatBytes } from "./format.js";
import { createRuntime } from "./runtime.js";
import { facts } from "./table.js";

export const doctorCommand = createCommand(
  "doctor",
  "versions, a numeric self-test and a speed figure",
  "strata doctor",
).action(withContext(runDoctor));

async function runDoctor(context: Context): Promise<void> {
  const runtime = createRuntime(context);
  try {
    context.progress.update("testing …");
    const deviation = await selfTest(runtime);
    const gigaflops = await measureSpeed(runtime);
    const report: Report = {
      strata: version,
      node: process.versions.node,
      packages: Object.fromEntries(
        ["@jax-js/jax", "onnxruntime-node", "sharp"].map((name) => [name, packageVersion(name)]),
      ),
      platform: `${process.platform} ${process.arch}`,
      cpu: cpus()[0]?.model.trim() ?? "unknown",
      cores: availableParallelism(),
      threads: runtime.threads,
      memoryBytes: { free: freemem(), total: totalmem() },
      devices: [{ name: "cpu", deviation, passed: deviation <= TOLERANCE, gigaflops }],
    };
    context.result(report, reportText(report));
    if (deviation > TOLERANCE) {
      throw new Error(`the engine computes wrongly here: a convolution is off by ${deviation}, more than ${TOLERANCE}`);
    }
  } finally {
    await runtime.dispose();
  }
}

/** The version of an installed package: of the nearest `package.json` above its entry that bears its name. */
function packageVersion(name: string): string {
  let folder = new URL(".", import.meta.resolve(name));
  for (; folder.pathname !== "/"; folder = new URL("..", folder)) {
    try {
      const manifest = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as {
        name?: string;
        version: string;
      };
      if (manifest.name === name) return manifest.version;
    } catch {} // no such file here: look above
  }
  return "unknown";
}

interface Report {
  strata: string;
  node: string;
  packages: Record<string, string>;
  platform: string;
  cpu: string;
  cores: number;
  threads: number;
  memoryBytes: { free: number; total: number };
  devices: { name: string; deviation: number; passed: boolean; gigaflops: number }[];
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
    ...devices.flatMap(({ name, deviation, passed, gigaflops }): [string, string][] => [
      [
        `${name} self-test`,
        `${passed ? "passed" : "FAILED"}: a convolution and its gradients, off by ${deviation.toExponential(1)} at most`,
      ],
      [`${name} speed`, `${gigaflops.toFixed(0)} GFLOP/s (3×3 convolution, 64 channels, 32², batch 4)`],
    ]),
  ]);
}
