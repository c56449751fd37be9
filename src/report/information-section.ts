/** @file Where the information sits: the share of the KL that every latent group carries, beside its target (paper §3.1, Fig. 2). */

import * as Plot from "@observablehq/plot";
import { type Html, html } from "../io/markup.js";
import { bitsPerDim, formatCount, formatFixed, formatShare } from "../number-format.js";
import type { GroupInfo, MetricsLine } from "../training/run/metrics-log.js";
import { type GroupLevel, groupLevels, groupRange } from "./group-labels.js";
import { chartFigure } from "./page.js";
import { COLOURS, drawChart, type LegendEntry } from "./svg.js";
import { type Chart, type RunMetrics, trainLines, validationLines } from "./training-charts.js";

interface Carried {
  name: string;
  groupKlNats: number[];
}

/** Bars, cumulative curve and a table by resolution; undefined when the log names no groups or has no KL of them. */
export function informationSection({ metrics, resolution }: RunMetrics): Html | undefined {
  const groups = metrics.findLast((line) => line.type === "run")?.groups ?? [];
  const carried = carriedInformation(metrics, groups.length);
  if (carried.length === 0) return undefined;
  const scheduled = groups.every(({ share }) => share !== null);
  const shareCaption = scheduled
    ? "Share of the information that each latent group carries, and the target the information schedule sets. The schedule leaves a group alone while it carries between two thirds and four thirds of its target, makes its KL cheaper below and dearer above."
    : "Share of the information that each latent group carries. No information schedule was set.";
  return html`<section>
<h2>Where the information sits</h2>
<p>Latent groups run from coarse to fine: the first decide what the picture shows, the last add detail. They are numbered from 0; 16² is a group of 16 × 16 positions.</p>
${chartFigure((width) => shareChart({ groups, carried, width }), shareCaption)}
${chartFigure((width) => cumulativeChart({ groups, carried, width }), "The same, summed from the coarsest group up.")}
${resolutionTable(groups, carried[0], resolution)}
</section>`;
}

/** What each group of a run carries in the end, beside its target; undefined where its log says nothing of groups. */
export function groupChart(metrics: MetricsLine[]): Chart {
  const groups = metrics.findLast((line) => line.type === "run")?.groups ?? [];
  const carried = carriedInformation(metrics, groups.length);
  return carried.length === 0 ? undefined : (width) => shareChart({ groups, carried, width });
}

/** What groups carried at the end of the log, held-out images before training images, and when first measured. */
function carriedInformation(metrics: MetricsLine[], count: number): Carried[] {
  const whole = <Line extends { groupKlNats: number[] }>(line: Line) =>
    count > 0 && line.groupKlNats.length === count && line.groupKlNats.some((nats) => nats > 0);
  const heldOut = validationLines(metrics, "validation").filter(whole);
  if (heldOut.length > 0) {
    const [first, last] = [heldOut[0], heldOut[heldOut.length - 1]];
    const now = { name: "held-out images", groupKlNats: last.groupKlNats };
    const then = { name: `after ${formatCount(first.images)} images`, groupKlNats: first.groupKlNats };
    return first === last ? [now] : [now, then];
  }
  const train = trainLines(metrics).filter(whole).at(-1);
  return train ? [{ name: "training images", groupKlNats: train.groupKlNats }] : [];
}

function resolutionTable(groups: ChartedGroup[], { name, groupKlNats }: Carried, resolution: number): Html {
  const share = shares(groupKlNats);
  const scheduled = groups.every((group) => group.share !== null);
  const rows = groupLevels(groups).map(({ resolution: side, first, last }) => {
    const sum = (values: (number | null)[]) =>
      values.slice(first, last + 1).reduce<number>((total, value) => total + (value ?? 0), 0);
    return html`<tr><th scope="row">${side}²</th><td>${groupRange(first, last)}</td>${
      scheduled && html`<td>${formatShare(sum(groups.map((group) => group.share)))}</td>`
    }<td>${formatShare(sum(share))}</td><td>${formatFixed(sum(groupKlNats), 1)}</td><td>${formatFixed(
      bitsPerDim(sum(groupKlNats), resolution),
      3,
    )}</td></tr>`;
  });
  return html`<div class="scroll"><table>
<caption>Information by resolution, ${name}</caption>
<thead><tr><th scope="col">resolution</th><th scope="col">groups</th>${
    scheduled && html`<th scope="col">target</th>`
  }<th scope="col">carried</th><th scope="col">nats per image</th><th scope="col">bits per dimension</th></tr></thead>
<tbody>${rows}</tbody>
</table></div>`;
}

/** A latent group as charts need it; the groups of a log are such. */
type ChartedGroup = Pick<GroupInfo, "resolution" | "share">;

/** Groups, lowest resolution first, and what they carried in one or more runs or at one or more moments. */
export interface InformationChart {
  groups: ChartedGroup[];
  /** [L] each, nats; values that are not finite count as 0. */
  carried: { name: string; groupKlNats: number[] }[];
  width: number;
}

