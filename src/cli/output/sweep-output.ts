/** @file What `sweep guidance` leaves: tables, numbers, pictures, the page. */
import { join } from "node:path";
import type { ImageSet } from "../../data/index.js";
import type { SweepResult } from "../../experiments/guidance-sweep.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import type { FeatureSet } from "../../quality/feature-set.js";
import type { FeatureExtractor } from "../../quality/features/extractor.js";
import { heatMap } from "../../report/heat-map.js";
import { chartToPng } from "../../report/svg.js";
import { renderSweep, type SweepStrip, sweepStrips } from "../../report/sweep-report.js";
import {
  bestWeights,
  type SweepTable,
  sweepCsv,
  sweepMarkdown,
  sweepTables,
  tradeOffChart,
} from "../../report/sweep-tables.js";
import { version } from "../../version.js";
import { programName } from "../advice.js";
import type { Context } from "../options/command.js";
import type { GuidanceSweepOptions } from "../options/sweep-options.js";
import { remarks } from "./quality-text.js";

/** A finished sweep, and what it was measured with. */
export interface MeasuredSweep {
  sweep: SweepResult;
  model: TrainedModel;
  extractor: FeatureExtractor;
  reference: FeatureSet;
  train?: ImageSet;
  /** See `SampleQuality.referenceBaseline`. */
  referenceBaseline?: number;
}

/** Width of the charts that are written as files, pixels; twice as many in a PNG. */
const WIDTH = 720;

/** Writes `table.md`, `table.csv`, `metrics.json`, charts, strips and `report.html`, and prints the tables. */
export async function reportSweep(
  measured: MeasuredSweep,
  options: GuidanceSweepOptions,
  context: Context,
): Promise<void> {
  const { sweep } = measured;
  const { out, run, data } = options;
  const numbers = { grid: sweep.grid, cells: sweep.cells.map(({ result }) => result) };
  const tables = sweepTables(numbers);
  const best = tables[0] && bestWeights(tables[0]);
  const strips = await sweepStrips(sweep, best);
  const notes = remarksOn(measured, options);
  const page = renderSweep({
    ...numbers,
    model: run,
    strips,
    remarks: notes,
    settings: { version, run, ...(data === undefined ? {} : { data }), ...sweep.settings },
    nextCommands: best
      ? [{ purpose: "Samples at the best pair of weights", command: sampleCommand(options, best) }]
      : [],
    besidePaper: measured.extractor.name === "inception" && (data ?? "").startsWith("imagenet64"),
  });
  const json = {
    version,
    run,
    step: measured.model.step,
    data,
    settings: sweep.settings,
    ...numbers,
    best,
    remarks: notes,
  };
  const text = [...tables.map(sweepMarkdown), notes.join("\n")].join("\n\n");
  const files = {
    "table.md": `${text}\n`,
    "table.csv": sweepCsv(numbers),
    "metrics.json": `${JSON.stringify(json, null, 2)}\n`,
    "report.html": page,
    ...(await pictureFiles(tables, strips)),
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFileAtomic(join(out, name), typeof content === "string" ? Buffer.from(content) : content);
  }
  context.result({ out, ...json }, `${text}\nWritten to ${out}: report.html shows it all`);
}

async function pictureFiles(tables: SweepTable[], strips: SweepStrip[]): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const table of tables) files[`heat-map-${table.metric}.png`] = await chartToPng(heatMap(table, WIDTH));
  const tradeOff = tradeOffChart(tables);
  if (tradeOff) files["trade-off.png"] = await chartToPng(tradeOff(WIDTH));
  for (const { name, png } of strips) files[`samples-${name}.png`] = png;
  return files;
}

/** What has to be said for the figures not to be misread, a sentence each. */
function remarksOn(
  { sweep, extractor, reference, train, referenceBaseline }: MeasuredSweep,
  options: GuidanceSweepOptions,
): string[] {
  const { count } = options;
  const first = sweep.cells.find(({ result }) => result.quality.length > 0);
  if (!first) return [];
  const images = Number.isFinite(reference.moments.count) ? reference.moments.count : undefined;
  return remarks({
    count,
    referenceBaseline,
    values: first.result.quality,
    features: { name: extractor.name, identity: extractor.identity },
    reference: { name: options.reference ?? train?.name ?? "", images, rows: reference.rowCount },
    rounding: "nearest",
  });
}

/** How to draw more of the samples that were measured. */
function sampleCommand(options: GuidanceSweepOptions, { mean, variance }: { mean: number; variance: number }): string {
  const { run, superres, superresGuidance, superresTemperature, temperature } = options;
  const more = {
    superres: superres && [superres],
    "superres-guidance": superresGuidance,
    "superres-temperature": superresTemperature,
    temperature,
  };
  const words = Object.entries(more).flatMap(([name, values]) => (values ? [`--${name}`, ...values] : []));
  return [
    programName(),
    "sample --run",
    run,
    ...words,
    `--guidance ${mean},${variance} --count 64 --out best.png`,
  ].join(" ");
}
