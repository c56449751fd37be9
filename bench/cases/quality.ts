/**
 * @file What samples are like after equal time: Strata, its paper's network in PyTorch, a plain VAE and a diffusion model, all
 * trained on the letters of `glyphs` and judged by one classifier.
 *
 * What a contestant came to is kept, in `bench/results/quality`, and found again: an hour is long. Remove its folder to train anew.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ImageSplits, openData } from "../../src/data/index.js";
import { deviation, mean } from "../measure.js";
import { contests } from "../quality/contestants.js";
import { type Figures, judge } from "../quality/judge.js";
import { writeSheet } from "../quality/sheet.js";
import type { Contestant, Trained } from "../quality/task.js";
import { type BenchOptions, type Case, digits, type Line, type Section } from "../suite.js";

const KEPT = fileURLToPath(new URL("../results/quality/", import.meta.url));
const SOURCE = "glyphs";
const RESOLUTION = 32;
/** Samples of every class: 900 in all. */
const OF_A_CLASS = 25;

/** What is kept of one training. */
interface Kept extends Omit<Trained, "drawn"> {
  threads: number;
  settings: { setting: string; secondsPer1000: number; figures: Figures }[];
  /** Figures of as many held-out images. */
  heldOut: Figures;
}

/** Class after class, again and again: the first samples show one of each. */
const labelsOf = ({ train }: ImageSplits) => {
  const classes = train.classes.length;
  return Int32Array.from({ length: OF_A_CLASS * classes }, (_, image) => image % classes);
};

/** Trains, draws and judges, or finds what was kept; undefined where what is needed is not installed. */
async function measured(
  { id, run }: Contestant,
  { minutes, seed, threads }: { minutes: number; seed: number; threads: number },
): Promise<Kept | undefined> {
  const name = `${id}-${minutes}-${seed}`;
  const kept = join(KEPT, name, "result.json");
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, "utf8")) as Kept;
  const out = join(KEPT, `${name}.unfinished`);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const splits = await openData(SOURCE, { resolution: RESOLUTION });
  const labels = labelsOf(splits);
  const result = await run({ data: splits, minutes, threads, seed, labels, out });
  if (!result) return undefined;
  const { drawn, ...trained } = result;
  const judged = await judge(
    drawn.map(({ images }) => ({ images, labels })),
    splits,
    threads,
  );
  const settings = drawn.map(({ setting, secondsPer1000 }, index) => {
    return { setting, secondsPer1000, figures: judged.samples[index] };
  });
  const rows = drawn.map(({ setting, images }) => ({ name: setting, images }));
  await writeSheet(join(out, "samples.png"), rows, { columns: splits.train.classes.length, resolution: RESOLUTION });
  const whole: Kept = { ...trained, threads, settings, heldOut: judged.heldOut };
  writeFileSync(join(out, "result.json"), `${JSON.stringify(whole, undefined, 2)}\n`);
  renameSync(out, join(KEPT, name));
  return whole;
}

const spread = (values: readonly number[], show: (value: number) => string): string =>
  values.length === 1 ? show(values[0]) : `${show(mean(values))} ± ${show(deviation(values))}`;

/** The cells of one setting, over all seeds. */
function cells(name: string, figures: readonly Figures[], more: string[]): string[] {
  const of = (metric: keyof Figures) => figures.map((each) => each[metric]);
  const percent = (value: number) => `${(100 * value).toFixed(0)} %`;
  return [
    name,
    spread(of("accuracy"), percent),
    spread(of("fid"), digits),
    spread(of("precision"), (value) => value.toFixed(2)),
    spread(of("recall"), (value) => value.toFixed(2)),
    ...more,
  ];
}

async function compare(contestant: Contestant, minutes: number, { threads, seeds }: BenchOptions): Promise<Line[]> {
  const before = process.env.STRATA_CACHE_DIR;
  process.env.STRATA_CACHE_DIR = join(KEPT, "cache"); // the judge and the packed letters are the same for all
  try {
    const found: Kept[] = [];
    for (const seed of seeds) {
      const one = await measured(contestant, { minutes, seed, threads });
      if (!one) return [{ cells: ["not installed"], data: {} }];
      found.push(one);
    }
    const [{ settings, parameters }] = found;
    const images = spread(
      found.map((each) => each.images),
      (count) => count.toFixed(0),
    );
    return settings.map(({ setting }, index): Line => {
      const of = found.map((each) => each.settings[index]);
      const times = spread(
        of.map(({ secondsPer1000 }) => secondsPer1000),
        digits,
      );
      const figures = of.map((each) => each.figures);
      const size = `${(parameters / 1e6).toFixed(1)} M`;
      return { cells: cells(setting, figures, [times, size, images]), data: { setting, minutes, seeds, found } };
    });
  } finally {
    process.env.STRATA_CACHE_DIR = before;
  }
}

export const qualitySection: Section = {
  title: "Samples after equal time",
  columns: [
    "contestant",
    "drawn with",
    "read right",
    "distance",
    "precision",
    "recall",
    "s for 1,000",
    "parameters",
    "images seen",
  ],
  byName: true,
  cases: contests.map(
    ({ minutes, contestant }): Case => ({
      id: `quality/${minutes}/${contestant.id}`,
      title: `${contestant.title}, ${minutes} min`,
      run: (options) => compare(contestant, minutes, options),
    }),
  ),
};
