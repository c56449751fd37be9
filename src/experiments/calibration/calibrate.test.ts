import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { meanColours } from "../../../test/support/features.js";
import { discs, tinyModel } from "../../../test/support/tiny.js";
import type { ImageSet } from "../../data/image-set.js";
import { Runtime } from "../../engine/index.js";
import { Sampler } from "../../inference/sampling/sampler.js";
import { refine } from "../../refinement/refine.js";
import { openRefinement } from "../../refinement/refinement.js";
import { type CalibrateOptions, calibrate, heldOutImages } from "./calibrate.js";
import { shared } from "./common-samples.js";
import { type Calibration, calibrationOf, isPlain, readCalibration } from "./settings.js";

const model = tinyModel();
const lists = { temperatures: [0.3, 1], means: [0], variances: [0] };
let runtime: Runtime;
/** What the model draws at a temperature of 0.3, as if that were what it should have learnt; and what it draws at 3. */
let calm: { search: ImageSet; check: ImageSet };
let lively: ImageSet;
/** A whole calibration for the calm images, its folder, and what it told. */
let whole: Calibration;
let wholeFolder: string;
const told: string[] = [];

const colours = meanColours();
/** Images whose features were made. */
let seen = 0;
const extractor: typeof colours = {
  ...colours,
  extract: (pictures) => {
    seen += pictures.count;
    return colours.extract(pictures);
  },
};

/** Logits of a classifier that takes lively pictures for whatever label they have, and calm ones for another. */
const withLogits =
  ({ extract }: typeof colours): typeof colours.extract =>
  async (pictures) => {
    const size = 3 * pictures.resolution ** 2;
    const labels = (pictures as { labels?: Int32Array }).labels;
    const logits = Float32Array.from({ length: 2 * pictures.count }, (_, place) => {
      const image = pictures.images.subarray((place >> 1) * size, ((place >> 1) + 1) * size);
      const mean = image.reduce((sum, byte) => sum + byte, 0) / size;
      const spread = Math.sqrt(image.reduce((sum, byte) => sum + (byte - mean) ** 2, 0) / size);
      const own = place % 2 === (labels?.[place >> 1] ?? 0);
      return own ? spread : 78;
    });
    return { ...(await extract(pictures)), logits };
  };

const run = (changes: Partial<CalibrateOptions> = {}) =>
  calibrate({ ...{ model, extractor, images: calm, data: "discs", folder, count: 32, lists, runtime }, ...changes });

/** All but the moment at which it was found. */
const undated = ({ found, ...rest }: Calibration) => ({ ...rest, found: { ...found, date: "" } });

const logOf = (place: string) => readFileSync(join(place, "candidates.jsonl"), "utf8");

beforeAll(async () => {
  runtime = new Runtime({ threads: 1 });
  await using sampler = new Sampler(model, { runtime });
  const images = async (seed: number, temperature: number): Promise<ImageSet> => {
    const drawn = await sampler.sample({ count: 48, seed, temperature });
    return { ...drawn, name: "drawn", classes: [], labels: new Int32Array(0) };
  };
  calm = { search: await images(10, 0.3), check: await images(11, 0.3) };
  lively = await images(21, 3);
  wholeFolder = mkdtempSync(join(tmpdir(), "calibration-"));
  whole = await run({ folder: wholeFolder, onProgress: ({ what }) => told.push(what) });
});
afterAll(async () => {
  rmSync(wholeFolder, { recursive: true });
  await runtime.dispose();
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "calibration-"));
  seen = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

test("calmer settings are found for calm images, confirmed by others, and kept with how they were found", async () => {
  const { sampling, weights, found } = whole;
  expect(sampling.temperature.length).toBeGreaterThan(0);
  expect(sampling.temperature.every(({ temperature }) => temperature === 0.3)).toBe(true);
  expect(weights.step).toBe(0);
  expect(found).toMatchObject({ isComplete: true, best: sampling, images: { search: 48, check: 48 } });
  expect(found).toMatchObject({ samples: { search: [8, 16, 32], check: 64 }, seeds: { search: 0, check: 1 } });
  const { metric, distance, difference, standardError, accuracy } = found.check!;
  expect(metric).toBe("energy distance (colours)");
  expect(distance.calibrated - distance.unadjusted).toBeCloseTo(difference, 10);
  expect(difference).toBeLessThan(-standardError);
  expect(accuracy).toBeUndefined();
  expect(await readCalibration(wholeFolder)).toEqual(whole);
  expect(told).toContain("temperature at 8×8");
  expect(told.at(-1)).toContain("check");
});

test("a second start measures nothing of the search again; settings that other images do not confirm are not kept", async () => {
  cpSync(wholeFolder, folder, { recursive: true });
  const again = await run({ images: { ...calm, check: lively } });
  expect(seen).toBe(48 + 48 + 2 * 64); // both sets of images, and the check
  expect(logOf(folder)).toBe(logOf(wholeFolder));
  expect(again.found.best).toEqual(whole.sampling);
  expect(again.found.check!.difference).toBeGreaterThan(0);
  expect(isPlain(again.sampling)).toBe(true);
});

test("an interrupted search goes on where it stopped, and settings are written only in the end", async () => {
  const stop = new AbortController();
  const onProgress = ({ what }: { what: string }) => what === "temperature at 4×4" && stop.abort(new Error("stop"));
  await expect(run({ signal: stop.signal, onProgress })).rejects.toThrow("stop");
  expect(await readCalibration(folder)).toBeUndefined();
  expect(logOf(folder).trim().split("\n")).toHaveLength(6); // two settings at each of three rungs
  expect(undated(await run())).toEqual(undated(whole));
  expect(logOf(folder)).toBe(logOf(wholeFolder));
});

