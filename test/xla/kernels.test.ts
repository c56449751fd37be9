/** @file Every operation of the engine on XLA against ONNX Runtime, all in a few programs: XLA takes long for each. */
import { afterAll, expect, test } from "vitest";
import { type Case, testCases } from "../../src/engine/device-test/cases.js";
import { compareRuntimes } from "../../src/engine/device-test/compare.js";
import { Runtime } from "../../src/engine/index.js";
import { xlaPlugins } from "../support/pjrt.js";
import { openXlaRuntime } from "../support/test-runtime.js";

const runtimes: Runtime[] = [];
afterAll(() => Promise.all(runtimes.map((runtime) => runtime.dispose())));

/** Cases of one tolerance as one. */
function together(cases: readonly Case[]): Case {
  const graphs = cases.map(({ graph }) => graph);
  const graph = {
    inputs: graphs.flatMap(({ inputs }) => inputs),
    constants: new Map(graphs.flatMap(({ constants }) => [...constants])),
    equations: graphs.flatMap(({ equations }) => equations),
    outputs: graphs.flatMap(({ outputs }) => outputs),
  };
  return { ...cases[0], name: "all", graph, inputs: cases.flatMap(({ inputs }) => inputs) };
}

test.runIf(xlaPlugins(process.env)[0].path)("every kernel agrees with the CPU", async () => {
  const [device, reference] = [openXlaRuntime(), new Runtime({ threads: 1 })];
  runtimes.push(device, reference);
  for (const tolerance of new Set(testCases().map((each) => each.tolerance))) {
    const cases = testCases().filter((each) => each.tolerance === tolerance);
    const { fault } = await compareRuntimes(device, reference, [together(cases)]);
    if (fault === undefined) continue;
    expect((await compareRuntimes(device, reference, cases)).fault).toBeUndefined(); // names the kernel
    expect(fault).toBeUndefined();
  }
});
