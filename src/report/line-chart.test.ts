import { parseHTML } from "linkedom";
import sharp from "sharp";
import { expect, test } from "vitest";
import { hasPoints, lineChart, robustRange, smooth, thin } from "./line-chart.js";
import { chartToPng } from "./svg.js";

const options = { description: "A <curve>", xLabel: "images seen", yLabel: "bits & pieces", width: 360 };
const curve = (values: number[]) => values.map((y, x) => ({ x: 100 * x, y }));

/** What a chart shows: texts, the `d` of each curve, dots. */
function shown(svg: string) {
  const { document } = parseHTML(svg);
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  return {
    texts: all("text").map(({ textContent }) => textContent),
    curves: all('g[aria-label="line"] path').map((path) => path.getAttribute("d") ?? ""),
    dots: all('g[aria-label="dot"] circle').length,
    triangles: all('g[aria-label="dot"] path').length,
  };
}

const vertices = (d: string) => d.match(/[ML]/g)?.length ?? 0;

test("each curve is there with all its points, names and axis labels", () => {
  const series = [
    { name: "held <out>", points: curve([5, 4, 3]) },
    { name: "training", points: curve([5, 3, 2, 1]), dashed: true },
  ];
  const svg = lineChart(series, options);
  const { texts, curves, dots } = shown(svg);
  expect(curves.map(vertices)).toEqual([3, 4]);
  expect(dots).toBe(7);
  expect(texts).toEqual(expect.arrayContaining(["held <out>", "training", "bits & pieces", "images seen →"]));
  expect(svg).toContain('aria-label="A &lt;curve&gt;"');
  expect(svg).toContain('stroke-dasharray="4 3"');
  expect(lineChart(series, options)).toBe(svg);
});

test("values that are not finite leave gaps and no NaN in the drawing", () => {
  const svg = lineChart(
    [{ name: "loss", points: curve([3, Number.NaN, 2, 1, Number.POSITIVE_INFINITY, 1, 1]) }],
    options,
  );
  expect(svg).not.toMatch(/NaN|Infinity/);
  expect(shown(svg).curves[0].match(/M/g)).toHaveLength(3);
});

test("a curve without any finite value still makes a chart", () => {
  const series = [{ name: "loss", points: curve([Number.NaN, Number.NaN]) }];
  expect(hasPoints(series)).toBe(false);
  expect(lineChart(series, options)).not.toMatch(/NaN|Infinity/);
});

test("a spike does not stretch the axis: the curve leaves through the edge, and a triangle says where", () => {
  const values = Array.from({ length: 60 }, (_, i) => 2 + Math.sin(i));
  const calm = shown(lineChart([{ name: "loss", points: curve(values) }], options));
  const spiky = shown(lineChart([{ name: "loss", points: curve(values.with(30, 1e7)) }], options));
  expect(spiky.texts).toEqual(calm.texts);
  expect([calm.triangles, spiky.triangles]).toEqual([0, 1]);
});

test("values over more than a factor of 20 get a logarithmic axis", () => {
  const { texts } = shown(lineChart([{ name: "loss", points: curve([1000, 100, 10, 1]) }], options));
  expect(texts).toEqual(expect.arrayContaining(["1", "10", "100", "1k"]));
});

test("noisy curves are drawn twice: faintly, and their median", () => {
  const { curves } = shown(lineChart([{ name: "loss", points: curve([1, 2, 1, 2, 1]) }], { ...options, noisy: true }));
  expect(curves).toHaveLength(2);
});

test("one point, or the same value all along, has an axis around it", () => {
  for (const values of [[2], [0, 0, 0]]) {
    const svg = lineChart([{ name: "loss", points: curve(values) }], options);
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(shown(svg).texts.length).toBeGreaterThan(4);
  }
});

test("a chart becomes a PNG of twice its size, its colours resolved", async () => {
  const png = await chartToPng(lineChart([{ name: "loss", points: indexed([3, 2, 1]) }], { ...options, height: 200 }));
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([720, 400, 3]);
  const blue = [0x2f, 0x66, 0x90];
  const pixels = Array.from({ length: info.width * info.height }, (_, i) => data.subarray(3 * i, 3 * i + 3));
  expect(pixels.some((pixel) => blue.every((value, channel) => pixel[channel] === value))).toBe(true);
});

const indexed = (values: number[]) => values.map((y, x) => ({ x, y }));

test("short curves are left alone, long ones averaged to 400 points", () => {
  const short = indexed([1, 2, 3]);
  expect(thin(short)).toBe(short);
  const long = thin(indexed(Array.from({ length: 4000 }, (_, i) => i)));
  expect(long).toHaveLength(400);
  expect(long[0]).toEqual({ x: 4.5, y: 4.5 });
  expect(long[399]).toEqual({ x: 3994.5, y: 3994.5 });
});

test("a NaN does not spoil its neighbours, a run of them leaves a gap", () => {
  const values = Array.from({ length: 4000 }, (_, i) => (i === 5 || (i >= 20 && i < 30) ? Number.NaN : 1));
  const thinned = thin(indexed(values));
  expect(thinned[0].y).toBe(1);
  expect(thinned[2].y).toBeNaN();
});

test("the running median ignores a spike and keeps a gap", () => {
  const smoothed = smooth(indexed([1, 1, 1000, 1, 1, Number.NaN, 1]));
  expect(smoothed.map(({ y }) => y)).toEqual([1, 1, 1, 1, 1, Number.NaN, 1]);
});

test("the range leaves out spikes, NaN and infinities, and keeps an ordinary beginning", () => {
  const values = Array.from({ length: 100 }, (_, i) => 4 + 6 * Math.exp(-i / 20));
  const spiky = [...values.slice(0, 50), 1e9, Number.NaN, Number.POSITIVE_INFINITY, -1e9, ...values.slice(50)];
  expect(robustRange(indexed(spiky))).toEqual([values[99], 10]);
  expect(robustRange(indexed(Array<number>(50).fill(2)))).toEqual([2, 2]);
});

test("of a few points none is a spike; without finite values there is no range", () => {
  expect(robustRange(indexed([1, 5, 100]))).toEqual([1, 100]);
  expect(robustRange(indexed([Number.NaN]))).toBeUndefined();
});
