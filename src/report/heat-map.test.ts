import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { bestPlace, contrast, type HeatMap, heatMap, inkOn, rampColour } from "./heat-map.js";

const map: HeatMap = {
  name: "FID",
  lowerIsBetter: true,
  columns: { label: "mean weight", values: [0, 1, 2] },
  rows: { label: "variance weight", values: [0, 5] },
  cells: [
    [{ value: 37.04 }, { value: 24.1, deviation: 0.32 }, undefined],
    [{ value: 30 }, { value: 17.5 }, { value: Number.NaN }],
  ],
};

const draw = (changes: Partial<HeatMap> = {}, width = 720) => {
  const svg = heatMap({ ...map, ...changes }, width);
  const { document } = parseHTML(svg);
  return { svg, document };
};

const numbers = (element: Element, ...names: string[]) => names.map((name) => Number(element.getAttribute(name)));

/** The rectangles of the n-th group of cells: 0 those with values, 1 those without, 2 the frame. */
const rectangles = (document: Document, group: number) => [
  ...[...document.querySelectorAll('g[aria-label="cell"]')][group].querySelectorAll("rect"),
];

test("cells stand in rows and columns in the order given, equally large, inside the chart", () => {
  const { document } = draw();
  const [first, second, , last] = rectangles(document, 0).map((cell) => numbers(cell, "x", "y", "width", "height"));
  expect(second[0] - first[0]).toBeCloseTo(92, 0); // one column to the right
  expect(second[1]).toBe(first[1]);
  expect(last[0]).toBe(second[0]);
  expect(last[1] - first[1]).toBeCloseTo(38, 0); // one row down
  expect(last.slice(2)).toEqual(first.slice(2));
  const svg = document.querySelector("svg")!;
  expect(numbers(svg, "width", "height")).toEqual([44 + 3 * 92 + 14, 52 + 2 * 38 + 36]);
});

test("many columns share the width of the page, few leave some of it", () => {
  const values = Array.from({ length: 12 }, (_, i) => i);
  const cells = [values.map((value) => ({ value: 10 + value }))];
  const { document } = draw(
    { columns: { label: "mean weight", values }, rows: { label: "v", values: [0] }, cells },
    350,
  );
  expect(numbers(document.querySelector("svg")!, "width")).toEqual([350]);
  const narrow = draw({ columns: { label: "mean weight", values: [0] } });
  expect(numbers(narrow.document.querySelector("svg")!, "width")).toEqual([330]);
  expect(numbers(rectangles(narrow.document, 0)[0], "width")[0]).toBeCloseTo(90, 0);
  const right = rectangles(document, 0).map((cell) => numbers(cell, "x", "width").reduce((a, b) => a + b));
  expect(Math.max(...right)).toBeLessThanOrEqual(336);
});

test("every cell holds its value, its deviation below, and a dash where there is none", () => {
  const { document } = draw();
  const texts = [...document.querySelectorAll('g[aria-label="text"]')];
  expect([...texts[0].querySelectorAll("text")].map(({ textContent }) => textContent)).toEqual(["–", "–"]);
  expect([...texts[1].querySelectorAll("text")].map((text) => text.textContent)).toEqual([
    "37.0",
    "24.1± 0.3",
    "30.0",
    "17.5",
  ]);
  expect(rectangles(document, 1)).toHaveLength(2);
});

test("the best cell is the darkest and is framed; where higher is better, the other one", () => {
  const placeOf = (changes: Partial<HeatMap>) => {
    const { document } = draw(changes);
    const darkest = rectangles(document, 0).find((cell) => cell.getAttribute("fill") === rampColour(1))!;
    const frames = rectangles(document, 2);
    expect(frames).toHaveLength(1);
    expect(numbers(frames[0], "x", "y")).toEqual(numbers(darkest, "x", "y"));
    return bestPlace({ ...map, ...changes });
  };
  expect(placeOf({})).toEqual({ row: 1, column: 1 });
  expect(placeOf({ lowerIsBetter: false })).toEqual({ row: 0, column: 0 });
});

test("what cannot be seen is said", () => {
  const { document } = draw();
  expect(document.querySelector("svg")?.getAttribute("aria-label")).toBe(
    "FID by mean weight (columns) and variance weight (rows); the best, 17.5, at mean weight 1, variance weight 5",
  );
  expect(document.querySelector("svg")?.textContent).toContain("worst 37.0");
});

test("without any value there is a chart of dashes; a single value has the middle colour", () => {
  const empty = draw({ cells: [] });
  expect(empty.svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(empty.document.querySelector("svg")?.textContent).toContain("no values");
  const single = draw({ cells: [[{ value: 3 }]] });
  expect(rectangles(single.document, 0).map((cell) => cell.getAttribute("fill"))).toEqual([rampColour(0.5)]);
});

test("a name stays text", () => {
  const { document } = draw({ name: `<script>"&` });
  expect(document.querySelectorAll("script")).toHaveLength(0);
  expect(document.querySelector("svg")?.getAttribute("aria-label")).toContain(`<script>"&`);
});

test("colours only get darker, and each can be read on", () => {
  const ramp = Array.from({ length: 101 }, (_, i) => rampColour(i / 100));
  const onWhite = ramp.map((colour) => contrast("#ffffff", colour));
  expect(onWhite).toEqual(onWhite.toSorted((a, b) => a - b));
  expect(onWhite[100] / onWhite[0]).toBeGreaterThan(8);
  for (const colour of ramp) expect(contrast(inkOn(colour), colour)).toBeGreaterThan(4.2);
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
});
