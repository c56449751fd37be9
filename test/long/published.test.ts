/** @file The published class-conditional models at batch 1: they build, trace, train a step and draw samples. */
import { expect, test } from "vitest";
import { Competitor } from "../../bench/competitor.js";
import { strata } from "../../bench/peers/systems.js";
import type { Work } from "../../bench/protocol.js";
import { applySettings, resolvePreset } from "../../src/config/index.js";

const GIBIBYTE = 2 ** 30;
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

const presets = ["imagenet32", "imagenet64-superres"] as const;
const works: Work[] = ["train", "generate", "guide"];
const cases = presets.flatMap((preset) => works.map((work) => [preset, work] as const));

/** Each in a process of its own, with random weights and images that are waves, so that its memory can be told. */
test.each(cases)("%s: %s", async (preset, work) => {
  const config = applySettings(resolvePreset(preset), ["training.batchSize=1", "training.microBatchSize=1"]);
  const { competitor, startMs } = await Competitor.start(strata, { work, config, threads: 2, given: true });
  const first = await competitor.step();
  const second = await competitor.step();
  const { peakBytes } = await competitor.end();
  const times = `ready after ${seconds(startMs)}, then ${seconds(first.ms)} and ${seconds(second.ms)}`;
  console.log(`${preset}, ${work}, batch 1: ${times}, at most ${(peakBytes / GIBIBYTE).toFixed(2)} GiB`);
  // Loss and norm of the gradients, or means of the pixels and of their squares; NaN among the pixels is an error already.
  expect([...first.seen, ...second.seen].every(Number.isFinite)).toBe(true);
  if (work === "train") {
    expect(second.seen[0]).not.toBe(first.seen[0]); // the first step has changed the weights
  } else {
    const [mean, square] = first.seen;
    expect(square - mean ** 2).toBeGreaterThan(1); // not one colour
    expect(second.seen).toEqual(first.seen);
  }
});
