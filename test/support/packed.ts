/** @file The package as npm packs it, of what `build.ts` has bundled, and declarations. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Packs the package.
 *
 * @param folder - where to
 * @returns the path of the tarball
 */
export function pack(folder: string): string {
  declareTypes();
  const words = ["pack", "--pack-destination", folder, "--silent"];
  const name = execFileSync("npm", words, { cwd: repository, encoding: "utf8" }).trim().split("\n").at(-1)!;
  return join(folder, name);
}

/** Makes `dist/types`, which packages alone need. */
function declareTypes(): void {
  if (existsSync(join(repository, "dist", "types"))) return;
  execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], { cwd: repository });
}

/** What every program here does with the package, as a module: trains two steps on a folder `photos`, opens the run, draws two images. */
export const twoSteps = `
const { openData, openRun, resolvePreset, Sampler, train } = strata;
const { model, training, ...rest } = resolvePreset("emoji32-small");
const levels = [4, 8].map((resolution) => ({ resolution, channels: 8, encoderBlocks: 1, stochasticLayers: 1 }));
const config = {
  ...rest,
  model: { ...model, resolution: 8, latentChannels: 16, levels },
  training: { ...training, batchSize: 4 },
};
const out = "runs/" + process.hrtime.bigint();
await train({ config, data: await openData("folder:photos", { resolution: 8 }), out, limit: { steps: 2 } });
const sampler = new Sampler(await openRun(out));
const { count } = await sampler.sample({ count: 2, seed: 1 });
await sampler.dispose();
if (count !== 2) throw new Error("expected two images, got " + count);
`;

/** A program that uses the package's types. */
export const usesTypes = `import { openRun, Sampler } from "strata-vae";
const sampler: Promise<Sampler> = openRun("runs/photos").then((model) => new Sampler(model));
void sampler;
`;

/** Options of TypeScript that check the package's declarations too. Without DOM, which has names of WebGPU. */
export const checkingLibraries = [
  ...["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "false", "--types", "node"],
  ...["--target", "es2023", "--lib", "esnext"],
];
