/** @file What counts as used: the package's entry points, and files that threads and processes start by name. */
import type { KnipConfig } from "knip";
import manifest from "./package.json" with { type: "json" };

/** Sources of the entry points in `exports`. A new one needs no line here. */
const published = Object.values(manifest.exports)
  .map((entry) => (typeof entry === "string" ? entry : entry.types))
  .filter((path) => path.startsWith("./dist/types/"))
  .map((path) => path.replace("./dist/types/", "src/").replace(/\.d\.ts$/, ".ts"));

export default {
  entry: [
    ...published,
    "src/data/decoding/decode-worker.ts",
    "src/data/sources/parquet-worker.ts",
    "src/engine/device-test/test-process.ts",
    "src/engine/runtime/runtime-worker.ts",
    "src/ranks/mpi-worker.ts",
    "src/training/add-in-place.ts",
    "src/training/inputs/input-worker.ts",
    "src/web/web-worker.ts",
    "bench/peers/{batches,inception,jax-js,ranks,strata,tensorflow}.ts",
    "examples/**/*.{ts,tsx}",
    "scripts/*",
    "scripts/glyphs/main.ts",
    "scripts/gpu-check/{checks,main}.ts",
    "test/endings/*",
    "test/fixtures/avif/make.ts",
    "test/support/pjrt-process.ts",
    "test/support/shared-process.mjs",
    "web/app/{site,studio}.tsx",
    "web/app/sw.ts",
  ],
  project: ["{src,test,bench,examples,scripts,web}/**/*.{ts,tsx,mts,mjs}", "*.ts"],
  ignoreDependencies: [
    "axe-core", // put into pages by tests
    "opentype.js", // of scripts/glyphs, which has a package of its own
  ],
  ignoreBinaries: ["avifenc", "cc", "ip", "mkfifo", "mpirun", "mpirun.openmpi", "unshare"], // programs of the system
} satisfies KnipConfig;
