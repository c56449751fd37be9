import { expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { readGoldenJson } from "../../../test/support/golden.js";
import { scheduleProblem, targetShares } from "./index.js";

const golden = readGoldenJson("schedule.json");
const flat = (groups: number) => Array<number>(groups).fill(8);

test("geometric shares equal the published ones and rise about a hundredfold", () => {
  const settings = { shares: "geometric", scale: 1000, shift: 10 } as const;
  for (const name of ["cifar10", "imagenet32", "uncond16_cond16", "single_layer"]) {
    const { count, weights_float32: percent } = golden.rate_schedules[name];
    expect(targetShares(settings, flat(count)).map((share) => 66.7 * share)).toBeAllClose(percent, { rtol: 1e-6 });
  }
  const shares = targetShares(settings, flat(4));
  expect(shares.at(-1)! / shares[0]).toBeCloseTo(1010 / 11);
});

test("per-resolution shares follow each group's own resolution, whatever the counts", () => {
  const weights = [
    { resolution: 64, weight: 2 },
    { resolution: 32, weight: 1 },
  ];
  const settings = { shares: "per-resolution", weights } as const;
  expect(targetShares({ ...settings, weights }, [32, 64, 64, 64])).toBeAllClose([1 / 7, 2 / 7, 2 / 7, 2 / 7]);
  const groups = Array.from({ length: 40 }, (_, group) => (group < 20 ? 32 : 64));
  const published = golden.rate_schedules.imagenet64.weights_float32;
  expect(targetShares({ ...settings, weights }, groups).map((share) => 66.7 * share)).toBeAllClose(published, {
    rtol: 1e-6,
  });
  expect(scheduleProblem({ ...settings, weights }, [16, 32])).toEqual({
    field: "weights",
    message: "expected one weight for each of the resolutions 16, 32, got 32, 64",
  });
});

test("explicit shares are the list, made to sum to 1; a list of another length is a problem", () => {
  const settings = { shares: "explicit" as const, values: [1, 1, 2] };
  expect(targetShares(settings, [1, 4, 8])).toEqual([0.25, 0.25, 0.5]);
  expect(scheduleProblem(settings, [1, 4, 8])).toBeUndefined();
  expect(scheduleProblem(settings, [1, 4, 8, 8])).toEqual({
    field: "values",
    message: "expected one share for each of the model's 4 latent groups, got 3",
  });
});
