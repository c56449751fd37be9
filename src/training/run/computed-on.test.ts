import { expect, test } from "vitest";
import { type ComputedOn, changeOf } from "./computed-on.js";

const cpu: ComputedOn = { device: "cpu", threads: 2, version: "1.0.0" };
const gpus: ComputedOn = { device: "xla", devices: "8 × NVIDIA H200", threads: 2, version: "1.0.0" };

test("a run that goes on where it was says nothing", () => {
  expect(changeOf(cpu, { ...cpu })).toBeUndefined();
  expect(changeOf(gpus, { ...gpus })).toBeUndefined();
});

test.each<[string, ComputedOn, ComputedOn]>([
  ["cpu, 2 threads, Strata 1.0.0 and continues on xla (8 × NVIDIA H200), 2 threads, Strata 1.0.0", cpu, gpus],
  ["cpu, 2 threads, Strata 1.0.0 and continues on cpu, 1 thread, Strata 1.0.0", cpu, { ...cpu, threads: 1 }],
  ["cpu, 2 threads, Strata 1.0.0 and continues on cpu, 2 threads, Strata 1.1.0", cpu, { ...cpu, version: "1.1.0" }],
  [
    "xla (8 × NVIDIA H200), 2 threads, Strata 1.0.0 and continues on " +
      "xla (8 × NVIDIA H200), bfloat16, 2 threads, Strata 1.0.0",
    gpus,
    { ...gpus, precision: "bfloat16" },
  ],
])("another is told: %s", (words, before, now) => {
  expect(changeOf(before, now)).toContain(`computed on ${words}:`);
});
