/**
 * @file Trains on images that come from anywhere, one after the other: drawn here, fetched, or read from a database.
 *
 *     npx tsx examples/own-data.ts [steps] [folder]
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { collectImages, defineConfig, findClass, imageGrid, type OwnImage, openRun, Sampler, train } from "strata-vae";

const [steps = "400", out = "runs/stripes"] = process.argv.slice(2);

/** Stripes of random width and colour: pixels as a canvas has them. Files (PNG, JPEG, …) are welcome too. */
async function* stripes(count: number): AsyncGenerator<OwnImage> {
  for (let image = 0; image < count; image++) {
    const upright = Math.random() < 0.5;
    const [width, ...colour] = [2 + 4 * Math.random(), 200 * Math.random(), 200 * Math.random(), 200 * Math.random()];
    const data = new Uint8ClampedArray(16 * 16 * 4).fill(255);
    for (let pixel = 0; pixel < 16 * 16; pixel++) {
      const along = upright ? pixel % 16 : Math.floor(pixel / 16);
      if (Math.sin((2 * along) / width) > 0) data.set(colour, 4 * pixel);
    }
    yield { image: { data, width: 16, height: 16 }, label: upright ? "upright" : "level" };
  }
}

const data = await collectImages(stripes(2000), { name: "stripes", resolution: 16 });

const level = { channels: 32, encoderBlocks: 1, stochasticLayers: 2 };
const levels = [1, 4, 8, 16].map((resolution) => ({ resolution, ...level }));
const config = defineConfig({
  preset: "emoji32-small",
  model: { resolution: 16, classes: data.train.classes.length, levels },
});

const { step, seconds } = await train({ config, data, out, limit: { steps: Number(steps) } });
console.log(`${step} steps in ${seconds.toFixed(0)} s`);

const model = await openRun(out);
await using sampler = new Sampler(model);
const labels = new Int32Array(16).fill(findClass("upright", model).label);
const samples = await sampler.sample({ count: 16, labels, guidance: { mean: 1, variance: 1 } });
writeFileSync(join(out, "upright.png"), await imageGrid(samples, 8));
console.log(`New upright stripes: ${join(out, "upright.png")}`);
