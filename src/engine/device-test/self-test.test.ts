import { expect, test } from "vitest";
import { measureSpeed, selfTest, TOLERANCE } from "./self-test.js";

test("a convolution and its gradients agree with their definition", async () => {
  expect(await selfTest()).toBeLessThan(TOLERANCE);
});

test("the speed of a convolution is a plausible figure", async () => {
  const gigaflops = await measureSpeed(undefined, 0.1);
  expect(gigaflops).toBeGreaterThan(0.5);
  expect(gigaflops).toBeLessThan(1e5);
});
