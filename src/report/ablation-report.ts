/** @file The page of an ablation: the table beside the paper's, its figures, and the pictures of every run. */
import type { Config } from "../config/index.js";
import type { AblationRow } from "../experiments/ablation.js";
import type { RowPictures } from "../experiments/ablation-measurement.js";
import type { RunMeasurement } from "../experiments/measure-run.js";
import { type Html, html } from "../io/markup.js";
import { formatCount, formatFixed } from "../number-format.js";
import { nameOfMetric, type QualityMetric } from "../quality/quality.js";
import type { SampleQuality } from "../quality/sample-quality.js";
import { chartFigure, listing, type Picture, pictureFigures, renderPage, settingPaths } from "./page.js";
import { spreadOf } from "./spread.js";
import { type TextTable, tableFigure } from "./text-table.js";
import type { Chart } from "./training-charts.js";

export interface AblationReport {
  /** Configuration that the runs share. */
  config: Config;
  rows: MeasuredRow[];
  pictures: RowPictures[];
  /** Name of what made the features. */
  extractor: string;
  /** What has to be said for the figures not to be misread, a sentence each. */
  remarks: string[];
  /** Figure 2. */
  information: Chart;
  /** Figure 3. */
  rateDistortion: Chart;
  settings: Record<string, string | number>;
}

/** The page as text: the same for the same parts. */
export function renderAblation(report: AblationReport): string {
  const { config, rows, pictures, extractor, remarks, information, rateDistortion, settings } = report;
  const header = html`<p class="lead">One model four times: with and without the information schedule, with a Gaussian output or a mixture of logistics, everything else alike.</p>`;
  const main = html`<section><h2>Table 1</h2>
${tableFigure(ablationTable(rows, extractor))}
${tableFigure(paperTable(rows.map(({ row }) => row)))}
${remarks.map((remark) => html`<p class="note">${remark}</p>`)}
${rows.map(copies)}</section>
${information && html`<section><h2>Where the information sits</h2>${chartFigure(information, "The paper's Figure 2: share of the information in the latents down to each depth, held-out images.")}</section>`}
${rateDistortion && html`<section><h2>Rate and distortion</h2>${chartFigure(rateDistortion, "The paper's Figure 3: root mean square error of reconstructions whose latents come from the posterior until the rate is used up, and from the prior after that. Held-out images.")}</section>`}
${pictureSection("Samples", "The paper's Figure 7: drawn from the prior with the same noise, none of them chosen.", pictures, "samples")}
${pictureSection("Reconstructions", "The paper's Figure 8: held-out images, each above its reconstruction from all latent groups.", pictures, "reconstructions")}
${pictureSection("Nearest training images", "Samples, each above the training image nearest to it in the features: copies would show here.", pictures, "neighbours")}
<section><h2>Settings</h2>
${listing([...Object.entries(settings), ...settingPaths({ optimizer: config.optimizer, training: config.training, objective: config.objective })])}</section>`;
  return renderPage("The paper's ablation", { header, main });
}

/** Whether the samples of a row's first run are copies. */
function copies({ row, runs: [{ memorisation }] }: MeasuredRow): Html {
  const { medianOfSamples, medianOfHeldOut, searched } = memorisation;
  return html`<p class="note">${row.title}: the nearest of ${formatCount(searched)} training images is ${ratio(medianOfSamples, medianOfHeldOut)} times as far from a sample as from a held-out image (medians).</p>`;
}

const ratio = (a: number, b: number): string => formatFixed(a / b, 2);

function pictureSection(
  heading: string,
  introduction: string,
  rows: readonly RowPictures[],
  kind: Exclude<keyof RowPictures, "title">,
): Html {
  const pictures: Picture[] = rows.map((row) => ({ title: row.title, caption: "", png: row[kind] }));
  return html`<section><h2>${heading}</h2>
<p>${introduction}</p>
${pictureFigures(pictures)}</section>`;
}

/** One row of the ablation with what was measured of its runs, one a seed. */
export interface MeasuredRow {
  row: AblationRow;
  runs: RunMeasurement[];
}

/**
 * Table 1, ours: a row for each combination; where several seeds were trained, mean ± standard deviation. Figures in brackets
 * are of samples drawn from the output distribution, as in the paper.
 *
 * @param extractor - what the features are of: "inception", or a stand-in
 */
export function ablationTable(rows: readonly MeasuredRow[], extractor: string): TextTable {
  const [{ quality }] = rows[0].runs;
  const metrics = (["fid", "precision", "recall"] as const).filter((metric) => figureOf(quality, metric) !== undefined);
  const columns = [
    "model",
    ...metrics.map((metric) => nameOfMetric(metric, extractor)),
    "NLL, bits/dim",
    "rate",
    "distortion",
    `${nameOfMetric("fid", extractor)} of reconstructions`,
  ];
  return { columns, rows: rows.map(({ row, runs }) => [row.title, ...ownCells(runs, metrics)]) };
}

/** The paper's Table 1. */
export function paperTable(rows: readonly AblationRow[]): TextTable {
  return {
    columns: ["the paper's", "FID", "precision", "recall", "NLL, bits/dim"],
    rows: rows.map((row) => [row.title, ...paperCells(row)]),
  };
}

function ownCells(runs: readonly RunMeasurement[], metrics: readonly QualityMetric[]): string[] {
  const over = (of: (run: RunMeasurement) => number, digits: number) => overSeeds(runs.map(of), digits);
  const quality = metrics.map((metric) => {
    const digits = metric === "fid" ? 2 : 3;
    const own = over(({ quality }) => figureOf(quality, metric)!, digits);
    const drawn = runs.flatMap((run) => (run.drawn ? [figureOf(run.drawn, metric)!] : []));
    return drawn.length === 0 ? own : `${own} (${overSeeds(drawn, digits)})`;
  });
  return [
    ...quality,
    over(({ model }) => model.likelihood.bitsPerDim.mean, 3),
    over(({ model }) => model.likelihood.rateBitsPerDim.mean, 3),
    over(({ model }) => model.likelihood.distortionBitsPerDim.mean, 3),
    over(({ reconstructed }) => figureOf(reconstructed, "fid") ?? Number.NaN, 2),
  ];
}

function paperCells({ paper, paperDrawn }: AblationRow): string[] {
  const cell = (own: number, drawn: number | undefined, digits: number) =>
    `${formatFixed(own, digits)}${drawn === undefined ? "" : ` (${formatFixed(drawn, digits)})`}`;
  return [
    cell(paper.fid, paperDrawn?.fid, 2),
    cell(paper.precision, paperDrawn?.precision, 2),
    cell(paper.recall, paperDrawn?.recall, 2),
    formatFixed(paper.bitsPerDim, 2),
  ];
}

const figureOf = ({ values }: SampleQuality, metric: QualityMetric): number | undefined =>
  values.find((value) => value.metric === metric)?.value;

/** "3.10", or "3.10 ± 0.02" of several seeds: their mean and standard deviation. */
export function overSeeds(values: readonly number[], digits: number): string {
  const spread = spreadOf(values);
  if (!spread) return "–";
  const { value, deviation } = spread;
  return `${formatFixed(value, digits)}${deviation === undefined ? "" : ` ± ${formatFixed(deviation, digits)}`}`;
}
