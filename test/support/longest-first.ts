/** @file The order of test files: those that take longest come first, so that no core is left alone with one at the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take half a minute and more, the longest first. */
const LONG = [
  "endings",
  "cli-run",
  "cli-ablate",
  "training",
  "cli-hierarchy",
  "cli-exchange",
  "health",
  "cli-evaluate",
];

/** Where a file comes: among those above, or after them. */
const rank = ({ moduleId }: TestSpecification): number => {
  const place = LONG.findIndex((name) => moduleId.endsWith(`/end-to-end/${name}.test.ts`));
  return place < 0 ? LONG.length : place;
};

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
