import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { cumulativeChart, shareChart, shares } from "./information-section.js";

const groups = [
  { resolution: 1, share: 0.1 },
  { resolution: 4, share: 0.2 },
  { resolution: 4, share: 0.3 },
  { resolution: 8, share: 0.4 },
];
const carried = [{ name: "held-out <images>", groupKlNats: [5, 20, 25, 50] }];
const unscheduled = groups.map((group) => ({ ...group, share: null }));

function shown(svg: string) {
  const { document } = parseHTML(svg);
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  return {
    texts: all("text").map(({ textContent }) => textContent),
    barHeights: all('g[aria-label="rect"] rect').map((bar) => Number(bar.getAttribute("height"))),
    targets: all('g[aria-label="rule"] line').filter((line) => line.getAttribute("y1") === line.getAttribute("y2")),
    curves: all('g[aria-label="line"] path').map((path) => path.getAttribute("d") ?? ""),
  };
}

test("shares sum to 1; what is not finite counts as nothing", () => {
  expect(shares([1, 3])).toEqual([0.25, 0.75]);
  expect(shares([1, Number.NaN, 3])).toEqual([0.25, 0, 0.75]);
  expect(shares([0, 0])).toEqual([0, 0]);
});

test("a bar per group as high as its share, a target line for each, resolutions and the groups' numbers below", () => {
  const { texts, barHeights, targets } = shown(shareChart({ groups, carried, width: 360 }));
  expect(barHeights).toHaveLength(4);
  expect(barHeights[1] / barHeights[3]).toBeCloseTo(20 / 50, 2);
  expect(targets).toHaveLength(4);
  expect(texts).toEqual(expect.arrayContaining(["1²", "4²", "8²", "held-out <images>", "target"]));
  expect(texts).toEqual(expect.arrayContaining(["0", "1–2", "3"]));
  expect(texts.filter((text) => text === "4²")).toHaveLength(1);
});

test("without a schedule there are no targets", () => {
  const bars = shown(shareChart({ groups: unscheduled, carried, width: 360 }));
  expect(bars.targets).toHaveLength(0);
  expect(bars.texts).not.toContain("target");
  expect(shown(cumulativeChart({ groups: unscheduled, carried, width: 360 })).curves).toHaveLength(1);
});

test("cumulative curves rise to 100 %, one for each run and one for the targets", () => {
  const runs = [...carried, { name: "broken", groupKlNats: [Number.NaN, 1, 1, 2] }];
  const svg = cumulativeChart({ groups, carried: runs, width: 720 });
  const { curves, texts } = shown(svg);
  expect(curves).toHaveLength(3);
  const ends = curves.map((d) => d.split(",").at(-1));
  expect(new Set(ends).size).toBe(1);
  expect(texts).toEqual(expect.arrayContaining(["broken", "target", "100"]));
  expect(svg).not.toContain("NaN");
});
