/** @file Curves of a run from its log. Nats are shown as bits per dimension: nats / (3 · resolution² · ln 2). */

import { bitsPerDim } from "../number-format.js";
import type { MetricsLine, TrainLine, ValidationLine } from "../training/run/metrics-log.js";
import { COLOURS_OF_CURVES, hasPoints, type LineChartOptions, lineChart, type Series } from "./line-chart.js";

/** A run's log, and the side of its images in pixels. */
export interface RunMetrics {
  metrics: MetricsLine[];
  resolution: number;
}

/** A chart at any width, or undefined when the log holds nothing to draw. */
export type Chart = ((width: number) => string) | undefined;

const UNIT = "bits per dimension";
const SEEN = "images seen";

export function trainLines(metrics: MetricsLine[]): TrainLine[] {
  return metrics.filter((line) => line.type === "train");
}

export function validationLines(metrics: MetricsLine[], split: ValidationLine["split"]): ValidationLine[] {
  return metrics.filter((line) => line.type === "validation").filter((line) => line.split === split);
}

/** The training objective: distortion + weighted KL + spectral term. No bound: see `boundChart`. */
export function objectiveChart({ metrics, resolution }: RunMetrics): Chart {
  const curve = trainCurve(metrics, "objective", ({ lossNats }) => bitsPerDim(lossNats, resolution));
  const description = "Training objective against images seen";
  return chart([curve], { description, yLabel: `training objective (weighted), ${UNIT}`, noisy: true });
}

/** The two parts of the objective: what the latents cost (unweighted), and what they miss. */
export function rateDistortionChart({ metrics, resolution }: RunMetrics): Chart {
  const curves = [
    trainCurve(metrics, "distortion", ({ distortionNats }) => bitsPerDim(distortionNats, resolution)),
    trainCurve(metrics, "KL", ({ klNats }) => bitsPerDim(klNats, resolution)),
  ];
  const description = "Distortion and KL of the training images against images seen";
  return chart(curves, { description, yLabel: `parts of the objective, ${UNIT}`, noisy: true, fromZero: true });
}

/** Bound on the negative log-likelihood of 8-bit images: held-out ones beside ones trained on. */
export function boundChart({ metrics }: RunMetrics): Chart {
  const curve = (split: ValidationLine["split"]) =>
    validationLines(metrics, split).map(({ images, bitsPerDim }) => ({ x: images, y: bitsPerDim }));
  const curves = [
    { name: "held-out images", points: curve("validation") },
    { name: "training images", points: curve("train"), dashed: true },
  ];
  const description = "Bound on the negative log-likelihood of held-out and of training images against images seen";
  const measured = curves.filter(({ points }) => points.length > 0);
  return chart(measured, { description, yLabel: `bound on the likelihood, ${UNIT}` });
}

/** How runs are laid beside one another: by batches, by images, or by minutes of training. */
export type Pace = "step" | "images" | "minutes";

/** The bound on held-out images of several runs; of runs that held none out, that on training images. */
export function boundsChart(runs: readonly { name: string; metrics: MetricsLine[] }[], pace: Pace): Chart {
  const x = { step: "steps", images: SEEN, minutes: "minutes of training" }[pace];
  const along = (line: ValidationLine) => (pace === "minutes" ? line.seconds / 60 : line[pace]);
  const curves = runs.map(({ name, metrics }, index) => {
    const heldOut = validationLines(metrics, "validation");
    const lines = heldOut.length > 0 ? heldOut : validationLines(metrics, "train");
    const points = lines.map((line) => ({ x: along(line), y: line.bitsPerDim }));
    return { name, points, dashed: index >= COLOURS_OF_CURVES };
  });
  if (!hasPoints(curves)) return undefined;
  const description = `Bound on the negative log-likelihood of every run against ${x}`;
  return (width) => lineChart(curves, { description, xLabel: x, yLabel: `bound, ${UNIT}`, width });
}

/** Speed of training. */
export function throughputChart({ metrics }: RunMetrics): Chart {
  const curve = trainCurve(metrics, "speed", ({ imagesPerSecond }) => imagesPerSecond);
  const description = "Images per second against images seen";
  return chart([curve], { description, yLabel: "images per second", noisy: true, fromZero: true });
}

function trainCurve(metrics: MetricsLine[], name: string, y: (line: TrainLine) => number): Series {
  return { name, points: trainLines(metrics).map((line) => ({ x: line.images, y: y(line) })) };
}

function chart(series: Series[], options: Omit<LineChartOptions, "width" | "xLabel">): Chart {
  if (!hasPoints(series)) return undefined;
  return (width) => lineChart(series, { ...options, width, xLabel: SEEN });
}
