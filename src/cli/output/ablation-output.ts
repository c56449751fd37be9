/** @file What `ablate` leaves: the table, the figures, the page. */
import { join } from "node:path";
import type { Config } from "../../config/index.js";
import type { ImageSet } from "../../data/index.js";
import { ablationRows } from "../../experiments/ablation.js";
import type { MeasuredRuns } from "../../experiments/ablation-measurement.js";
import type { ModelFigures } from "../../experiments/model-figures.js";
import { diffusionInformation, imageSpectrum } from "../../inference/measures/diffusion-information.js";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import { formatCount } from "../../number-format.js";
import { fewWarning } from "../../quality/finite-sample.js";
import { nameOfMetric } from "../../quality/quality.js";
import { ablationTable, type MeasuredRow, paperTable, renderAblation } from "../../report/ablation-report.js";
import { informationFigure, rateDistortionFigure } from "../../report/likelihood-charts.js";
import { chartToPng, withDefaultColours } from "../../report/svg.js";
import { markdownTable } from "../../report/text-table.js";
import { version } from "../../version.js";
import type { Context } from "../options/command.js";
import { partText } from "./quality-text.js";

/** Width of the charts that are written as files, pixels; twice as many in a PNG. */
const WIDTH = 720;

/** Writes `table.md`, `metrics.json`, the charts and `report.html`, and prints the table. */
export async function reportAblation(
  measured: MeasuredRuns,
  config: Config,
  train: ImageSet,
  { out, data, count }: { out: string; data: string; count: number },
  context: Context,
): Promise<void> {
  const { runs, extractor } = measured;
  const rows: MeasuredRow[] = ablationRows.map((row) => ({
    row,
    runs: runs.filter((run) => run.row === row).map(({ figures }) => figures),
  }));
  const firsts = runs.filter((run) => run === runs.find(({ row }) => row === run.row)); // of the first seed
  const diffusion = diffusionInformation(imageSpectrum(train));
  const models = <Result>(of: (figures: ModelFigures) => Result) =>
    firsts.map(({ row, figures }) => ({ name: row.title, result: of(figures.model) }));
  const information = (width: number) =>
    informationFigure({ models: models((of) => of.information), diffusion, width });
  const rateDistortion = (width: number) =>
    rateDistortionFigure(
      models((of) => of.rateDistortion),
      width,
    );
  const tables = [ablationTable(rows, extractor.name), paperTable(ablationRows)].map(markdownTable);
  const remarks = remarksOn(measured, count, data);
  const page = renderAblation({
    config,
    rows,
    pictures: firsts.map(({ pictures }) => pictures),
    extractor: extractor.name,
    remarks,
    information,
    rateDistortion,
    settings: { version, data, steps: runs[0].step, samples: count, features: extractor.identity },
  });
  const json = {
    version,
    data,
    count,
    features: extractor,
    diffusion,
    rows: runs.map(({ row, seed, step, figures }) => ({ row: row.name, seed, step, paper: row.paper, ...figures })),
  };
  for (const [name, chart] of Object.entries({ information, "rate-distortion": rateDistortion })) {
    const svg = chart(WIDTH);
    await writeFileAtomic(join(out, `${name}.svg`), Buffer.from(withDefaultColours(svg)));
    await writeFileAtomic(join(out, `${name}.png`), await chartToPng(svg));
  }
  const text = `${tables.join("\n\n")}\n\n${remarks.join("\n\n")}\n`;
  await writeFileAtomic(join(out, "table.md"), Buffer.from(text));
  await writeFileAtomic(join(out, "metrics.json"), Buffer.from(`${JSON.stringify(json, null, 2)}\n`));
  const report = join(out, "report.html");
  await writeFileAtomic(report, Buffer.from(page));
  context.result({ out, report, ...json }, `${text}\nLook at ${report}`);
}

/** What has to be said for the figures not to be misread. */
function remarksOn({ runs, extractor, referenceImages, heldOutImages }: MeasuredRuns, count: number, data: string) {
  const [{ figures, step }] = runs;
  const { referenceBaseline } = figures.quality;
  const lines = [
    `${formatCount(count)} samples a run, trained for ${formatCount(step)} batches on ${data}; reference: ${formatCount(referenceImages)} training images; ` +
      `likelihood: ${formatCount(heldOutImages)} held-out images. In brackets: samples drawn from the output distribution.`,
    "The paper's figures are those of the published model on CIFAR-10: 350,000 batches of 128, 50,000 samples, Inception features.",
  ];
  if (extractor.name !== "inception") {
    lines.push(
      `${extractor.name} features stand in for Inception's: the distances are no FID, and compare with each other only.`,
    );
  }
  const warning = fewWarning(nameOfMetric("fid", extractor.name), count, referenceImages);
  if (warning) {
    const part = referenceBaseline === undefined ? "" : `: ${partText(referenceBaseline, count, referenceImages)}`;
    lines.push(`${warning[0].toUpperCase()}${warning.slice(1)}${part}.`);
  }
  return lines;
}
