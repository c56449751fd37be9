/**
 * @file Sheets of pictures: a grid of samples, and how pictures form group by group.
 *
 *     npx tsx examples/grids.ts [folder]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawFormation, formationGrid, imageGrid, openRun, Sampler } from "strata-vae";
import { groups } from "strata-vae/latents";

const [out = "pictures"] = process.argv.slice(2);
mkdirSync(out, { recursive: true });

const model = await openRun("pretrained:emoji32");
await using sampler = new Sampler(model);
const samples = await sampler.sample({ count: 16, seed: 1, temperature: 0.7 });
writeFileSync(join(out, "samples.png"), await imageGrid(samples, 8, { scale: 2 }));

const all = groups(model.config.model);
const stages = [1, 2, 4, 8, all.length].filter(
  (stage, index, list) => stage <= all.length && list.indexOf(stage) === index,
);
const formation = await drawFormation(model, 4, { stages, seed: 1 });
const columnLabels = stages.map((stage) => `${stage} of ${all.length}`);
writeFileSync(join(out, "formation.png"), await formationGrid(formation, { columnLabels, scale: 2 }));
console.log(`${join(out, "samples.png")}, ${join(out, "formation.png")}`);
