/** @file The part of a report that says where the information sits. */

import { formatCount, formatFixed, formatShare } from "../number-format.js";
import type { MetricsLine } from "../training/run/metrics-log.js";
import { bitsPerDim } from "./bits-per-dim.js";
import { groupLevels, groupRange } from "./group-labels.js";
import { type Html, html } from "./html.js";
import { type ChartedGroup, cumulativeChart, shareChart, shares } from "./information-charts.js";
import { chartFigure } from "./page-parts.js";
import { type RunMetrics, trainLines, validationLines } from "./training-charts.js";

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
