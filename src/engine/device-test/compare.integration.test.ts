import { afterAll, expect, test } from "vitest";
import type { Request } from "../runtime/protocol.js";
import { Runtime } from "../runtime/runtime.js";
import { testCases } from "./cases.js";
import { compareRuntimes } from "./compare.js";

/** A device whose results of `seven` elements are not what they should be. */
class Broken extends Runtime {
  constructor(private readonly spoil: (elements: Float32Array) => void) {
    super({ threads: 1 });
  }

  override async request(request: Request): Promise<unknown> {
    const result = await super.request(request);
    if (request.kind === "read" && result instanceof Float32Array) this.spoil(result);
    return result;
  }
}

const reference = new Runtime({ threads: 1 });
const cases = testCases();
afterAll(() => reference.dispose());

/** What a comparison of a broken device says. */
async function comparison(spoil: (elements: Float32Array) => void) {
  const device = new Broken(spoil);
  const started: string[] = [];
  const result = await compareRuntimes(device, reference, cases, (name) => started.push(name));
  await device.dispose();
  return { ...result, started };
}

test("a device that computes as the CPU does agrees in every case", async () => {
  const { count, deviation, fault, started } = await comparison(() => {});
  expect({ count, deviation, fault }).toEqual({ count: cases.length, deviation: 0, fault: undefined });
  expect(started).toEqual(cases.map(({ name }) => name));
});

test("a device that keeps images in another order than the CPU agrees too", async () => {
  class Unblocked extends Runtime {
    override readonly device = "webgpu"; // has no blocks
  }
  const device = new Unblocked({ threads: 1 });
  expect(await compareRuntimes(device, reference, cases)).toMatchObject({ count: cases.length, fault: undefined });
  await device.dispose();
});

test.each([
  ["a wrong element", (elements: Float32Array) => elements.fill(9, 40, 41), "off by"],
  ["not a number", (elements: Float32Array) => elements.fill(Number.NaN, 40, 41), "off by Infinity"],
])("%s in one kernel is found, and the kernel named", async (_, spoil, message) => {
  const products = cases.filter(({ name }) => name.includes("= dotGeneral"));
  const wide = products[1].graph.outputs[0].shape; // like no other result
  const size = wide[0] * wide[1];
  const { count, fault, started } = await comparison((elements) => {
    if (elements.length === size) spoil(elements);
  });
  expect(count).toBe(cases.indexOf(products[1]));
  expect(fault).toContain(message);
  expect(fault).toContain(products[1].name);
  expect(started.at(-1)).toBe(products[1].name);
});

test("a kernel that fails is named", async () => {
  const { fault } = await comparison((elements) => {
    if (elements.length === 3 * 5) throw new Error("no such kernel");
  });
  expect(fault).toMatch(/^no such kernel: .*reduce/);
});
