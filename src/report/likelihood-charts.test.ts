import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { diffusionInformation } from "../inference/measures/diffusion-information.js";
import { cumulativeShares, type ModelInformation } from "../inference/measures/information.js";
import { activeDimensionsChart, informationFigure, rateDistortionFigure } from "./likelihood-charts.js";

/** What a chart shows: its texts, and the `d` of each curve. */
function shown(svg: string) {
  const { document } = parseHTML(svg);
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  return {
    texts: all("text").map(({ textContent }) => textContent),
    curves: all('g[aria-label="line"]').map((group) => ({
      d: group.querySelector("path")!.getAttribute("d")!,
      dashed: group.getAttribute("stroke-dasharray") !== null,
    })),
  };
}

const corners = (d: string) =>
  d
    .split(/[ML]/)
    .slice(1)
    .map((pair) => pair.split(",").map(Number));

function measured(klNats: number[], targets: number[] | null): ModelInformation {
  const carried = cumulativeShares(klNats);
  return {
    count: 4,
    klNats: 10,
    activeDimensions: 3,
    dimensions: 12,
    groups: klNats.map((nats, i) => ({
      resolution: 4,
      klNats: nats,
      cumulativeShare: carried[i],
      targetCumulativeShare: targets ? targets[i] : null,
      activeDimensions: i,
      dimensions: 4,
    })),
  };
}

const targets = [0.1, 0.4, 1];
const scheduled = { name: "schedule", result: measured([1, 3, 6], targets) };
const plain = { name: "plain", result: measured([5, 4, 1, 0], null) };

test("information: a curve for each model by relative depth, the target and the diffusion model's dashed", () => {
  const diffusion = diffusionInformation(Float64Array.of(4, 1, 0.01));
  const { texts, curves } = shown(informationFigure({ models: [scheduled, plain], diffusion, width: 720 }));
  expect(texts).toEqual(expect.arrayContaining(["schedule", "plain", "target of the schedule", diffusion.label]));
  expect(curves.map(({ dashed }) => dashed)).toEqual([false, false, true, true]);
  const [ofSchedule, ofPlain, , ofDiffusion] = curves.map(({ d }) => corners(d));
  expect([ofSchedule.length, ofPlain.length]).toEqual([4, 5]); // from nothing drawn to all groups
  const [start, end] = [ofSchedule[0], ofSchedule[3]];
  for (const curve of [ofPlain, ofDiffusion]) {
    expect(curve[0]).toEqual(start);
    expect(curve[curve.length - 1]).toEqual(end);
  }
  const at = (share: number) => start[1] + share * (end[1] - start[1]);
  expect(ofSchedule[2][1]).toBeCloseTo(at(0.4), 1);
  expect(ofPlain[1][1]).toBeCloseTo(at(0.5), 1);
});

test("one target where models agree, each with its model's name where they differ, none without a schedule", () => {
  const texts = (...models: (typeof plain)[]) => shown(informationFigure({ models, width: 720 })).texts;
  const same = { ...scheduled, name: "again" };
  const other = { name: "other", result: measured([1, 1, 1], [0.2, 0.3, 1]) };
  expect(texts(scheduled, same).filter((text) => text?.startsWith("target"))).toEqual(["target of the schedule"]);
  expect(texts(scheduled, other)).toEqual(expect.arrayContaining(["target of schedule", "target of other"]));
  expect(texts(plain).some((text) => text?.includes("target"))).toBe(false);
});

test("rate and distortion: rates as they were used, written as decimals; the error's axis begins at 0", () => {
  const point = (rateBitsPerDim: number, rmse: number) => ({ allottedBitsPerDim: 9, rateBitsPerDim, rmse });
  const result = { count: 4, points: [point(0, 80), point(0.05, 20), point(0.2, 5)] };
  const { texts, curves } = shown(
    rateDistortionFigure(
      [
        { name: "a", result },
        { name: "b", result: { ...result, points: [point(0.1, 40)] } },
      ],
      560,
    ),
  );
  expect(texts).toEqual(expect.arrayContaining(["a", "b", "0.1", "0.2", "0", "rate used, bits per dimension →"]));
  const [first, second, third] = corners(curves[0].d);
  expect((second[0] - first[0]) / (third[0] - first[0])).toBeCloseTo(0.25, 2);
  expect((second[1] - first[1]) / (third[1] - first[1])).toBeCloseTo(60 / 75, 2);
});

test("active dimensions as parts of their group's", () => {
  const { texts, curves } = shown(activeDimensionsChart([scheduled], 560));
  expect(texts).toContain("50"); // group 2 has 2 of 4
  const [first, second, third] = corners(curves[0].d);
  expect(second[1] - first[1]).toBeCloseTo(third[1] - second[1], 1);
});
