/** @file Sample quality at every pair of guidance weights (paper Table 2), cell by cell; it can be resumed at any time. */
import type { Images } from "../data/image-set.js";
import type { ExecutionOptions } from "../inference/execution-options.js";
import { NonFiniteOutputError } from "../inference/pictures.js";
import type { ImageSampler, SampleOptions, Samples } from "../inference/sampling/sampler.js";
import { type FeatureSet, measureFeatures } from "../quality/feature-set.js";
import type { FeatureExtractor } from "../quality/features/extractor.js";
import { collectFirst, streamSamples, tap } from "../quality/image-streams.js";
import {
  compareToReference,
  needsLogits,
  needsRows,
  type QualityMetric,
  type QualityValue,
} from "../quality/quality.js";
import {
  openSweepFolder,
  readCell,
  type SavedCell,
  type SweepFolder,
  type SweepSettings,
  writeCell,
} from "./sweep-folder.js";
import { cellsOf, type SweepCell, type SweepGrid } from "./sweep-grid.js";

/** What drawing and measuring a cell gives. */
export interface CellMeasurement {
  quality: QualityValue[];
  /** The first samples, the same noise and labels in every cell of a seed. */
  pictures: Images;
  /** See `CellResult.clamped`. */
  clamped: number;
}

/** What {@link guidanceSweep} measures, and where it saves what it has measured. */
export interface SweepOptions extends Pick<ExecutionOptions, "signal"> {
  grid: SweepGrid;
  /** Where cells are saved. */
  folder: string;
  /** All that a cell depends on besides its weights and its seed. */
  settings: SweepSettings;
  /** Draws and measures one cell; called only for those that are not saved. */
  measure(cell: SweepCell): Promise<CellMeasurement>;
  /** Called after each cell with how many are done, cached ones included. */
  onCell?: (done: number, total: number) => void;
}

/** A whole sweep. */
export interface SweepResult {
  grid: SweepGrid;
  settings: SweepSettings;
  /** In the order of `cellsOf`. */
  cells: SavedCell[];
}

/**
 * Measures every cell of a grid that is not in the folder already. A model that overflows at some weights does not end the
 * sweep: such a cell has no numbers, and says why.
 *
 * @throws UserError when the folder holds a sweep of other settings
 * @throws the signal's reason when aborted; cells that were complete are saved
 */
export async function guidanceSweep(options: SweepOptions): Promise<SweepResult> {
  const { grid, settings, signal, onCell } = options;
  const folder = await openSweepFolder(options.folder, settings);
  const planned = cellsOf(grid);
  const cells: SavedCell[] = [];
  for (const cell of planned) {
    signal?.throwIfAborted();
    cells.push((await readCell(folder, cell)) ?? (await measured(folder, cell, options)));
    onCell?.(cells.length, planned.length);
  }
  return { grid, settings, cells };
}

async function measured(folder: SweepFolder, cell: SweepCell, { measure }: SweepOptions): Promise<SavedCell> {
  const startMs = performance.now();
  const { pictures, ...numbers } = await measure(cell).catch(overflown);
  const seconds = Math.round(performance.now() - startMs) / 1000;
  const saved = { result: { ...cell, ...numbers, seconds }, pictures };
  await writeCell(folder, saved);
  return saved;
}

/** What stands for a cell whose samples are no pictures; other errors are thrown on. */
function overflown(error: unknown): {
  quality: QualityValue[];
  clamped: number;
  failure: string;
  pictures?: undefined;
} {
  if (!(error instanceof NonFiniteOutputError)) throw error;
  return { quality: [], clamped: 0, failure: error.message };
}

/** Samples of each cell that are shown. */
const SHOWN = 8;

/** How far a cell is: samples drawn, then the figure that is being worked out. */
export interface CellProgress {
  drawn: number;
  figure?: string;
}

/** What {@link measureCell} draws with and compares with. */
export interface CellOptions extends ExecutionOptions {
  sampler: ImageSampler;
  /** How samples are drawn, but for guidance and seed. */
  sampling: SampleOptions;
  extractor: FeatureExtractor;
  reference: FeatureSet;
  metrics: readonly QualityMetric[];
  onProgress?: (cell: SweepCell, progress: CellProgress) => void;
}

/**
 * Draws and measures a cell.
 *
 * @throws NonFiniteOutputError when the model overflows at these weights; the signal's reason when aborted
 */
export async function measureCell(cell: SweepCell, options: CellOptions): Promise<CellMeasurement> {
  const { sampler, sampling, extractor, reference, metrics, runtime, signal, onProgress } = options;
  const { mean, variance, seed } = cell;
  const { count } = sampling;
  const shown = collectFirst(Math.min(SHOWN, count), sampler.resolution);
  let clamped = 0;
  const drawn = streamSamples(sampler, { ...sampling, seed, guidance: { mean, variance }, signal });
  const stream = tap(drawn, (part: Samples, first) => {
    shown.look(part, first);
    clamped += part.clamped;
  });
  const features = await measureFeatures(stream, extractor, {
    ...{ keep: needsRows(metrics) ? count : 0, logits: needsLogits(metrics), runtime, signal },
    onProgress: (done) => onProgress?.(cell, { drawn: done }),
  });
  const quality = await compareToReference(features, reference, metrics, extractor.name, {
    ...{ runtime, signal },
    onProgress: (figure) => onProgress?.(cell, { drawn: count, figure }),
  });
  return { quality, pictures: shown.pictures, clamped };
}
