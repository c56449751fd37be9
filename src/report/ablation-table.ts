/** @file The ablation as a table: our figures beside the paper's Table 1. */
import type { AblationRow } from "../experiments/ablation.js";
import type { RunMeasurement } from "../experiments/measure-run.js";
import { nameOfMetric, type QualityMetric } from "../quality/quality.js";
import type { SampleQuality } from "../quality/sample-quality.js";
import { spreadOf } from "./spread.js";

/** One row of the ablation with what was measured of its runs, one a seed. */
export interface MeasuredRow {
  row: AblationRow;
  runs: RunMeasurement[];
}

/** Headings, and cells under them: text, ready to be shown. */
export interface TextTable {
  columns: string[];
  rows: string[][];
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
    `${own.toFixed(digits)}${drawn === undefined ? "" : ` (${drawn.toFixed(digits)})`}`;
  return [
    cell(paper.fid, paperDrawn?.fid, 2),
    cell(paper.precision, paperDrawn?.precision, 2),
    cell(paper.recall, paperDrawn?.recall, 2),
    paper.bitsPerDim.toFixed(2),
  ];
}

const figureOf = ({ values }: SampleQuality, metric: QualityMetric): number | undefined =>
  values.find((value) => value.metric === metric)?.value;

/** "3.10", or "3.10 ± 0.02" of several seeds: their mean and standard deviation. */
export function overSeeds(values: readonly number[], digits: number): string {
  const spread = spreadOf(values);
  if (!spread) return "–";
  const { value, deviation } = spread;
  return `${value.toFixed(digits)}${deviation === undefined ? "" : ` ± ${deviation.toFixed(digits)}`}`;
}

/** A table in Markdown. */
export function markdownTable({ columns, rows }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(columns), line(columns.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}
