/** @file `strata doctor` on WebGPU, whose speed a software driver takes long to measure. */
import { expect, test } from "vitest";
import { strata } from "../support/command-line.js";

test("doctor reports its test and its speed", async ({ skip }) => {
  const { code, stdout, stderr } = await strata("doctor", "--json");
  expect(code, stderr).toBe(0);
  const [, webgpu] = JSON.parse(stdout).devices;
  if (!webgpu.passed && !process.env.VK_DRIVER_FILES) skip();
  expect(webgpu).toMatchObject({ name: "webgpu", passed: true, gigaflops: expect.any(Number) });
});
