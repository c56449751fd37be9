/** @file The page of a guidance sweep: heat maps beside the paper's Table 2, the trade-off, and strips of samples. */

import type { SavedCell, SweepSettings } from "../experiments/sweep-folder.js";
import { paperTable2, type SweepGrid } from "../experiments/sweep-grid.js";
import { concatenate, imageGrid } from "../inference/picture-grid.js";
import { type Html, html } from "../io/markup.js";
import { formatCount, formatFixed } from "../number-format.js";
import { heatMap } from "./heat-map.js";
import {
  chartFigure,
  commandList,
  listing,
  type NextCommand,
  type Picture,
  pictureFigures,
  renderPage,
} from "./page.js";
import { formatSpread } from "./spread.js";
import type { Figure } from "./summary.js";
import {
  bestWeights,
  type SweepNumbers,
  type SweepTable,
  sweepTables,
  tradeOffChart,
  weightsText,
} from "./sweep-tables.js";

export interface SweepReport extends SweepNumbers {
  /** The model, as the user named it. */
  model: string;
  strips: Picture[];
  /** What has to be said for the figures not to be misread, a sentence each. */
  remarks: string[];
  settings: SweepSettings;
  nextCommands: NextCommand[];
  /** Show the paper's figures beside ours: of ImageNet 64 by Inception features they can be compared. */
  besidePaper: boolean;
}

/** The page as text: the same for the same parts. */
export function renderSweep(report: SweepReport): string {
  const { model, strips, remarks, settings, nextCommands, besidePaper } = report;
  const tables = sweepTables(report);
  const tradeOff = tradeOffChart(tables);
  const header = html`<p class="lead">Samples of ${model} at ${formatCount(pairsOf(report))} pairs of guidance weights. A weight of 0 leaves the prior of the label as it is; larger ones move its means, or its variances, further away from those of the prior without label.</p>`;
  const main = html`${figureList(tables)}
<section><h2>Quality at every pair of weights</h2>
${tables.length === 0 && html`<p>No cell could be measured.</p>`}
${tables.map((table) => chartFigure((width) => heatMap(table, width), tableCaption(table, report)))}
${failures(report)}</section>
${besidePaper && paperSection(tables)}
${tradeOff && html`<section><h2>What guidance gives and takes</h2>${chartFigure(tradeOff, "A line joins the samples of one variance weight, which is written at its end; along it the mean weight rises. Recall is the part of the reference that samples come near to; guidance is expected to lower it.")}</section>`}
${strips.length > 0 && html`<section><h2>Samples</h2><p>The first samples of the first seed, none of them chosen.</p>${pictureFigures(strips)}</section>`}
<section><h2>What the numbers mean</h2>
${remarks.map((remark) => html`<p class="note">${remark}</p>`)}
<p class="note">${sharedNoise(report)}</p></section>
<section><h2>Settings</h2>
${listing(Object.entries(settings))}</section>
${nextCommands.length > 0 && html`<section><h2>Commands to try next</h2>${commandList(nextCommands)}</section>`}`;
  return renderPage("Guidance sweep", { header, main });
}

const pairsOf = ({ grid }: SweepNumbers): number => grid.means.length * grid.variances.length;

/** The best value of each metric, and what it is without guidance. */
function figureList(tables: SweepTable[]): Html | undefined {
  const figures = tables.flatMap((table): Figure[] => {
    const best = bestWeights(table);
    if (!best) return [];
    const plain = plainValue(table);
    const meaning = `at ${weightsText(best.mean, best.variance)}${plain ? `; ${formatSpread(plain)} without guidance` : ""}`;
    return [{ name: `best ${table.name}`, value: formatSpread(best.spread), meaning }];
  });
  if (figures.length === 0) return undefined;
  return html`<dl class="figures">${figures.map(
    ({ name, value, meaning }) =>
      html`<div><dt>${name}</dt><dd class="value">${value}</dd><dd class="meaning">${meaning}</dd></div>`,
  )}</dl>`;
}

const valueAt = ({ columns, rows, cells }: SweepTable, mean: number, variance: number) =>
  cells[rows.values.indexOf(variance)]?.[columns.values.indexOf(mean)];

const plainValue = (table: SweepTable) => valueAt(table, 0, 0);

function tableCaption({ name, lowerIsBetter }: SweepTable, { grid }: SweepNumbers): string {
  const seeds = grid.seeds.length > 1 ? ` Mean ± standard deviation over ${grid.seeds.length} seeds.` : "";
  return `${name}: ${lowerIsBetter ? "lower" : "higher"} is better, and darker; the best pair is framed.${seeds}`;
}

function sharedNoise({ grid }: SweepNumbers): string {
  const seeds = grid.seeds.length > 1 ? "Within a seed all" : "All";
  const deviation =
    grid.seeds.length > 1
      ? " The standard deviation over seeds says how far a cell would move with other noise."
      : " One seed does not say how far they would move with other noise; several seeds do.";
  return `${seeds} cells draw from the same noise with the same labels, so that neighbours differ by the weights alone and not by luck.${deviation}`;
}

