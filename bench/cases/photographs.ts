/** @file Photographs to be prepared, made by rule. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";

export const PHOTOGRAPHS = 200;
export const COPIES = 12;
export const [WIDTH, HEIGHT] = [500, 375]; // as ImageNet's are on average

/** Photographs for what decoders know of them: smooth, with noise. */
export async function makePhotographs(folder: string, width = WIDTH, height = HEIGHT): Promise<void> {
  mkdirSync(folder);
  for (let i = 0; i < PHOTOGRAPHS; i++) {
    const pixels = Buffer.alloc(width * height * 3);
    for (let place = 0; place < pixels.length; place++) {
      const [x, y] = [Math.floor(place / 3) % width, Math.floor(place / (3 * width))];
      pixels[place] =
        127 + 90 * Math.sin((i + 1) * 0.01 * x) * Math.cos(0.02 * y + (place % 3)) + ((place * 7919 + i) % 23);
    }
    const file = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 92 })
      .toBuffer();
    for (let copy = 0; copy < COPIES; copy++) writeFileSync(join(folder, `${i}-${copy}.jpg`), file);
  }
}
