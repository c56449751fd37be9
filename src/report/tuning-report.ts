/** @file The page of a search: its table, curves and samples. */
import type { TuningResult } from "../experiments/tuning/tune.js";
import { html } from "../io/markup.js";
import type { MetricsLine } from "../training/run/metrics-log.js";
import { type Picture, pictureFigures, renderPage, smallChartFigure } from "./page.js";
import { tableFigure } from "./text-table.js";
import { boundsChart } from "./training-charts.js";
import { sureness, tuningTable } from "./tuning-table.js";

/** A run of the search, as the page shows it. */
export interface TunedRun {
  /** The candidate's name, its values, and the seed where there are several. */
  name: string;
  metrics: MetricsLine[];
  /** The newest grid of samples, PNG. */
  samples?: Uint8Array;
}

/** The page as text. */
export function renderTuning(
  found: TuningResult,
  { judge, runs }: { judge: { name: string; better: "lower" | "higher" }; runs: readonly TunedRun[] },
): string {
  const { candidate } = found.best;
  const header = html`<p class="lead">${candidate.settings.join(", ")}: the best of ${found.rounds[0].results.length} candidates.</p>`;
  const charts = (["step", "minutes"] as const).flatMap((pace) => boundsChart(runs, pace) ?? []);
  const captions = ["By batches.", "By time: machines and their load differ too."];
  const pictures = runs.flatMap(({ name, samples }): Picture[] =>
    samples ? [{ title: name, caption: "", png: samples }] : [],
  );
  const main = html`<section><h2>The candidates</h2>
<p>After each round: ${judge.name}; ${judge.better} is better. About half of the candidates went on from a round to the next.</p>
${tableFigure(tuningTable(found))}
<p>${sureness(found)}</p></section>
${
  charts.length > 0 &&
  html`<section><h2>Training</h2>
<p>Upper bound on the negative log-likelihood of 8-bit images that were held out, averaged weights, as each run measured it.</p>
<div class="pairs">${charts.map((chart, index) => smallChartFigure(chart, captions[index]))}</div></section>`
}
${
  pictures.length > 0 &&
  html`<section><h2>Samples</h2>
<p>The last grid that each run drew, those that came furthest first.</p>
${pictureFigures(pictures)}</section>`
}`;
  return renderPage("Settings tried", { header, main });
}