/** What went wrong in some cells, or had to be held back. */
function failures({ cells }: SweepNumbers): Html {
  const failed = cells.filter(({ failure }) => failure !== undefined);
  const clamped = cells.filter((cell) => cell.clamped > 0);
  const most = clamped.reduce((largest, cell) => Math.max(largest, cell.clamped), 0);
  return html`${failed.map((cell) => html`<p class="note">No samples at ${weightsText(cell.mean, cell.variance)}, seed ${cell.seed}: ${cell.failure}</p>`)}
${clamped.length > 0 && html`<p class="note">In ${formatCount(clamped.length)} of ${formatCount(cells.length)} sets of samples guidance would have carried latents beyond all bounds, and they were clamped; at most ${formatCount(most)} values of a set.</p>`}`;
}

/** The cells of the paper's table that we know, beside ours. */
function paperSection(tables: SweepTable[]): Html {
  const ours = (metric: string, mean: number, variance: number) => {
    const table = tables.find((table) => table.metric === metric);
    const spread = table && valueAt(table, mean, variance);
    return spread ? formatSpread(spread) : "–";
  };
  const figure = (value: number | undefined, digits: number) => formatFixed(value ?? Number.NaN, digits);
  const rows = paperTable2.map(({ mean, variance, fid, precision, recall }) => [
    weightsText(mean, variance),
    ours("fid", mean, variance),
    figure(fid, 1),
    ours("precision", mean, variance),
    figure(precision, 2),
    ours("recall", mean, variance),
    figure(recall, 2),
  ]);
  const columns = ["weights", "FID", "paper's", "precision", "paper's", "recall", "paper's"];
  return html`<section><h2>Beside the paper's Table 2</h2>
<div class="scroll"><table>
<caption>Cells of the paper's table that are known here; a dash where there is no figure.</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((text) => html`<td>${text}</td>`)}</tr>`)}</tbody>
</table></div></section>`;
}

/** A strip, and what its file may be called. */
export interface SweepStrip extends Picture {
  name: "mean" | "variance" | "both";
}

interface Weights {
  mean: number;
  variance: number;
}

/**
 * Three strips of the first seed, as far as they have more than one row: the mean's weight alone, the variance's alone, and both.
 *
 * @param best - a pair of weights to be named so; the last strip ends with it where it is not in it
 */
export async function sweepStrips(
  { grid, cells }: { grid: SweepGrid; cells: readonly SavedCell[] },
  best?: Weights,
): Promise<SweepStrip[]> {
  const { means, variances } = grid;
  const [still, steady] = [nearestToZero(means), nearestToZero(variances)];
  const diagonal = diagonalOf(grid);
  const seen = diagonal.some((weights) => isSame(weights, best));
  const plans = [
    {
      name: "mean" as const,
      title: `Mean weight, the variance's at ${steady}`,
      rows: means.map((mean) => ({ mean, variance: steady })),
    },
    {
      name: "variance" as const,
      title: `Variance weight, the mean's at ${still}`,
      rows: variances.map((variance) => ({ mean: still, variance })),
    },
    {
      name: "both" as const,
      title: "Both weights",
      rows: best && !seen ? [...diagonal, best] : diagonal,
    },
  ];
  const line = means.length > 1 !== variances.length > 1; // one weight alone is swept: its own strip says all
  const strips: SweepStrip[] = [];
  for (const { name, title, rows } of plans) {
    const drawn = rows.flatMap((weights) => {
      const pictures = picturesAt(cells, weights, grid.seeds[0]);
      return pictures ? [{ ...weights, pictures }] : [];
    });
    if (name === "both" ? line || drawn.length === 0 : drawn.length < 2) continue;
    const rowLabels = drawn.map((weights) => labelOf(weights, best));
    const all = concatenate(drawn.map(({ pictures }) => pictures));
    strips.push({
      name,
      title,
      caption: "a column is one sample: the same noise and the same label in every row",
      png: await imageGrid(all, drawn[0].pictures.count, { rowLabels }),
    });
  }
  return strips;
}

const isSame = (weights: Weights, other: Weights | undefined): boolean =>
  weights.mean === other?.mean && weights.variance === other.variance;

const labelOf = (weights: Weights, best: Weights | undefined): string =>
  `${weightsText(weights.mean, weights.variance)}${isSame(weights, best) ? ", best" : ""}`;

const picturesAt = (cells: readonly SavedCell[], weights: Weights, seed: number) =>
  cells.find(({ result }) => isSame(result, weights) && result.seed === seed)?.pictures;

const nearestToZero = (values: number[]): number =>
  values.reduce((nearest, value) => (Math.abs(value) < Math.abs(nearest) ? value : nearest));

/** Pairs from the corner of the least weights to that of the largest. */
function diagonalOf({ means, variances }: SweepGrid): Weights[] {
  const steps = Math.max(means.length, variances.length) - 1;
  const at = (values: number[], step: number) => values[Math.round((step * (values.length - 1)) / Math.max(steps, 1))];
  return Array.from({ length: steps + 1 }, (_, step) => ({ mean: at(means, step), variance: at(variances, step) }));
}
