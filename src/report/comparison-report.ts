/** @file Several runs beside one another: the tables, and the page. */
import type { ComparedFigure, Difference, Estimate } from "../experiments/comparison/compare-runs.js";
import type { SettingDifference } from "../experiments/comparison/setting-differences.js";
import { type Html, html } from "../io/markup.js";
import { formatBytes, formatCount, formatDuration, formatFixed, formatShort } from "../number-format.js";
import type { MetricsLine } from "../training/run/metrics-log.js";
import type { ComparedPictures } from "./comparison-drawings.js";
import { groupChart } from "./information-section.js";
import { type Picture, pictureFigures, renderPage, smallChartFigure } from "./page.js";
import { formatSpread, spreadOf } from "./spread.js";
import { type TextTable, tableFigure } from "./text-table.js";
import { boundsChart, trainLines } from "./training-charts.js";

/** One of the runs that are compared. */
export interface ComparedRun {
  name: string;
  preset: string;
  data: string;
  step: number;
  seed: number;
  parameters: number;
  /** An estimate of what training it takes. */
  trainingBytes: number;
  metrics: MetricsLine[];
  pictures?: ComparedPictures;
}

/** All that a comparison shows, as plain data. The first run is the one that the others are compared with. */
export interface Comparison {
  runs: ComparedRun[];
  settings: SettingDifference[];
  /** Runs that differ by nothing but the seed, as indices. */
  replicates: number[][];
  figures: ComparedFigure[];
  /** What has to be said for the figures not to be misread, a sentence each. */
  remarks: string[];
}

/** Digits that a figure is shown with: enough that its interval has two. */
function digitsOf({ low, high }: Pick<Estimate, "low" | "high">): number {
  const width = high - low;
  return width > 0 ? Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(width)))) : 3;
}

/** "3.172 [3.101, 3.240]". */
function estimateText(estimate: Estimate): string {
  const text = (value: number) => formatFixed(value, digitsOf(estimate));
  return `${text(estimate.value)} [${text(estimate.low)}, ${text(estimate.high)}]`;
}

/** What every run is, took and takes. */
export function runTable({ runs }: Pick<Comparison, "runs">): TextTable {
  const columns = [
    "run",
    "preset",
    "data",
    "step",
    "images",
    "time",
    "images/s",
    "parameters",
    "memory",
    "ms a sample",
  ];
  const rows = runs.map(({ name, preset, data, step, parameters, trainingBytes, metrics, pictures }) => {
    const last = trainLines(metrics).at(-1);
    const trained = last
      ? [formatCount(last.images), formatDuration(last.seconds), formatFixed(last.images / last.seconds, 1)]
      : ["–", "–", "–"];
    const drawn = pictures ? formatFixed(pictures.millisecondsPerSample, 1) : "–";
    const size = [formatShort(parameters), formatBytes(trainingBytes)];
    return [name, preset, data, formatCount(step), ...trained, ...size, drawn];
  });
  return { columns, rows };
}

/** The settings that are not the same. */
export function settingTable({ runs, settings }: Pick<Comparison, "runs" | "settings">): TextTable {
  const columns = ["setting", ...runs.map(({ name }) => name)];
  return { columns, rows: settings.map(({ path, values }) => [path, ...values.map((value) => value ?? "–")]) };
}

/** Every figure of every run with its interval, and its difference from the first run's: a row each, for any number of runs. */
export function figureTable({ runs, figures }: Pick<Comparison, "runs" | "figures">): TextTable {
  const columns = ["figure", "run", "value", `difference from ${runs[0].name}`];
  const rows = figures.flatMap(({ name, runs: estimates, differences }) =>
    estimates.map((estimate, index) => [
      index === 0 ? name : "",
      runs[index].name,
      estimateText(estimate),
      index === 0 ? "" : estimateText(differences[index - 1]),
    ]),
  );
  return { columns, rows };
}

/** The same, one number a cell, for a spreadsheet. */
export function figureLines({ runs, figures }: Pick<Comparison, "runs" | "figures">): TextTable {
  const interval = ({ value, low, high }: Estimate) => [value, low, high].map(String);
  const rows = figures.flatMap(({ name, runs: estimates, differences }) =>
    estimates.map((estimate, index) => {
      const difference = index === 0 ? undefined : differences[index - 1];
      const apart = difference ? [...interval(difference), difference.better ?? ""] : ["", "", "", ""];
      return [name, runs[index].name, ...interval(estimate), ...apart];
    }),
  );
  return {
    columns: ["figure", "run", "value", "low", "high", "difference", "difference low", "difference high", "better"],
    rows,
  };
}

