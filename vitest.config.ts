import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import LongestFirst from "./test/support/longest-first.js";

/** Tests of several parts at once, which take seconds each: not before every commit. */
const INTEGRATION = "src/**/*.integration.test.ts";

/**
 * One file a core, first. Tests that start the built program, or compute on WebGPU, wait some of the time and take all cores at
 * others: three files at a time. Nothing runs beside the long ones, some of which measure.
 */
const parallel = { maxWorkers: "100%", sequence: { groupOrder: 0 } };
const sharedCache = "test/support/shared-cache.ts";
const globalSetup = ["test/support/build.ts", sharedCache];
const inThrees = { maxWorkers: 3, sequence: { groupOrder: 1 }, globalSetup };
const inTurn = { maxWorkers: 1, sequence: { groupOrder: 2 }, globalSetup };

/**
 * Tests that change modules, globals or the environment, or measure memory: each has a process of its own. The others share
 * one a core, and with it the modules that they import, which takes half their time off.
 */
const alone = ["src", "test/unit", "test/integration", "test/end-to-end"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path))
    .filter((path) => path.endsWith(".test.ts"))
    .filter((path) => /\bvi\.(?!waitUntil)|process\.(env|chdir|on|\w+Usage)\b/.test(readFileSync(path, "utf8"))),
);

interface Order {
  maxWorkers: number | string;
  sequence: { groupOrder: number };
  env?: Record<string, string>;
  isolate?: boolean;
  include?: string[];
  exclude?: string[];
  globalSetup?: string | string[];
}

const project = (name: string, include: string[], testTimeout: number, order: Order) => ({
  test: { name, include, testTimeout, hookTimeout: testTimeout, setupFiles: ["test/support/setup.ts"], ...order },
});

const isEndToEnd = (path: string) => path.startsWith(join("test", "end-to-end"));
const isIntegration = (path: string) => path.includes(".integration.") || path.startsWith(join("test", "integration"));

/** Tests of the CPU that are run on XLA too. */
const againOnXla = ["src/engine/operations.test.ts", "src/objective/engine.test.ts"];

const unit = ["src/**/*.test.ts", "web/**/*.test.ts", "test/unit/**/*.test.ts"];
const integration = [INTEGRATION, "test/integration/**/*.test.ts"];
const together = { ...parallel, isolate: false };

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/count-reporter.ts"],
    pool: "forks",
    coverage: { provider: "v8", include: ["src/**/*.ts"], reporter: ["text-summary", "html"] },
    sequence: { sequencer: LongestFirst },
    projects: [
      project("unit", unit, 60_000, { ...together, exclude: [INTEGRATION, ...alone] }),
      project(
        "unit-alone",
        alone.filter((path) => !isIntegration(path) && !isEndToEnd(path)),
        60_000,
        parallel,
      ),
      project("integration", integration, 120_000, { ...together, globalSetup: sharedCache, exclude: alone }),
      project("integration-alone", alone.filter(isIntegration), 120_000, { ...parallel, globalSetup: sharedCache }),
      project("end-to-end", ["test/end-to-end/**/*.test.ts"], 300_000, { ...inThrees, isolate: false, exclude: alone }),
      project("end-to-end-alone", alone.filter(isEndToEnd), 300_000, inThrees),
      project("webgpu", ["test/webgpu/**/*.test.ts"], 180_000, inThrees),
      project("xla", ["test/xla/**/*.test.ts"], 300_000, inThrees),
      project("xla-again", againOnXla, 120_000, { ...inThrees, env: { STRATA_TEST_DEVICE: "xla" } }),
      project("long", ["test/long/**/*.test.ts"], 3_600_000, inTurn),
    ],
  },
});
