import { afterAll, beforeAll, expect, test } from "vitest";
import { discs, tinyModel } from "../../../test/support/tiny.js";
import { targetShares } from "../../config/index.js";
import { Runtime } from "../../engine/index.js";
import { heldOutBound } from "./held-out-bound.js";
import { cumulativeShares, measureInformation } from "./information.js";

let runtime: Runtime;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());

const images = discs(5);

test("the groups' KL is that of the bound on held-out images, whatever fills the last batch", async () => {
  const model = tinyModel({ objective: { informationSchedule: { shares: "geometric", scale: 1000, shift: 10 } } });
  const { groups, ...whole } = await measureInformation(model, images, { runtime, batch: 3 });
  const { groupKlNats, klNats } = await heldOutBound(model, images, { runtime });
  groups.forEach(({ klNats: nats }, i) => {
    expect(nats / groupKlNats[i]).toBeCloseTo(1, 4);
  });
  expect(whole).toMatchObject({ count: 5, dimensions: 4 * (1 + 16 + 64) });
  expect(whole.klNats / klNats).toBeCloseTo(1, 4);
  expect(groups.map(({ resolution }) => resolution)).toEqual([1, 4, 8]);
  expect(groups.map(({ dimensions }) => dimensions)).toEqual([4, 64, 256]);
  expect(groups[1].cumulativeShare).toBeCloseTo((groupKlNats[0] + groupKlNats[1]) / klNats, 4);
  const shares = targetShares({ shares: "geometric", scale: 1000, shift: 10 }, [1, 4, 8]);
  const targets = [shares[0], shares[0] + shares[1], 1];
  groups.forEach(({ targetCumulativeShare }, i) => {
    expect(targetCumulativeShare).toBeCloseTo(targets[i], 10);
  });
});

test("dimensions count as active by their mean KL; without a schedule there is no target", async () => {
  const model = tinyModel({ objective: { informationSchedule: false } });
  // The posterior of the second group keeps to the standard prior but for one of four channels: 16 of 64 dimensions.
  const { posterior } = model.parameters.generator.levels[1].layers[0];
  const perChannel = posterior.conv2.weight.length / 8; // four means, four raw variances
  posterior.conv2.weight.fill(0);
  posterior.conv2.bias.fill(0);
  posterior.conv2.bias[2] = 1;
  expect(perChannel).toBe(8 * 9);
  const { groups, activeDimensions } = await measureInformation(model, images, { runtime });
  expect(groups[1]).toMatchObject({ activeDimensions: 16, dimensions: 64, targetCumulativeShare: null });
  expect(groups[1].klNats).toBeCloseTo(16 / (2 * 1.0002), 3); // ½ (μ_q − μ_p)² / σ²_p each
  expect(activeDimensions).toBe(groups.reduce((sum, group) => sum + group.activeDimensions, 0));
});

test("cumulative shares end at 1, and are 0 of nothing", () => {
  expect(cumulativeShares([1, 2, 1])).toEqual([0.25, 0.75, 1]);
  expect(cumulativeShares([0, 0])).toEqual([0, 0]);
});

test("a signal stops the work, images that do not fit are refused", async () => {
  const model = tinyModel();
  await expect(measureInformation(model, images, { runtime, signal: AbortSignal.abort() })).rejects.toThrow("abort");
  await expect(measureInformation(model, discs(1, { resolution: 16 }))).rejects.toThrow(
    "Expected images of 8×8 pixels",
  );
});
