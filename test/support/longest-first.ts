/** @file The order of test files: those that take longest come first, so that no core is left alone with one at the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take half a minute and more, the longest first. */
const LONG = [
  "end-to-end/ranks",
  "webgpu/webgpu",
  "end-to-end/studio",
  "xla/command-line",
  "xla/xla",
  "end-to-end/package",
  "end-to-end/cli-demo",
  "end-to-end/web",
  "end-to-end/web-site",
  "end-to-end/cli-run",
  "end-to-end/health",
  "end-to-end/web-examples",
  "end-to-end/examples",
  "end-to-end/training",
  "end-to-end/endings",
  "end-to-end/signals",
];

/** Where a file comes: among those above, or after them. */
const rank = ({ moduleId }: TestSpecification): number => {
  const place = LONG.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return place < 0 ? LONG.length : place;
};

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
