/** @file What the latents of one run know, as pictures: neighbours, groups of two images swapped, images moved along a direction. */
import { classDirection, moveAlong, swapGroups } from "../experiments/probing/latent-arithmetic.js";
import type { ProbeImages } from "../experiments/probing/probe-images.js";
import type { ProbedModel } from "../experiments/probing/probe-model.js";
import type { ExecutionOptions } from "../inference/execution-options.js";
import { formationGrid, imageRows } from "../inference/picture-grid.js";
import type { TrainedModel } from "../inference/trained-model.js";
import type { Picture } from "./page.js";

/** What is drawn, and how. */
export interface ProbeDrawingOptions extends ExecutionOptions {
  /** The class that models with classes are told. */
  label?: number;
  /** Keys the control direction. */
  seed?: number;
  /** The classes that images are moved between. */
  direction?: { from: number; to: number };
}

/** A picture with the name of its file. */
export interface NamedPicture extends Picture {
  file: string;
}

/** How far images are moved: 1 is from the mean of one class to that of the other. */
const STEPS = [-1, 0, 0.5, 1, 1.5, 2];
/** Images that are moved. */
const MOVED = 6;

/**
 * Draws the pictures of one run.
 *
 * @throws NonFiniteOutputError when the model draws no numbers; the signal's reason when aborted
 */
export async function drawProbed(
  model: TrainedModel,
  data: ProbeImages,
  probed: ProbedModel,
  { direction, ...options }: ProbeDrawingOptions = {},
): Promise<NamedPicture[]> {
  const pictures = [await drawNeighbours(data, probed)];
  if (model.config.model.superResolution) return pictures; // which draws nothing without a small image
  pictures.push(await drawSwaps(model, data, probed, options));
  if (direction) pictures.push(...(await drawDirection(model, data, probed, { ...options, direction })));
  return pictures;
}

/** For each query its neighbours in the first group, in half of the groups, and in all. */
async function drawNeighbours({ images, queries }: ProbeImages, { groups }: ProbedModel): Promise<NamedPicture> {
  const stages = [...new Set([1, Math.ceil(groups.length / 2), groups.length])];
  const rows = Array.from({ length: queries }, (_, query) =>
    stages.map((stage) => [images.count - queries + query, ...groups[stage - 1].neighbours[query]]),
  ).flat();
  const rowLabels = rows.map((_, row) => `first ${stages[row % stages.length]}`);
  const columnLabels = rows[0].map((_, column) => (column === 0 ? "image" : `${column}`));
  return {
    file: "neighbours",
    title: "Nearest neighbours",
    caption: `Each image at the left, and the known images nearest to it in the first ${stages.join(", ")} groups.`,
    png: await imageRows(images, rows, { rowLabels, columnLabels }),
  };
}

/** Pairs of queries that follow one another: the first one's first K groups and the second one's rest. */
async function drawSwaps(
  model: TrainedModel,
  { images, queries }: ProbeImages,
  { means }: ProbedModel,
  options: ProbeDrawingOptions,
): Promise<NamedPicture> {
  const first = images.count - queries;
  const pairs = Array.from({ length: queries }, (_, query): [number, number] => [
    first + query,
    first + ((query + 1) % queries),
  ]);
  const stages = await swapGroups(model, means, pairs, options);
  return {
    file: "swaps",
    title: "Groups of two images",
    caption:
      "The first K groups of one image and the rest of another, which is the one of the row below; the last row ends with the first. Left all groups of the second, right all of the first.",
    png: await formationGrid(stages, { columnLabels: stages.map((_, kept) => `K = ${kept}`) }),
  };
}

/** Images to test by of one class, moved to another, and as far along the control. */
async function drawDirection(
  model: TrainedModel,
  { images, classes, known, chosen, tested }: ProbeImages,
  { groups, means }: ProbedModel,
  { direction, ...options }: ProbeDrawingOptions & { direction: { from: number; to: number } },
): Promise<NamedPicture[]> {
  const { from, to } = direction;
  const best = groups.reduce((most, own) => (own.linear.accuracy > most.linear.accuracy ? own : most));
  const { found, control } = classDirection(means, images.count, {
    ...{ coefficients: best.linear.coefficients, labels: images.labels.subarray(0, known), seed: options.seed },
    ...{ classes: classes.length, kept: best.groups, from, to },
  });
  const own = Array.from({ length: tested }, (_, i) => known + chosen + i).filter((row) => images.labels[row] === from);
  const moved = Array.from(
    { length: Math.min(MOVED, own.length) },
    (_, i) => own[Math.floor((i * own.length) / MOVED)],
  );
  const columnLabels = STEPS.map((step) => `${step}`);
  const grid = async (along: typeof found) =>
    formationGrid(await moveAlong(model, means, moved, along, STEPS, options), { columnLabels });
  const names = `${classes[from]} to ${classes[to]}`;
  return [
    {
      file: "direction",
      title: `From ${names}`,
      caption: `Images moved along the direction of the linear probe in the first ${best.groups} groups; at 1 as far as the means of the classes are apart along it.`,
      png: await grid(found),
    },
    {
      file: "direction-control",
      title: "A direction at random",
      caption: "The same images, as far along the same weights dealt to other images at random.",
      png: await grid(control),
    },
  ];
}
