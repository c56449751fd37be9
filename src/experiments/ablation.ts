/** @file The paper's ablation (Table 1): information schedule and Gaussian output, each on and off, everything else alike. */
import { join } from "node:path";
import { type Config, parseConfig } from "../config/index.js";

/** One row of Table 1. */
export interface AblationRow {
  /** Names the run's folder. */
  name: string;
  title: string;
  informationSchedule: boolean;
  gaussianOutput: boolean;
  /** What the paper has for CIFAR-10: the published model, 50,000 samples, Inception features, real test images. */
  paper: PaperFigures;
  /** The same with samples drawn from the output distribution: the paper's figures in brackets. */
  paperDrawn?: Omit<PaperFigures, "bitsPerDim">;
}

interface PaperFigures {
  fid: number;
  precision: number;
  recall: number;
  bitsPerDim: number;
}

/** The rows of Table 1, the full method last. */
export const ablationRows: readonly AblationRow[] = [
  {
    name: "baseline",
    title: "neither",
    informationSchedule: false,
    gaussianOutput: false,
    paper: { fid: 40.66, precision: 0.64, recall: 0.35, bitsPerDim: 3.1 },
  },
  {
    name: "information-schedule",
    title: "information schedule",
    informationSchedule: true,
    gaussianOutput: false,
    paper: { fid: 31.21, precision: 0.63, recall: 0.41, bitsPerDim: 3.1 },
  },
  {
    name: "gaussian-output",
    title: "Gaussian output",
    informationSchedule: false,
    gaussianOutput: true,
    paper: { fid: 27.49, precision: 0.63, recall: 0.45, bitsPerDim: 4.38 },
    paperDrawn: { fid: 51.26, precision: 0.48, recall: 0.34 },
  },
  {
    name: "both",
    title: "both",
    informationSchedule: true,
    gaussianOutput: true,
    paper: { fid: 20.82, precision: 0.64, recall: 0.47, bitsPerDim: 4.39 },
    paperDrawn: { fid: 44.12, precision: 0.46, recall: 0.35 },
  },
];

/** One run of an ablation. */
export interface AblationRun {
  row: AblationRow;
  seed: number;
  /** The run folder. */
  folder: string;
  config: Config;
}

/**
 * The runs of an ablation, row by row.
 *
 * @param config - what all have in common; where it has no information schedule, the published one is switched on
 * @param seeds - of the training; the first one's folders are named after the row alone
 */
export function ablationRuns(config: Config, folder: string, seeds: readonly number[]): AblationRun[] {
  return ablationRows.flatMap((row) =>
    seeds.map((seed, index) => ({
      row,
      seed,
      folder: join(folder, index === 0 ? row.name : `${row.name}-seed-${seed}`),
      config: configOfRow(config, row, seed),
    })),
  );
}

function configOfRow(config: Config, { informationSchedule, gaussianOutput }: AblationRow, seed: number): Config {
  const { objective, training } = config;
  return parseConfig(
    {
      ...config,
      objective: {
        ...objective,
        output: gaussianOutput ? "gaussian" : "logistic-mixture",
        informationSchedule: informationSchedule && (objective.informationSchedule || true),
      },
      training: { ...training, seed },
    },
    { source: "the ablation" },
  );
}
