/** @file The order of test files: those that take longest come first, so that no core is left alone with one at the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take half a minute and more, the longest first. */
const LONG = [
  "end-to-end/endings",
  "xla/xla",
  "xla/command-line",
  "webgpu/webgpu",
  "webgpu/command-line",
  "end-to-end/examples",
  "end-to-end/training",
  "end-to-end/health",
  "end-to-end/cli-run",
  "end-to-end/cli-ablate",
  "end-to-end/cli-exchange",
  "end-to-end/package",
  "end-to-end/cli-demo",
  "end-to-end/signals",
  "xla/golden",
  "xla/gpu-check",
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
