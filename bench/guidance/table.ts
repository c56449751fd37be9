/** @file Pictures and their labels as a line of a table: how many look like their label, in all and by group, and whether they differ. */
import { distinctNearest, interval, type Judgement, meanDistance } from "./judgement.js";

/** Pictures that were judged, with the labels they should look like. */
export interface Judged extends Judgement {
  labels: Int32Array;
}

const percent = (share: number) => (100 * share).toFixed(0);
const of = (features: readonly Float32Array[], labels: Int32Array, label: number) =>
  features.filter((_, image) => labels[image] === label);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

export const columns = (groups: readonly string[]): string[] => [
  "images",
  "like their label, %",
  "spread",
  "nearest",
  "clamped",
  ...groups,
];

/**
 * Cells of one line, in the order of {@link columns}: the share that the classifier takes for what the label says, with its
 * interval at 95 %; the mean distance of two pictures of a group, relative to that of two training images; how many training
 * images of the group are nearest to one of its pictures, relative to the number of pictures; values clamped by guidance; and
 * the share by group, %. The last but one are means over the groups that have at least two pictures.
 */
export function cells(judged: Judged, training: Judged, groups: readonly string[], clamped?: number): string[] {
  const { labels, classes, features } = judged;
  const isRight = Array.from(labels, (label, image) => classes[image] === label);
  const right = isRight.filter(Boolean).length;
  const [low, high] = interval(right, labels.length);
  const byGroup = groups.map((_, label) => {
    const own = of(features, labels, label);
    const real = of(training.features, training.labels, label);
    const rightOnes = isRight.filter((is, image) => is && labels[image] === label).length;
    return {
      count: own.length,
      share: rightOnes / own.length,
      spread: meanDistance(own) / meanDistance(real),
      nearest: distinctNearest(own, real) / own.length,
    };
  });
  const several = byGroup.filter(({ count }) => count > 1);
  return [
    `${labels.length}`,
    `${percent(right / labels.length)} (${percent(low)}–${percent(high)})`,
    mean(several.map(({ spread }) => spread)).toFixed(2),
    mean(several.map(({ nearest }) => nearest)).toFixed(2),
    clamped === undefined ? "" : `${clamped}`,
    ...byGroup.map(({ share, count }) => (count > 0 ? percent(share) : "–")),
  ];
}
