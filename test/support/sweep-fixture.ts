/** @file A guidance sweep that never was: figures that guidance improves, and pictures in plain colours. */
import type { SavedCell } from "../../src/experiments/sweep-folder.js";
import { cellsOf, type SweepGrid } from "../../src/experiments/sweep-grid.js";

const SIDE = 8;

/** FID = 40 − 4 w_μ − 2 w_σ, + 1 for every seed; recall falls, precision rises. Samples are as red as the mean weight, as blue as the other. */
export function fixtureSweep(grid: SweepGrid): { grid: SweepGrid; saved: SavedCell[]; cells: SavedCell["result"][] } {
  const saved = cellsOf(grid).map(({ mean, variance, seed }): SavedCell => {
    const guided = 2 * mean + variance;
    const count = 4;
    const images = new Uint8Array(count * 3 * SIDE ** 2);
    for (let image = 0; image < count; image++) {
      const colour = [60 * mean, 40 * image, 50 * variance];
      colour.forEach((value, channel) => {
        images.fill(value, (image * 3 + channel) * SIDE ** 2, (image * 3 + channel + 1) * SIDE ** 2);
      });
    }
    return {
      result: {
        mean,
        variance,
        seed,
        quality: [
          { metric: "fid", name: "FID", value: 40 - 2 * guided + seed },
          { metric: "precision", name: "precision", value: 0.5 + guided / 50 },
          { metric: "recall", name: "recall", value: 0.5 - guided / 80 - variance ** 2 / 1000 },
        ],
        clamped: variance > 4 ? 3 : 0,
        seconds: 1.5,
      },
      pictures: { images, count, resolution: SIDE },
    };
  });
  return { grid, saved, cells: saved.map(({ result }) => result) };
}
