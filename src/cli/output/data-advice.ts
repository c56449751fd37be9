/** @file Which preset, settings and command suit a set of images, and why. */
import { basename } from "node:path";
import { type Config, presets } from "../../config/index.js";
import type { Reading } from "../../data/index.js";
import { chiralClasses } from "../../data/mirroring.js";
import type { ScanSummary } from "../../data/scanning/scan.js";
import { builtInNames } from "../../data/sources/source-kinds.js";
import { formatCount, formatFixed, formatShare } from "../../number-format.js";
import { programName, readingWords, shellWord } from "../advice.js";

export interface Advice {
  preset: string;
  /** `path=value` each, for `--set`. */
  settings: string[];
  /** Reasons, one sentence or two each. */
  reasons: string[];
  /** A command line that works. */
  command: string;
}

/** From this many images on, a larger model learns more than it remembers. */
const ENOUGH_FOR_LARGER = 5000;
/** From this many on, the published models are worth the time they take on a GPU. */
const ENOUGH_FOR_PUBLISHED = { cifar10: 20_000, imagenet32: 500_000 };
/** Small models remember sets that they see more often. */
const MOST_EPOCHS = 200;
const FEWEST_STEPS = 500;
/** With fewer images of a class on average, a class is not learned. */
const LEAST_PER_CLASS = 20;
/** Largest class over smallest, from which on a set is called unbalanced. */
const UNBALANCED = 10;
/** Shares of images from which on something is worth a sentence. */
const MANY = { lost: 0.2, small: 0.05, duplicate: 0.01, grey: 0.05, allGrey: 0.95 };

/**
 * What to train with on a set.
 *
 * @param source - as the user named it
 * @param reading - how it is read, where the user says
 * @returns undefined where there is nothing to train on
 */
export function adviseTraining(summary: ScanSummary, source: string, reading?: Reading): Advice | undefined {
  const count = summary.splits.train;
  if (count === 0) return undefined;
  const isGlyphs = /^glyphs(:\d+)?$/.test(source);
  const preset = presets[isGlyphs ? "glyphs32-small" : count < ENOUGH_FOR_LARGER ? "emoji32-small" : "cifar10-small"];
  const batch = batchFor(count, preset);
  const length = lengthFor(count, batch.size, preset);
  const classes = classAdvice(summary);
  const flips = flipAdvice(summary, preset);
  const ofPreset = `model.classes=${preset.model.classes}`;
  const settings = [...batch.settings, ...length.settings, ...classes.settings, ...flips.settings].filter(
    (setting) => setting !== ofPreset,
  );
  const reasons = [
    presetReason(count, preset),
    ...batch.reasons,
    ...length.reasons,
    ...classes.reasons,
    ...resolutionReasons(summary, preset),
    ...superResolutionAdvice(summary, isGlyphs, [...classes.settings, ...flips.settings]),
    ...shapeReasons(summary),
    ...contentReasons(summary),
    ...flips.reasons,
  ];
  return { preset: preset.preset, settings, reasons, command: commandLine(preset.preset, settings, source, reading) };
}

function presetReason(count: number, { preset, training }: Config): string {
  const [images, { steps, batchSize }] = [formatCount(count), training];
  if (preset === "glyphs32-small") return `${preset} is made for these ${images} images to train on.`;
  if (preset === "emoji32-small") {
    return `${images} images to train on are few: ${preset}, a small model, learns what they share in minutes.`;
  }
  const epochs = (steps * batchSize) / count;
  const seen = `all its steps see each image ${epochs < 2 ? formatFixed(epochs, 1) : formatCount(epochs)} times`;
  const larger =
    count >= ENOUGH_FOR_PUBLISHED.imagenet32 ? "imagenet32" : count >= ENOUGH_FOR_PUBLISHED.cifar10 ? "cifar10" : "";
  const gpu = larger ? ` With a GPU and days, --preset ${larger} is the published model for a set like this.` : "";
  return `${images} images to train on suit ${preset}: a night on a laptop; ${seen}.${gpu}`;
}

/** The preset's batch, or the largest power of two that the set can fill. */
function batchFor(count: number, { training }: Config) {
  const { batchSize } = training;
  if (count >= batchSize) return { size: batchSize, settings: [], reasons: [] };
  const size = 2 ** Math.floor(Math.log2(count));
  return {
    size,
    settings: [`training.batchSize=${size}`],
    reasons: [`The set cannot fill a batch of ${batchSize}: it is lowered to ${size}.`],
  };
}

/** Fewer steps for sets so small that the preset's would show every image hundreds of times. */
function lengthFor(count: number, batchSize: number, { training }: Config) {
  const steps = Math.max(FEWEST_STEPS, Math.ceil((MOST_EPOCHS * count) / batchSize));
  if (1.5 * steps >= training.steps) return { settings: [], reasons: [] }; // not worth two settings
  const seen = Math.round((steps * batchSize) / count);
  return {
    settings: [`training.steps=${steps}`, `optimizer.decaySteps=${steps}`],
    reasons: [
      `${formatCount(steps)} steps instead of ${formatCount(training.steps)}: each image is seen ${seen} times, and more would make the model memorise them. More images help most.`,
    ],
  };
}