test("when time is over, what was decided by then is the result", async () => {
  cpSync(wholeFolder, folder, { recursive: true });
  let left = 6;
  const { found } = await run({ isOver: () => left-- <= 0 });
  expect(found).toMatchObject({ isComplete: false, candidates: 2 });
});

test("settings of a refinement: one temperature of its groups, its guidance, and only for itself", async () => {
  const tiny = tinyModel({ model: { classes: 2 } });
  const labelled = { ...tiny, data: { ...tiny.data, classCounts: [1, 1] } };
  const shown = discs(8, { labels: true });
  const images = { ...shown, labels: shown.labels.map((label) => label % 2) };
  const trained = async (name: string, seed: number) => {
    const out = join(folder, name);
    await refine(labelled, { ...{ images, out, seed, runtime }, groups: 2, draws: 16, limit: { steps: 1 } });
    return openRefinement(labelled, out, { steps: 1 });
  };
  await using refinement = await trained("flow", 0);
  await using sampler = new Sampler(labelled, { runtime, refinement: shared(refinement) });
  const drawn = { ...calm.search, ...(await sampler.sample({ count: 48, seed: 10, temperature: 0.3 })) };
  const own = { ...lists, refinementGuidance: [0, 1] };
  const asked = { ...{ model: labelled, refinement, lists: own }, images: { search: drawn, check: drawn } };
  const found = await run(asked);
  const { temperature, guidance } = found.sampling;
  expect(temperature.length).toBeGreaterThan(0);
  expect(temperature.every((each) => each.temperature === 0.3)).toBe(true);
  expect(guidance).toEqual([]);
  expect(found.sampling.refinement).toBeDefined();
  expect(found.refinement).toEqual({ digest: refinement.digest, step: 1 });
  expect(await calibrationOf("run", labelled, { refinement, folder })).toEqual(found);

  await using other = await trained("other", 1);
  const refused = "for a refinement of step 1, got those for a refinement of step 1";
  await expect(calibrationOf("run", labelled, { refinement: other, folder })).rejects.toThrow(refused);
  await expect(calibrationOf("run", labelled, { folder })).rejects.toThrow("for the prior, got those for a refinement");
  const { candidates } = found.found;
  expect(candidates).toBeGreaterThan(2);
  expect((await run(asked)).found.candidates).toBe(candidates);
});

test("the share of samples that are taken for their label is told of features with the classes of the model", async () => {
  const tiny = tinyModel({ model: { classes: 2 } });
  const labelled = { ...tiny, data: { ...tiny.data, classCounts: [1, 1] } };
  await using sampler = new Sampler(labelled, { runtime });
  const still = { ...calm.search, ...(await sampler.sample({ count: 16, temperature: 0 })) };
  const images = { search: still, check: still };
  const { found } = await run({ model: labelled, images, lists: { ...lists, temperatures: [0] } });
  expect(found.check!.accuracy!.unadjusted).toBeGreaterThan(0);
  expect(found.check!.accuracy!.unadjusted).toBeLessThan(1);
});

test("where an accuracy is wanted, what falls short of it is worse than any distance", async () => {
  const tiny = tinyModel({ model: { classes: 2 } });
  const labelled = { ...tiny, data: { ...tiny.data, classCounts: [1, 1] } };
  await using sampler = new Sampler(labelled, { runtime });
  const drawn = { ...calm.search, ...(await sampler.sample({ count: 48, seed: 10, temperature: 0.3 })) };
  const images = { search: drawn, check: drawn }; // calm samples are nearest
  const classifier: typeof extractor = { ...extractor, classes: 2, extract: withLogits(extractor) };
  const wild = { ...lists, temperatures: [0.3, 1, 3] };
  const asked = { model: labelled, extractor: classifier, images, lists: wild };
  const near = await run(asked);
  expect(near.sampling.temperature.every(({ temperature }) => temperature === 0.3)).toBe(true);
  const accurate = await run({ ...asked, accuracy: 0.9 });
  const { accuracy } = accurate.found.check!;
  expect(accuracy!.calibrated).toBeGreaterThan(accuracy!.unadjusted + 0.1);
  expect(accurate.sampling).toEqual(accurate.found.best); // kept for it
  expect(accurate.sampling).not.toEqual(near.sampling);
  expect(accurate.found.accuracy).toBe(0.9);
  await expect(run({ accuracy: 0.9 })).rejects.toThrow("features that tell the classes of the model");
  await expect(run({ ...asked, accuracy: 2 })).rejects.toThrow("above 0 and up to 1, got 2");
});

test("validation images search and test images check; where there are only some of one, every second", () => {
  const none = discs(0);
  const both = heldOutImages({ validation: discs(20), test: discs(30) });
  expect([both.search.count, both.check.count]).toEqual([20, 30]);
  for (const sets of [
    { validation: discs(40), test: none },
    { validation: none, test: discs(40) },
  ]) {
    const { search, check } = heldOutImages(sets);
    expect([search.count, check.count]).toEqual([20, 20]);
    expect(search.images).not.toEqual(check.images);
  }
  expect(() => heldOutImages({ validation: discs(20), test: none })).toThrow("at least 16 held-out images");
});
