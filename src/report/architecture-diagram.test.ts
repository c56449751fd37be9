import { expect, test } from "vitest";
import { tinyConfig, tinySuperResolution } from "../../test/support/tiny.js";
import { type Config, type PresetName, presetNames, resolvePreset } from "../config/index.js";
import { architectureDiagram, layOutDiagram } from "./architecture-diagram.js";
import { LINE_SIZES, type Rectangle, widthOf } from "./diagram-shapes.js";

const presetConfigs = presetNames.map((name) => [name, resolvePreset(name)] as const);
const tiny: [string, Config][] = [
  ["tiny", tinyConfig()],
  ["tiny with a mixture", tinyConfig({ objective: { output: "logistic-mixture" } })],
  ["tiny super-resolution with classes", tinyConfig({ model: { ...tinySuperResolution, classes: 4 } })],
  ["one level", tinyConfig({ model: { levels: [{ ...tinyConfig().model.levels[2], attention: 1 }] } })],
];
const configs = [...presetConfigs, ...tiny];

/** Where letters stand, about. */
function textRectangle({ x, y, text, anchor, size }: ReturnType<typeof layOutDiagram>["labels"][number]): Rectangle {
  const width = widthOf(text, size) * 0.9;
  return { x: x - { start: 0, middle: width / 2, end: width }[anchor], y: y - 0.75 * size, width, height: 0.9 * size };
}

const overlap = (a: Rectangle, b: Rectangle): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const inside = (a: Rectangle, b: Rectangle): boolean =>
  a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height;

test.each(configs)("%s: nothing overlaps, and nothing leaves the page", (_, config) => {
  const { boxes, labels, panels, width, height } = layOutDiagram(config);
  const things = [
    ...boxes.map((box) => ({ name: box.lines.join(" / ") || box.kind, place: box as Rectangle })),
    ...labels.map((label) => ({ name: label.text, place: textRectangle(label) })),
  ];
  const page = { x: 0, y: 0, width, height };
  expect([...things.map(({ place }) => place), ...panels].filter((place) => !inside(place, page))).toEqual([]);
  const overlapping = things.flatMap((a, index) =>
    things.slice(0, index).flatMap((b) => (overlap(a.place, b.place) ? [`${a.name} over ${b.name}`] : [])),
  );
  expect(overlapping).toEqual([]);
});

test.each(configs)("%s: what is written in a box fits, and arrows end at boxes", (_, config) => {
  const { boxes, arrows } = layOutDiagram(config);
  const wide = boxes.flatMap(({ lines, width, height, round }) =>
    lines.filter(
      (line, index) => widthOf(line, LINE_SIZES[Math.min(index, 1)]) * 0.9 > width - (round ? 0.3 * height : 0),
    ),
  );
  expect(wide).toEqual([]);
  const onEdge = ([x, y]: [number, number]) =>
    boxes.some((box) => {
      const across = x >= box.x && x <= box.x + box.width;
      const along = y >= box.y && y <= box.y + box.height;
      const near = (a: number, b: number) => Math.abs(a - b) < 1e-6;
      return (
        (across && (near(y, box.y) || near(y, box.y + box.height))) ||
        (along && (near(x, box.x) || near(x, box.x + box.width)))
      );
    });
  expect(arrows.map(({ points }) => points[points.length - 1]).filter((end) => !onEdge(end))).toEqual([]);
  for (const { points } of arrows) {
    points.slice(1).forEach(([x, y], index) => {
      expect([x, y].filter((value, axis) => value === points[index][axis])).toHaveLength(1); // straight, and of some length
    });
  }
});

test.each(presetConfigs)("%s: every level is there, and its layers add up", (_, config) => {
  const { boxes, labels } = layOutDiagram(config);
  const { levels, finalBlocks, superResolution } = config.model;
  const texts = labels.map(({ text }) => text);
  for (const { resolution } of levels) expect(texts).toContain(`${resolution}×${resolution}`);
  const sum = (name: string, kind: string) =>
    boxes
      .filter((box) => box.kind === kind && box.lines[0]?.startsWith(name))
      .reduce((total, { lines }) => total + Number(lines[0].split(" × ")[1] ?? 1), 0);
  const total = (of: (level: (typeof levels)[number]) => number) =>
    levels.reduce((result, level) => result + of(level), 0);
  const uNet = (superResolution?.blocks ?? []).reduce((result, count) => result + count, 0);
  expect(sum("stochastic layer", "generator")).toBe(total(({ stochasticLayers }) => stochasticLayers));
  expect(sum("residual block", "encoder")).toBe(total(({ encoderBlocks }) => encoderBlocks));
  expect(sum("residual block", "generator")).toBe(finalBlocks + 2 * uNet);
  expect(sum("attention", "attention")).toBe(2 * total(({ attention }) => attention));
});

test("groups, latents, channels and the start are those of the model", () => {
  const textsOf = (name: PresetName) => layOutDiagram(resolvePreset(name)).boxes.map(({ lines }) => lines.join(" / "));
  const cifar10 = textsOf("cifar10");
  expect(cifar10).toContain("stochastic layer × 14 / groups 25–38");
  expect(cifar10).toContain("z₂₅ … z₃₈ / 16×32×32");
  expect(cifar10).toContain("average pooling 4×4");
  expect(cifar10).toContain("learned initial state / 128×1×1");
  expect(cifar10).not.toContain("attention");
  const superResolution = textsOf("imagenet64-superres");
  expect(superResolution).toContain("average pooling 2×2 / convolution 3×3 → 256");
  expect(superResolution).toContain("nearest upsampling 2×2 / convolution 3×3 → 128");
  expect(superResolution).toContain("small image / 3×32×32, noise 0.1");
  expect(superResolution.filter((text) => text.startsWith("learned"))).toEqual([]);
});

test("labels are shown where a model has classes", () => {
  const tags = (name: PresetName) =>
    layOutDiagram(resolvePreset(name)).boxes.flatMap(({ lines }) => lines.filter((line) => line.startsWith("y")));
  expect(tags("cifar10")).toEqual([]);
  expect(tags("emoji32")).toEqual(["y", "y*", "y*"]);
});

test("the picture is well-formed, and alike for the same configuration", () => {
  const config = tinyConfig();
  const svg = architectureDiagram({ ...config, preset: "a<b" as Config["preset"] });
  expect(svg).toMatch(/^<svg [^<]*aria-label="Architecture of a&lt;b: [^"]*"[^<]*>.*<\/svg>$/);
  expect(svg.match(/<g>/g)).toHaveLength(svg.match(/<\/g>/g)!.length);
  expect(svg).not.toMatch(/NaN|undefined|<b/);
  expect(architectureDiagram(config)).toBe(architectureDiagram(config));
});
