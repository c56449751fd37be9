/**
 * @file The same training with several seeds, one after the other on one runtime: how much of a difference is chance?
 *
 *     npx tsx examples/seed-sweep.ts [steps] [folder]
 */
import { join } from "node:path";
import { openData, openRun, openRuntime, resolvePreset, train } from "strata-vae";
import { heldOutBound } from "strata-vae/metrics";

const [steps = "200", out = "runs/seeds"] = process.argv.slice(2);

const preset = resolvePreset("emoji32-small");
const data = await openData("emoji", { resolution: preset.model.resolution });
await using runtime = await openRuntime({});

const bounds: number[] = [];
for (const seed of [0, 1, 2]) {
  const config = { ...preset, training: { ...preset.training, seed } };
  const run = join(out, `seed-${seed}`);
  await train({ config, data, out: run, runtime, resume: true, limit: { steps: Number(steps) } });
  const { bitsPerDim } = await heldOutBound(await openRun(run), data.validation, { count: 32, runtime });
  console.log(`seed ${seed}: bound ${bitsPerDim.toFixed(3)} bits/dim`);
  bounds.push(bitsPerDim);
}

const mean = bounds.reduce((sum, bound) => sum + bound, 0) / bounds.length;
const deviation = Math.sqrt(bounds.reduce((sum, bound) => sum + (bound - mean) ** 2, 0) / (bounds.length - 1));
console.log(`${mean.toFixed(3)} ± ${deviation.toFixed(3)} bits/dim over ${bounds.length} seeds`);