/** Each group's part of the sum, in [0, 1]; all 0 when the sum is. Values that are not finite count as 0. */
export function shares(groupKlNats: number[]): number[] {
  const finite = groupKlNats.map((nats) => (Number.isFinite(nats) ? nats : 0));
  const total = finite.reduce((sum, nats) => sum + nats, 0);
  return finite.map((nats) => (total > 0 ? nats / total : 0));
}

const PALETTE = [COLOURS.first, COLOURS.third, COLOURS.fourth, COLOURS.muted];
const TARGET = COLOURS.second;
/** Curves over so few groups show each of them. */
const DOTS_UP_TO = 24;

/** A bar for what each group carries (of the first of `carried`), a line across it at its target. */
export function shareChart({ groups, carried: [{ name, groupKlNats }], width }: InformationChart): string {
  const bars = shares(groupKlNats).map((share, index) => ({ index, share: 100 * share }));
  const targets = targetsOf(groups)?.map((share, index) => ({ index, share: 100 * share }));
  const legend: LegendEntry[] = [{ name, colour: COLOURS.first, shape: "square" }];
  if (targets) legend.push({ name: "target", colour: TARGET, shape: "line" });
  return drawChart(
    { ...frame(width, "share of the KL, %", legend), description: "Share of the KL that each latent group carries" },
    {
      marginBottom: MARGIN_BOTTOM,
      x: { domain: [-0.6, groups.length - 0.4] },
      y: { domain: [0, Math.max(1, ...[...bars, ...(targets ?? [])].map(({ share }) => share))], nice: true },
      marks: [
        ...axes(groups),
        Plot.rect(bars, {
          x1: ({ index }) => index - 0.38,
          x2: ({ index }) => index + 0.38,
          y1: 0,
          y2: "share",
          fill: COLOURS.first,
          fillOpacity: 0.85,
        }),
        Plot.ruleY(targets ?? [], {
          x1: ({ index }) => index - 0.5,
          x2: ({ index }) => index + 0.5,
          y: "share",
          stroke: TARGET,
          strokeWidth: 2,
        }),
      ],
    },
  );
}

/** Share of the KL carried by group 0 up to each group, for each of `carried`, and as the targets would have it. */
export function cumulativeChart({ groups, carried, width }: InformationChart): string {
  const targets = targetsOf(groups);
  const curves = [
    ...carried.map(({ name, groupKlNats }, index) => ({
      name,
      share: shares(groupKlNats),
      colour: PALETTE[index % PALETTE.length],
      shape: "line" as const,
    })),
    ...(targets ? [{ name: "target", share: targets, colour: TARGET, shape: "dashes" as const }] : []),
  ];
  return drawChart(
    {
      ...frame(width, "cumulative share of the KL, %", curves),
      description: "Share of the KL carried up to each latent group",
    },
    {
      marginBottom: MARGIN_BOTTOM,
      x: { domain: [-0.6, groups.length - 0.4] },
      y: { domain: [0, 100] },
      marks: [
        ...axes(groups),
        ...curves.flatMap(({ share, colour, shape }) => [
          Plot.lineY(cumulative(share), {
            x: "index",
            y: "share",
            stroke: colour,
            strokeWidth: 1.75,
            strokeDasharray: shape === "dashes" ? "4 3" : undefined,
          }),
          Plot.dot(groups.length <= DOTS_UP_TO ? cumulative(share) : [], {
            x: "index",
            y: "share",
            fill: colour,
            r: 2.5,
          }),
        ]),
      ],
    },
  );
}

function frame(width: number, yLabel: string, legend: LegendEntry[]) {
  return { width, height: Math.round(Math.max(210, width * 0.4)), yLabel, legend };
}

/** Undefined without a schedule. */
function targetsOf(groups: ChartedGroup[]): number[] | undefined {
  const targets = groups.map(({ share }) => share);
  return targets.every((share) => share !== null) ? targets : undefined;
}

function cumulative(share: number[]): { index: number; share: number }[] {
  let sum = 0;
  return share.map((part, index) => {
    sum += part;
    return { index, share: 100 * sum };
  });
}

/** Room for two rows of labels below the groups, and the axis's own. */
const MARGIN_BOTTOM = 50;

/** Gridlines, and below the groups the resolution they live at and their numbers, levels kept apart by hairlines. */
function axes(groups: ChartedGroup[]): Plot.Markish[] {
  const levels = groupLevels(groups);
  const below = {
    x: ({ first, last }: GroupLevel) => (first + last) / 2,
    frameAnchor: "bottom",
    lineAnchor: "top",
  } as const;
  return [
    Plot.gridY({ stroke: COLOURS.rule, strokeOpacity: 1, ticks: 5 }),
    Plot.ruleX(
      levels.slice(1).map(({ first }) => first - 0.5),
      { stroke: COLOURS.rule },
    ),
    Plot.axisY({ label: null, ticks: 5, tickSize: 0 }),
    Plot.text(levels, { ...below, text: ({ resolution }) => `${resolution}²`, dy: 8, fill: COLOURS.ink }),
    Plot.text(levels, { ...below, text: ({ first, last }) => groupRange(first, last), dy: 21, fill: COLOURS.muted }),
    Plot.axisX({ label: "resolution, and below it the groups →", labelArrow: "none", ticks: 0, tickSize: 0 }),
  ];
}
