import { expect, test } from "vitest";
import { type OpenRuntimeOptions, openRuntime } from "./open-runtime.js";

test.each<[string, OpenRuntimeOptions]>([
  ["`devices`, got auto", { devices: 2 }],
  ["`devices`, got webgpu", { device: "webgpu", devices: 2 }],
  ["`precision`, got cpu", { device: "cpu", precision: "tf32" }],
])("what only XLA knows is refused elsewhere: %s", async (words, options) => {
  await expect(openRuntime(options)).rejects.toMatchObject({
    code: "invalid-options",
    message: `Expected \`device: "xla"\` with ${words}. It has no effect on other devices: leave it out there.`,
  });
});

test("without a word the CPU is used", async () => {
  await using runtime = await openRuntime({ threads: 1 });
  expect(runtime.device).toBe("cpu");
});
