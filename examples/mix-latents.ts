/**
 * @file Mixes two pictures: the coarse groups of one with the fine groups of the other, and the path between them.
 *
 *     npx tsx examples/mix-latents.ts [seed] [seed] [folder]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { imageGrid, openRun, Sampler } from "strata-vae";
import { concatenateLatents, interpolateLatents, latentsOfSamples } from "strata-vae/latents";

const [one = "3", other = "4", out = "pictures"] = process.argv.slice(2);
mkdirSync(out, { recursive: true });

const model = await openRun("pretrained:emoji32");
const [first, second] = [one, other].map((seed) =>
  latentsOfSamples(model.config.model, [0], { seed: Number(seed), temperature: 0.7 }),
);

// Group 0 is the coarsest. Take the first `kept` groups of one picture and the rest of the other.
const kept = [first.length, 6, 4, 2, 1, 0];
const mixtures = kept.map((count) => first.map((noise, group) => (group < count ? noise : second[group])));

await using sampler = new Sampler(model);
const labels = new Int32Array(kept.length).fill(0);
const mixed = await sampler.sample({ count: kept.length, latents: concatenateLatents(mixtures), labels });
writeFileSync(
  join(out, "mixed.png"),
  await imageGrid(mixed, kept.length, { columnLabels: kept.map((count) => `${count} groups`), scale: 3 }),
);

const path = interpolateLatents(first, second, kept.length);
const between = await sampler.sample({ count: kept.length, latents: path, labels });
writeFileSync(join(out, "path.png"), await imageGrid(between, kept.length));
console.log(`${join(out, "mixed.png")}, ${join(out, "path.png")}`);