/** Runs that differ by nothing but the seed as one: mean ± deviation; undefined where there are no such runs. */
export function seedTable({ runs, replicates, figures }: Comparison): TextTable | undefined {
  if (replicates.every((indices) => indices.length === 1)) return undefined;
  const named = replicates.map((indices) => ({
    indices,
    name: indices.map((index) => `${runs[index].name} (seed ${runs[index].seed})`).join(", "),
  }));
  const rows = figures.map(({ name, runs: estimates }) => [
    name,
    ...named.map(({ indices }) => {
      const spread = spreadOf(indices.map((index) => estimates[index].value));
      return spread ? formatSpread(spread) : "–";
    }),
  ]);
  return { columns: ["figure", ...named.map(({ name }) => name)], rows };
}

/** Who is better at what, a sentence for every difference whose interval excludes 0, and one for what is left open. */
export function verdicts({ runs, figures }: Pick<Comparison, "runs" | "figures">): string[] {
  const [first, ...others] = runs;
  return others.flatMap(({ name }, index) => {
    const judged = figures.filter(({ better }) => better !== undefined);
    const of = (which: Difference["better"]) => judged.filter(({ differences }) => differences[index].better === which);
    const say = (figure: ComparedFigure) => `${figure.name} (${estimateText(figure.differences[index])})`;
    const lines = [
      { start: `${name} is better than ${first.name} at`, figures: of("this") },
      { start: `${first.name} is better than ${name} at`, figures: of("first") },
      { start: `${name} and ${first.name} cannot be told apart by`, figures: of(undefined) },
    ];
    return lines.flatMap(({ start, figures }) =>
      figures.length > 0 ? [`${start} ${figures.map(say).join("; ")}.`] : [],
    );
  });
}

/** The page as text: the same for the same parts. */
export function renderComparison(comparison: Comparison): string {
  const { runs, settings, figures, remarks } = comparison;
  const [first, ...others] = runs.map(({ name }) => name);
  const seeds = seedTable(comparison);
  const header = html`<p class="lead">${others.join(", ")} beside ${first}, which every difference is from.</p>`;
  const main = html`<section><h2>The runs</h2>
${tableFigure(runTable(comparison))}
<p class="note">Memory: an estimate of what training takes. Time a sample: on this machine, now, eight at once.</p></section>
${
  figures.length > 0 &&
  html`<section><h2>What is better</h2>
${verdicts(comparison).map((verdict) => html`<p>${verdict}</p>`)}
${tableFigure(figureTable(comparison))}
${seeds && html`<h3>Over seeds: mean ± standard deviation</h3>${tableFigure(seeds)}`}
${remarks.map((remark) => html`<p class="note">${remark}</p>`)}</section>`
}
<section><h2>What differs in the settings</h2>
${settings.length > 0 ? tableFigure(settingTable(comparison)) : html`<p>Nothing: the runs have the same configuration.</p>`}</section>
${curveSection(runs)}
${groupSection(runs)}
${pictureSection("Samples", "Drawn from the prior with the same seed, none of them chosen. Models of one shape see the same noise.", runs, ({ samples }) => samples)}
${pictureSection("How images form", "From left to right more latent groups are drawn, lowest resolution first; those still to come stand at their mean.", runs, ({ formation }) => formation)}
${pictureSection("Reconstructions", "The same held-out images, each above its reconstruction from all latent groups.", runs, ({ reconstructions }) => reconstructions)}`;
  return renderPage("Runs compared", { header, main });
}

function curveSection(runs: readonly ComparedRun[]): Html | undefined {
  const charts = (["step", "images", "minutes"] as const).flatMap((pace) => boundsChart(runs, pace) ?? []);
  if (charts.length === 0) return undefined;
  const captions = ["By batches.", "By images seen.", "By time: machines and their load differ too."];
  return html`<section><h2>Training</h2>
<p>Upper bound on the negative log-likelihood of 8-bit images that were held out, averaged weights, as each run measured it.</p>
<div class="pairs">${charts.map((chart, index) => smallChartFigure(chart, captions[index]))}</div></section>`;
}

function groupSection(runs: readonly ComparedRun[]): Html | undefined {
  const charts = runs.flatMap(({ name, metrics }) => {
    const chart = groupChart(metrics);
    return chart ? [{ name, chart }] : [];
  });
  if (charts.length === 0) return undefined;
  return html`<section><h2>Where the information sits</h2>
<p>Share of the KL that each latent group carries, lowest resolution first, beside what the information schedule aims at.</p>
<div class="pairs">${charts.map(({ name, chart }) => smallChartFigure(chart, `${name}.`))}</div></section>`;
}

function pictureSection(
  heading: string,
  introduction: string,
  runs: readonly ComparedRun[],
  of: (pictures: ComparedPictures) => Uint8Array | undefined,
): Html | undefined {
  const pictures = runs.flatMap(({ name, pictures }): Picture[] => {
    const png = pictures && of(pictures);
    return png ? [{ title: name, caption: "", png }] : [];
  });
  if (pictures.length === 0) return undefined;
  return html`<section><h2>${heading}</h2>
<p>${introduction}</p>
${pictureFigures(pictures)}</section>`;
}
