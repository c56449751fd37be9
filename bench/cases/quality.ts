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

const folderOf = (id: string, minutes: number, seed: number) => join(KEPT, `${id}-${minutes}-${seed}`);

/** What was kept in a folder. */
function found(folder: string): Kept | undefined {
  const path = join(folder, "result.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Kept) : undefined;
}

/** The first samples of all that is kept of so many minutes, one sheet for a seed. */
async function overview(minutes: number, seed: number): Promise<void> {
  const rows = contests
    .filter((contest) => contest.minutes === minutes)
    .flatMap(({ contestant: { id, name } }) => {
      const folder = folderOf(id, minutes, seed);
      return (found(folder)?.settings ?? []).map(({ setting }) => {
        return { name: `${name}, ${setting}`, images: new Uint8Array(readFileSync(join(folder, imagesOf(setting)))) };
      });
    });
  await writeSheet(join(KEPT, `samples-${minutes}-${seed}.png`), rows, RESOLUTION);
}

/** The file of what was drawn with a setting, uint8 [count, 3, R, R]. */
const imagesOf = (setting: string) => `${setting}.u8`;

/** Trains, draws and judges, or finds what was kept; undefined where what is needed is not installed. */
async function measured(
  { id, run }: Contestant,
  { minutes, seed, threads }: { minutes: number; seed: number; threads: number },
): Promise<Kept | undefined> {
  const folder = folderOf(id, minutes, seed);
  const known = found(folder);
  if (known) return known;
  const out = `${folder}.unfinished`;
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
  for (const { setting, images } of drawn) writeFileSync(join(out, imagesOf(setting)), images);
  const whole: Kept = { ...trained, threads, settings, heldOut: judged.heldOut };
  writeFileSync(join(out, "result.json"), `${JSON.stringify(whole, undefined, 2)}\n`);
  renameSync(out, folder);
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
    const results: Kept[] = [];
    for (const seed of seeds) {
      const one = await measured(contestant, { minutes, seed, threads });
      if (!one) return [{ cells: ["not installed"], data: {} }];
      results.push(one);
      await overview(minutes, seed);
    }
    const [{ settings, parameters }] = results;
    const images = spread(
      results.map((each) => each.images),
      (count) => count.toFixed(0),
    );
    return settings.map(({ setting }, index): Line => {
      const of = results.map((each) => each.settings[index]);
      const times = spread(
        of.map(({ secondsPer1000 }) => secondsPer1000),
        digits,
      );
      const figures = of.map((each) => each.figures);
      const size = `${(parameters / 1e6).toFixed(1)} M`;
      return { cells: cells(setting, figures, [times, size, images]), data: { setting, minutes, seeds, results } };
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
