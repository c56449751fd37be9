/** @file Accuracy: how often a classifier gives the right answer. */
import { UserError } from "../../errors.js";

/** Index of the largest. */
export const likeliest = (logits: Float32Array): number => logits.indexOf(Math.max(...logits));

/**
 * Share of the pictures that the classifier takes for their label. Those without label do not count.
 *
 * @param logits - [N, classes]
 * @param labels - [N]; from `classes` on they mean no label
 * @throws UserError when no picture has a label
 */
export function accuracy(logits: Float32Array, labels: Int32Array): number {
  const classes = logits.length / labels.length;
  const labelled = [...labels.keys()].filter((picture) => labels[picture] < classes);
  if (labelled.length === 0) {
    throw new UserError("invalid-options", "Accuracy: expected samples with labels, got samples without.");
  }
  const isRight = (picture: number) =>
    likeliest(logits.subarray(picture * classes, (picture + 1) * classes)) === labels[picture];
  return labelled.filter(isRight).length / labelled.length;
}
