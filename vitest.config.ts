import { defineConfig } from "vitest/config";
import LongestFirst from "./test/support/longest-first.js";

/** Tests of several parts at once, which take seconds each: not before every commit. */
const INTEGRATION = "src/**/*.integration.test.ts";

/** Tests keep no programs in the home folder. */
const env = { STRATA_CACHE_DIR: "" };

/**
 * One file a core, first. End-to-end tests start the built program, which takes all cores only while it computes: two files at
 * a time. Tests that measure, and those of a device that there is once, are run in turn.
 */
const parallel = { maxWorkers: "100%", sequence: { groupOrder: 0 } };
const globalSetup = "test/support/build.ts";
const inPairs = { maxWorkers: 2, sequence: { groupOrder: 1 }, globalSetup };
const inTurn = { maxWorkers: 1, sequence: { groupOrder: 2 }, globalSetup };

interface Order {
  maxWorkers: number | string;
  sequence: { groupOrder: number };
  exclude?: string[];
}

const project = (name: string, include: string[], testTimeout: number, order: Order) => ({
  test: { name, include, testTimeout, hookTimeout: testTimeout, setupFiles: ["test/support/setup.ts"], env, ...order },
});

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/count-reporter.ts"],
    pool: "forks",
    sequence: { sequencer: LongestFirst },
    projects: [
      project("unit", ["src/**/*.test.ts", "test/unit/**/*.test.ts"], 60_000, { ...parallel, exclude: [INTEGRATION] }),
      project("integration", [INTEGRATION, "test/integration/**/*.test.ts"], 120_000, parallel),
      project("end-to-end", ["test/end-to-end/**/*.test.ts"], 300_000, inPairs),
      project("webgpu", ["test/webgpu/**/*.test.ts"], 180_000, inTurn),
      project("long", ["test/long/**/*.test.ts"], 3_600_000, inTurn),
    ],
  },
});
