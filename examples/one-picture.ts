/**
 * @file One picture, as a PNG file, as RGBA for a canvas, and as letters for a terminal.
 *
 *     npx tsx examples/one-picture.ts [seed] [folder]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openRun, Sampler, toPng, toRgba } from "strata-vae";

const [seed = "1", out = "pictures"] = process.argv.slice(2);
mkdirSync(out, { recursive: true });

await using sampler = new Sampler(await openRun("pretrained:emoji32"), { batch: 1 });
const pictures = await sampler.sample({ count: 1, seed: Number(seed), temperature: 0.7 });

writeFileSync(join(out, "picture.png"), await toPng(pictures));

// In a browser: context.putImageData(new ImageData(data, width, height), 0, 0)
const { data, width, height } = toRgba(pictures);
for (let y = 0; y < height; y += 2) {
  const brightness = (x: number) => data[4 * (y * width + x)] + data[4 * (y * width + x) + 1];
  console.log(Array.from({ length: width }, (_, x) => "@#*+=-. "[Math.floor(brightness(x) / 64)]).join(""));
}
