import { afterAll, beforeAll, expect, test } from "vitest";
import { discs, tinyConfig } from "../../../test/support/tiny.js";
import { Runtime } from "../../engine/index.js";
import { groups, initialise, modelParameters } from "../../model/index.js";
import { outputChannels } from "../../objective/output-layers.js";
import { heldOutBound } from "../measures/held-out-bound.js";
import type { TrainedModel } from "../trained-model.js";
import { reconstruct, reconstructStages } from "./reconstruct.js";

let runtime: Runtime;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());

const config = tinyConfig();
const parameters = initialise(modelParameters(config.model, outputChannels(config.objective)), 1);
const data = { name: "discs", count: 6, classes: [], classCounts: [] };
const model: TrainedModel = { config, parameters, step: 0, data };
const images = discs(6);
const size = 3 * config.model.resolution ** 2;

/** For each image, the number of groups whose reconstruction it equals. */
async function groupsKept(rateBitsPerDim: number): Promise<number[]> {
  const stages = Array.from({ length: groups(config.model).length + 1 }, (_, stage) => stage);
  const byStage = await reconstructStages(model, images, stages, { runtime });
  const within = await reconstruct(model, images, { rateBitsPerDim, runtime });
  return Array.from({ length: images.count }, (_, index) => {
    const image = (of: { images: Uint8Array }) => of.images.slice(index * size, (index + 1) * size);
    return byStage.findIndex((pictures) => Buffer.from(image(pictures)).equals(image(within)));
  });
}

test("a rate keeps whole groups, as many as it pays for, image by image", async () => {
  const all = groups(config.model).length;
  expect(await groupsKept(0)).toEqual(new Array(images.count).fill(0));
  expect(await groupsKept(Number.POSITIVE_INFINITY)).toEqual(new Array(images.count).fill(all));
  const { groupKlNats } = await heldOutBound(model, images, { runtime });
  const first = (1.5 * groupKlNats[0]) / (size * Math.LN2); // pays for the first group of most images, hardly for two
  const kept = await groupsKept(first);
  expect(kept).toContain(1);
  expect(Math.min(...kept)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...kept)).toBeLessThan(all);
});
