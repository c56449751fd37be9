/** @file A tiny model trained and sampled on a runtime, to be compared with the same on another. */
import { vi } from "vitest";
import type { Runtime } from "../../src/engine/index.js";
import { fromBytes } from "../../src/inference/pictures.js";
import { Sampler } from "../../src/inference/sampling/sampler.js";
import type { TrainedModel } from "../../src/inference/trained-model.js";
import { stepInputs } from "../../src/training/inputs/step-inputs.js";
import { FRESH } from "../../src/training/run/counters.js";
import { initialState } from "../../src/training/run/starting-point.js";
import { Trainer } from "../../src/training/trainer.js";
import { type Changes, discs, tinyConfig } from "./tiny.js";

/** A tiny model with attention, of four classes. */
export const labelled = { levels: tinyConfig().model.levels.map((level) => ({ ...level, attention: 1 })), classes: 4 };

/** Steps of a fresh tiny model, what they leave, and what they asked of the runtime. */
export async function trainTiny(changes: Changes, runtime: Runtime, steps: number) {
  const config = tinyConfig(changes);
  const trainer = await Trainer.create(config, runtime, FRESH, initialState(config));
  const { images, labels } = discs(8, { labels: config.model.classes > 0 });
  const sent = vi.spyOn(runtime, "request");
  const copied = [vi.spyOn(runtime, "put"), vi.spyOn(runtime, "transfer")];
  const reports = [];
  for (let step = 0; step < steps; step++) {
    reports.push(await trainer.step(stepInputs(config, step, { images: fromBytes(images), labels }, runtime.traits)));
  }
  const requests = sent.mock.calls.map(([{ kind }]) => kind);
  const copies = copied.flatMap(({ mock }) => mock.calls).length;
  vi.restoreAllMocks();
  const state = await trainer.read("parameters", "ema", "moments", "spectralVectors");
  await trainer.dispose();
  return { reports, state, requests, copies };
}

/** All numbers of a tree, in one order. */
export const numbers = (tree: unknown): number[] => {
  if (tree === undefined) return []; // no reason to skip
  if (typeof tree === "number") return [tree];
  if (tree instanceof Float32Array) return [...tree];
  return Object.values(tree as object).flatMap(numbers);
};

/** Three guided samples of a labelled tiny model, bytes. */
export async function sampleTiny(runtime: Runtime): Promise<Uint8Array> {
  const config = tinyConfig({ model: labelled });
  const model: TrainedModel = {
    config,
    parameters: initialState(config).parameters,
    step: 0,
    data: { name: "discs", count: 10, classes: ["a", "b", "c", "d"], classCounts: [4, 2, 2, 2] },
  };
  await using sampler = new Sampler(model, { batch: 2, runtime });
  return (await sampler.sample({ count: 3, labels: Int32Array.of(0, 1, 3), seed: 5 })).images;
}
