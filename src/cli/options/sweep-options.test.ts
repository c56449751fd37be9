import { expect, test } from "vitest";
import { sweepSettings } from "./sweep-options.js";

test("cells that were drawn with another precision are those of another sweep", async () => {
  const model = { config: {}, data: {}, parameters: {}, step: 1 };
  const settings = (precision: string) => {
    const parts = { model, sampler: {}, extractor: { identity: "pixels" }, metrics: ["fid"], train: { digest: "0" } };
    return sweepSettings({ ...parts, runtime: { precision } } as never, { count: 4, referenceCount: 4 } as never);
  };
  const [float32, bfloat16] = [await settings("float32"), await settings("bfloat16")];
  expect(bfloat16).toEqual({ ...float32, precision: "bfloat16" });
});