/** Whether the model should know the classes. */
function classAdvice({ classes, usable }: ScanSummary): { settings: string[]; reasons: string[] } {
  if (classes.length < 2) return { settings: [], reasons: [] };
  const total = formatCount(classes.length);
  const mean = usable / classes.length;
  if (mean < LEAST_PER_CLASS) {
    const rare = `${total} classes of ${formatFixed(mean, 1)} images on average are too small to be learned one by one`;
    return { settings: [], reasons: [`${rare}: the model is left without classes (model.classes=0).`] };
  }
  const reasons = [`${total} classes: model.classes=${classes.length} lets you ask for one, and guidance sharpen it.`];
  const ordered = [...classes].sort((a, b) => b.count - a.count);
  const [most, least] = [ordered[0], ordered.at(-1)!];
  if (most.count > UNBALANCED * least.count) {
    const sizes = `${shown(most.name)} has ${formatCount(most.count)} images, ${shown(least.name)} ${formatCount(least.count)}`;
    reasons.push(`The classes are unbalanced: ${sizes}. Expect rare ones to look worse.`);
  }
  return { settings: [`model.classes=${classes.length}`], reasons };
}

/** Whether images may be mirrored, where the preset does it. */
function flipAdvice({ classes }: ScanSummary, { training }: Config): { settings: string[]; reasons: string[] } {
  if (!training.flips) return { settings: [], reasons: [] };
  const [first] = chiralClasses(classes.map(({ name }) => name));
  if (first === undefined) {
    const where = "where left and right matter, as in text and digits";
    return { settings: [], reasons: [`Images are mirrored at random: add training.flips=false ${where}.`] };
  }
  const unlike = `classes like ${JSON.stringify(shown(first))} may read differently in a mirror`;
  return {
    settings: ["training.flips=false"],
    reasons: [`Images are not mirrored (training.flips=false): ${unlike}.`],
  };
}

/** How to get larger pictures, where the images have them. */
function superResolutionAdvice({ shorterSide }: ScanSummary, isGlyphs: boolean, settings: string[]): string[] {
  if (shorterSide.median < 64) return [];
  const classes = settings.some((setting) => setting.startsWith("model.classes=")) ? [] : ["model.classes=0"];
  const own = isGlyphs ? [] : ["--set", ...classes, ...settings];
  const words = ["--preset", isGlyphs ? "glyphs64-superres" : "emoji64-superres", ...own];
  return [`For 64×64, train a second model on top with ${words.join(" ")}.`];
}

function resolutionReasons({ shorterSide, small, usable }: ScanSummary, { model }: Config) {
  const { resolution } = model;
  const reasons: string[] = [];
  if (shorterSide.median > resolution) {
    const factor = formatFixed(shorterSide.median / resolution, 1).replace(".0", "");
    reasons.push(
      `The model draws ${resolution}×${resolution}: the middle image, ${shorterSide.median} pixels on its shorter side, is reduced ${factor} times.`,
    );
  }
  if (small / usable > MANY.small) {
    const part = `${formatShare(small / usable)} of the images have less than ${resolution} pixels on a side`;
    reasons.push(`${part}: they are enlarged, and the model learns their blur.`);
  }
  return reasons;
}

function shapeReasons({ cropLoss }: ScanSummary): string[] {
  if (cropLoss <= MANY.lost) return [];
  const loss = `The centre square leaves out ${formatShare(cropLoss)} of the area of these images on average`;
  return [`${loss}: crop them around their subject first where it stands at the side.`];
}

function contentReasons({ kinds, usable, duplicatesAcrossSplits }: ScanSummary): string[] {
  const reasons: string[] = [];
  const share = (kind: keyof typeof kinds) => kinds[kind].count / usable;
  if (share("grey") > MANY.allGrey) {
    reasons.push("The images are grey: the model learns three equal channels, and nothing has to be set for that.");
  } else if (share("grey") > MANY.grey) {
    reasons.push(`${formatShare(share("grey"))} of the images are grey, and so will be as many of the samples.`);
  }
  if (share("duplicate") > MANY.duplicate || duplicatesAcrossSplits > 0) {
    const { count } = kinds.duplicate;
    const copies = count === 1 ? "One image is a copy of another" : `${formatCount(count)} images are copies of others`;
    const across = `, ${formatCount(duplicatesAcrossSplits)} of them in another split, which flatters held-out figures`;
    reasons.push(`${copies}${duplicatesAcrossSplits > 0 ? across : ""}: best removed.`);
  }
  return reasons;
}

function commandLine(preset: string, settings: string[], source: string, reading?: Reading): string {
  const set = settings.length > 0 ? ` --set ${settings.join(" ")}` : "";
  const name = basename(source.replace(/^\w+:(?=.)/, ""))
    .replace(/[^\w-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const [kind] = source.split(":");
  const data = builtInNames.includes(kind) ? kind : source; // a number after it would ask for that resolution
  return `${programName()} train --preset ${preset} --data ${shellWord(data)}${readingWords(reading)} --out runs/${name || "images"}${set}`;
}

/** A name from outside without what a terminal would obey. */
export const shown = (name: string): string =>
  name.replace(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
