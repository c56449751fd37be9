/** @file Which images a probe learns from, is chosen by and is tested by. */

import { type Images, imageReader } from "../../data/image-set.js";
import { type ImageSet, type ImageSplits, take, takeSpread } from "../../data/index.js";
import { UserError } from "../../errors.js";

/** Images of one set after another: those that a probe learns from, to choose by, to test by, and further ones to look for. */
export interface ProbeImages {
  images: Images & { labels: Int32Array };
  /** Names of the classes. */
  classes: string[];
  known: number;
  chosen: number;
  tested: number;
  /** Looked for among the known ones; nothing is told of their class. */
  queries: number;
  /** What is tested by, in words: "1,692 test images". */
  testedSplit: "validation" | "test";
}

/** One in so many training images is to choose by where there is no split for it. */
const CHOICE = 5;

/**
 * Probes learn from training images and are tested by `test`; the number of neighbours and the penalty are chosen by `validation`.
 * Without `test` they are tested by `validation`, and chosen by every fifth training image.
 *
 * @param count - the most images of each, evenly spread
 * @param queries - of the model's resolution; by default some of those to test by
 * @throws UserError without labels, classes or images
 */
export function probeImages(splits: ImageSplits, count: number, queries?: Images): ProbeImages {
  const { train, validation, test } = splits;
  const { classes } = train;
  if (classes.length < 2) {
    throw new UserError(
      "missing-classes",
      `\`data: "${train.name}"\`: expected images with labels of at least two classes, which probes tell apart, got ${classes.length}.`,
    );
  }
  const testedSplit = test.count > 0 ? "test" : "validation";
  const tested = takeSpread(splits[testedSplit], count);
  if (tested.count === 0 || train.count < 2 * CHOICE) {
    throw new UserError(
      "too-few-images",
      `\`data: "${train.name}"\`: expected at least ${2 * CHOICE} training images and some held out, got ${train.count} and ${tested.count}.`,
    );
  }
  const spread = takeSpread(train, count);
  const places = [...Array(spread.count).keys()];
  const isChosen = (place: number) => place % CHOICE === CHOICE - 1;
  const [known, chosen] =
    testedSplit === "test" && validation.count > 0
      ? [spread, takeSpread(validation, count)]
      : [
          take(
            spread,
            places.filter((place) => !isChosen(place)),
          ),
          take(spread, places.filter(isChosen)),
        ];
  const asked = queries ?? takeSpread(tested, QUERIES);
  return {
    images: joined([known, chosen, tested, asked]),
    classes,
    ...{ known: known.count, chosen: chosen.count, tested: tested.count, queries: asked.count, testedSplit },
  };
}

/** Images looked for where none are given. */
const QUERIES = 6;

/** Sets of one resolution as one; images without a label are of class 0. */
function joined(sets: readonly (Images | ImageSet)[]): Images & { labels: Int32Array } {
  const [{ resolution }] = sets;
  const size = 3 * resolution ** 2;
  const count = sets.reduce((sum, set) => sum + set.count, 0);
  const [images, labels] = [new Uint8Array(count * size), new Int32Array(count)];
  let row = 0;
  for (const set of sets) {
    const read = imageReader(set);
    for (let index = 0; index < set.count; index++, row++) {
      images.set(read(index), row * size);
      labels[row] = set.labels?.[index] ?? 0;
    }
  }
  return { images, labels, count, resolution };
}
