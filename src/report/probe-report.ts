/** @file What the latents of runs know: tables, charts, and the page. */
import type { ProbedFeatures, ProbedGroups, ProbedPixels } from "../experiments/probing/probe-model.js";
import { html } from "../io/markup.js";
import { formatCount, formatFixed } from "../number-format.js";
import { bootstrapMean, type IntervalOfMean } from "../quality/metrics/index.js";
import { lineChart, type Point, type Series } from "./line-chart.js";
import { chartFigure, type Picture, pictureFigures, renderPage } from "./page.js";
import { COLOURS } from "./svg.js";
import { type TextTable, tableFigure } from "./text-table.js";

/** One of the runs that were probed. */
export interface ProbedRun {
  name: string;
  step: number;
  /** The class that it was told of every image, where it knows any. */
  told?: string;
  groups: ProbedGroups[];
}

/** All that was found, as plain data. */
export interface ProbeFindings {
  data: string;
  classes: number;
  known: number;
  chosen: number;
  tested: number;
  testedSplit: string;
  /** Accuracy of guessing the most frequent class of the images to test by. */
  chance: number;
  runs: ProbedRun[];
  pixels: ProbedPixels;
}

/** A kind of probe. */
export type ProbeKind = "linear" | "nearest";

const KINDS: Record<ProbeKind, string> = { linear: "linear probe", nearest: "nearest neighbours" };

/** What probes of the first groups, of pixels and of their principal components came to, a row each. */
export function accuracyTable({ runs, pixels }: ProbeFindings): TextTable {
  const cells = ({ linear, nearest }: ProbedFeatures) => [accuracyText(linear), accuracyText(nearest)];
  const rows = [
    ...runs.flatMap(({ name, groups }) =>
      groups.map((found) => [
        `${name}, first ${found.groups}`,
        formatCount(found.dimensions),
        formatFixed(found.bits, 0),
        ...cells(found),
      ]),
    ),
    ...pixels.components.map((found) => ["principal components", formatCount(found.dimensions), "", ...cells(found)]),
    ["pixels", formatCount(pixels.pixels.dimensions), "", ...cells(pixels.pixels)],
  ];
  return { columns: ["features", "numbers", "bits", `${KINDS.linear}, %`, `${KINDS.nearest}, %`], rows };
}

type Accuracy = Pick<ProbedFeatures["linear"], "accuracy" | "low" | "high">;

/** "61.2 [58.9, 63.5]", in percent. */
const accuracyText = ({ accuracy, low, high }: Accuracy): string =>
  `${formatFixed(100 * accuracy, 1)} [${formatFixed(100 * low, 1)}, ${formatFixed(100 * high, 1)}]`;

/** The same, one number a cell, for a spreadsheet. */
export function accuracyLines({ runs, pixels }: ProbeFindings): TextTable {
  const numbers = ({ linear, nearest }: ProbedFeatures) =>
    [
      ...[linear.accuracy, linear.low, linear.high, linear.penalty],
      ...[nearest.accuracy, nearest.low, nearest.high, nearest.neighbours],
    ].map(String);
  const line = (name: string, found: ProbedFeatures, { groups, bits }: Partial<ProbedGroups> = {}) => [
    name,
    ...[groups ?? "", found.dimensions, bits ?? ""].map(String),
    ...numbers(found),
  ];
  const of = (kind: string) => ["accuracy", "low", "high"].map((what) => `${kind} ${what}`);
  return {
    columns: ["features", "groups", "numbers", "bits", ...of("linear"), "penalty", ...of("nearest"), "neighbours"],
    rows: [
      ...runs.flatMap(({ name, groups }) => groups.map((found) => line(name, found, found))),
      ...pixels.components.map((found) => line("principal components", found)),
      line("pixels", pixels.pixels),
    ],
  };
}

/** How much more often one run's probes are right than the first one's, of the same images. */
export interface ProbeDifference extends IntervalOfMean {
  run: string;
  groups: number;
  kind: ProbeKind;
}

/**
 * The differences of all runs from the first in the accuracy of the first K groups, for every K that both have: paired, image by
 * image, with bootstrap intervals over images.
 */
export function probeDifferences({ runs }: Pick<ProbeFindings, "runs">, seed = 0): ProbeDifference[] {
  const [first, ...others] = runs;
  return others.flatMap(({ name, groups }) =>
    groups.slice(0, first.groups.length).flatMap((found, index) =>
      (["linear", "nearest"] as const).map((kind) => {
        const before = first.groups[index][kind].right;
        const differences = found[kind].right.map((right, image) => right - before[image]);
        return { run: name, groups: found.groups, kind, ...bootstrapMean(differences, seed) };
      }),
    ),
  );
}

