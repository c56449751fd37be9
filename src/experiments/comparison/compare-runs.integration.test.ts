import { afterAll, expect, test } from "vitest";
import { meanColours } from "../../../test/support/features.js";
import { discs, tinyConfig } from "../../../test/support/tiny.js";
import { Runtime } from "../../engine/index.js";
import { fromBytes } from "../../inference/pictures.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { referenceOfSet } from "../../quality/reference.js";
import { stepInputs } from "../../training/inputs/step-inputs.js";
import { FRESH } from "../../training/run/counters.js";
import { initialState } from "../../training/run/starting-point.js";
import { Trainer } from "../../training/trainer.js";
import { compareModels } from "./compare-runs.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const heldOut = discs(30, { start: 500 });

/** A tiny model after so many steps. */
async function trained(steps: number): Promise<TrainedModel> {
  const config = tinyConfig({ optimizer: { maxLearningRate: 0.005 } });
  const trainer = await Trainer.create(config, runtime, FRESH, initialState(config));
  for (let step = 0; step < steps; step++) {
    const { images, labels } = discs(8, { start: 8 * step });
    await trainer.step(stepInputs(config, step, { images: fromBytes(images), labels }, runtime.traits));
  }
  const { parameters } = await trainer.read("parameters");
  await trainer.dispose();
  return { config, parameters, step: steps, data: { name: "discs", count: 100, classes: [], classCounts: [] } };
}

test("a trained model is better than a fresh one, and one like itself is not", async () => {
  const [fresh, later] = [await trained(1), await trained(40)];
  const models = [
    { name: "fresh", model: fresh },
    { name: "again", model: fresh },
    { name: "later", model: later },
  ];
  const extractor = meanColours();
  const quality = { extractor, reference: await referenceOfSet(discs(100), extractor, { runtime, keep: 100 }) };
  const figures = await compareModels(models, { heldOut, quality, count: 40, runtime });
  expect(figures.map(({ name }) => name)).toEqual(expect.arrayContaining(["bound, bits/dim", "rate, bits/dim"]));
  for (const { runs, differences, name } of figures) {
    expect(runs).toHaveLength(3);
    expect(differences[0], name).toEqual({ value: 0, low: 0, high: 0 }); // pairs are the same, so there is no doubt
    for (const { value, low, high } of [...runs, ...differences]) {
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
    }
    expect(differences[1].value).toBeCloseTo(runs[2].value - runs[0].value, 9);
  }
  const bound = figures[0];
  expect(bound.differences[1]).toMatchObject({ better: "this" });
  // Pairs take what images have in common out: the difference is known better than that of two bounds of different images.
  const width = ({ low, high }: { low: number; high: number }) => high - low;
  expect(width(bound.differences[1])).toBeLessThan(Math.hypot(width(bound.runs[0]), width(bound.runs[2])));
  expect(figures.find(({ name }) => name === "rate, bits/dim")!.differences[1].better).toBeUndefined();
});
