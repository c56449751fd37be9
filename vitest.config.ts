import { defineConfig } from "vitest/config";

/** Tests keep no programs in the home folder. */
const env = { STRATA_CACHE_DIR: "" };

const project = (name: string, include: string[], testTimeout: number) => ({
  test: { name, include, testTimeout, hookTimeout: testTimeout, setupFiles: ["test/support/setup.ts"], env },
});

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/count-reporter.ts"],
    pool: "forks",
    projects: [
      { ...project("unit", ["src/**/*.test.ts", "test/unit/**/*.test.ts"], 60_000) },
      { ...project("end-to-end", ["test/end-to-end/**/*.test.ts"], 300_000) },
      { ...project("webgpu", ["test/webgpu/**/*.test.ts"], 180_000) },
      { ...project("long", ["test/long/**/*.test.ts"], 3_600_000) },
    ],
  },
});