/** Differences that are not chance, as sentences. */
export function probeVerdicts(findings: ProbeFindings, differences: readonly ProbeDifference[]): string[] {
  const [first, ...others] = findings.runs;
  return others.flatMap(({ name }) =>
    (["linear", "nearest"] as const).map((kind) => {
      const own = differences.filter((difference) => difference.run === name && difference.kind === kind);
      const sure = own.filter(({ low, high }) => low > 0 || high < 0);
      const points = (value: number) => formatFixed(100 * value, 1);
      const say = ({ groups, mean, low, high }: ProbeDifference) =>
        `first ${groups}: ${points(mean)} [${points(low)}, ${points(high)}]`;
      const start = `${name} minus ${first.name} in percentage points, ${KINDS[kind]}`;
      return sure.length > 0
        ? `${start}: ${sure.map(say).join("; ")}.`
        : `${start}: no difference that the images can tell from chance.`;
    }),
  );
}

/** Accuracy against the number of groups, or against what they cost. */
export function probeChart(
  { runs, pixels, chance }: ProbeFindings,
  kind: ProbeKind,
  against: "groups" | "bits",
  width: number,
): string {
  const point = (x: number, { accuracy, low, high }: Accuracy): Point => ({
    x,
    y: 100 * accuracy,
    low: 100 * low,
    high: 100 * high,
  });
  const curves: Series[] = runs.map(({ name, groups }) => ({
    name,
    points: groups.map((found) => point(found[against], found[kind])),
  }));
  const ends = curves.flatMap(({ points }) => points.map(({ x }) => x));
  const [left, right] = [Math.min(...ends), Math.max(...ends)];
  const level = (y: number): Point[] => [left, right].map((x) => ({ x, y }));
  const components = pixels.components.flatMap((found) => {
    const place = runs[0].groups.find(({ dimensions }) => dimensions === found.dimensions);
    return place && against === "groups" ? [point(place.groups, found[kind])] : []; // they cost no bits
  });
  return lineChart(
    [
      ...curves,
      ...(components.length > 0
        ? [{ name: "as many principal components", points: components, dashed: true, colour: COLOURS.third }]
        : []),
      { name: "pixels", points: level(100 * pixels.pixels[kind].accuracy), dashed: true, colour: COLOURS.muted },
      { name: "most frequent class", points: level(100 * chance), dashed: true, colour: COLOURS.rule },
    ],
    {
      description: `Accuracy of the ${KINDS[kind]} against ${against === "bits" ? "bits" : "the number of groups"}`,
      xLabel: against === "bits" ? "bits of an image in the first groups" : "latent groups, lowest resolution first",
      yLabel: `${KINDS[kind]}, % right`,
      ...(against === "groups" ? { xFormat: "d", xTicks: wholeNumbers(right) } : {}),
      width,
      height: Math.round(Math.max(240, width * 0.5)),
      fromZero: true,
    },
  );
}

const wholeNumbers = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

/** The page as text: the same for the same parts. */
export function renderProbe(findings: ProbeFindings, pictures: readonly Picture[], seed = 0): string {
  const { data, classes, known, chosen, tested, testedSplit, runs } = findings;
  const differences = probeDifferences(findings, seed);
  const charts = (["linear", "nearest"] as const).flatMap((kind) =>
    (["groups", "bits"] as const).map((against) => ({ kind, against })),
  );
  const told = runs.flatMap(({ name, told }) =>
    told === undefined ? [] : [`${name} was told ${told} of every image.`],
  );
  const header = html`<p class="lead">How well probes tell the ${classes} classes of ${data} by the first latent groups of ${runs.map(({ name }) => name).join(" and ")}.</p>`;
  const main = html`<section><h2>Accuracy</h2>
${charts.map(({ kind, against }) =>
  chartFigure(
    (width) => probeChart(findings, kind, against, width),
    `${kind === "linear" ? "A linear probe" : "The nearest neighbours"}, by ${against === "bits" ? "what the groups cost" : "group"}. Bars: 95 % intervals.`,
  ),
)}
${probeVerdicts(findings, differences).map((verdict) => html`<p class="note">${verdict}</p>`)}
${tableFigure(accuracyTable(findings))}
<p class="note">Learnt from ${formatCount(known)} training images, chosen by ${formatCount(chosen)} others, tested by ${formatCount(tested)} ${testedSplit} images. Brackets: Wilson's 95 % interval over these. ${told.join(" ")}</p></section>
${pictures.length > 0 && html`<section><h2>Pictures</h2>${pictureFigures([...pictures])}</section>`}`;
  return renderPage("What the latents know", { header, main });
}
