/** @file The part of `evaluate` that measures a model on held-out images: likelihood, rate and distortion, information. */
import type { ImageSet, Split } from "../../data/index.js";
import type { Runtime } from "../../engine/index.js";
import { type ModelFigures, type ModelMetric, measureModel } from "../../experiments/model-figures.js";
import { diffusionInformation, imageSpectrum } from "../../inference/measures/diffusion-information.js";
import type { ImageLikelihoods, LikelihoodSummary, MeanWithError } from "../../inference/measures/nll.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { formatCount, formatFixed } from "../../number-format.js";
import { activeDimensionsChart, informationFigure, rateDistortionFigure } from "../../report/likelihood-charts.js";
import { chartToPng, withDefaultColours } from "../../report/svg.js";
import type { Context } from "../options/command.js";
import { showRate } from "../options/features-options.js";
import type { OtherEvaluation } from "../options/other-evaluations.js";

export interface HeldOutOptions {
  metrics: readonly ModelMetric[];
  split: Split;
  count?: number;
  importance: number;
  batch?: number;
  /** The training images, whose spectrum the diffusion curve is of. */
  train: ImageSet;
  /** Evaluations whose curves are drawn beside this one's. */
  beside: OtherEvaluation[];
}

export interface ModelResult {
  json: Record<string, unknown>;
  facts: [name: string, value: string][];
  remarks: string[];
  /** Charts and the table of single images, by the name of their file. */
  files: Record<string, Uint8Array>;
}

/** Width of the charts, pixels; twice as many in a PNG. */
const WIDTH = 720;

/** Measures a model on images, and draws the figures that belong to it. */
export async function evaluateModel(
  model: TrainedModel,
  images: ImageSet,
  { metrics, split, count = images.count, importance, batch, train, beside }: HeldOutOptions,
  { progress, seed, signal }: Context,
  runtime: Runtime,
): Promise<ModelResult> {
  const stages = new Map<string, ReturnType<typeof showRate>>();
  const onProgress = (what: string, done: number, all: number) => {
    if (!stages.has(what)) stages.set(what, showRate(what, progress));
    stages.get(what)!(done, all);
  };
  const files: Record<string, Uint8Array> = {};
  const figures = await measureModel(model, images, metrics, {
    count,
    importance,
    seed,
    batch,
    runtime,
    signal,
    onProgress,
    onLikelihoods: (likelihoods, indices) => {
      files["likelihood.csv"] = Buffer.from(likelihoodTable(likelihoods, indices));
    },
  });
  const { likelihood, rateDistortion, information } = figures;
  const diffusion = information && diffusionInformation(imageSpectrum(train));
  const name = model.config.preset ?? "model";
  const others = <Kind extends "rateDistortion" | "information">(kind: Kind) =>
    beside.flatMap(({ name: other, [kind]: result }) => (result ? [{ name: other, result }] : []));
  const curves = rateDistortion && [{ name, result: rateDistortion }, ...others("rateDistortion")];
  const models = information && [{ name, result: information }, ...others("information")];
  const charts: Record<string, string> = {
    ...(curves ? { "rate-distortion": rateDistortionFigure(curves, WIDTH) } : {}),
    ...(models
      ? {
          information: informationFigure({ models, diffusion, width: WIDTH }),
          "active-dimensions": activeDimensionsChart(models, WIDTH),
        }
      : {}),
  };
  for (const [chart, svg] of Object.entries(charts)) {
    files[`${chart}.svg`] = Buffer.from(withDefaultColours(svg));
    files[`${chart}.png`] = await chartToPng(svg);
  }
  return {
    json: { split, ...figures, ...(diffusion ? { diffusion } : {}) },
    facts: factsOf(figures),
    remarks: likelihood ? [remarkOn(likelihood, split)] : [],
    files,
  };
}

function factsOf({ likelihood, rateDistortion, information }: Partial<ModelFigures>): [string, string][] {
  const facts: [string, string][] = [];
  if (likelihood) {
    facts.push(["NLL", bits(likelihood.bitsPerDim)]);
    const { importanceWeightedBitsPerDim: weighted, samples } = likelihood;
    if (weighted) facts.push([`NLL, importance-weighted, K = ${samples}`, bits(weighted)]);
    facts.push(["rate", bits(likelihood.rateBitsPerDim)], ["distortion", bits(likelihood.distortionBitsPerDim)]);
  }
  if (rateDistortion) {
    const { points } = rateDistortion;
    const [least, most] = [points[0], points[points.length - 1]];
    facts.push([
      "RMSE of reconstructions",
      `${formatFixed(least.rmse, 1)} at ${formatFixed(least.rateBitsPerDim, 3)} bits/dim, ${formatFixed(most.rmse, 1)} at ${formatFixed(most.rateBitsPerDim, 3)}`,
    ]);
  }
  if (information) {
    const { activeDimensions, dimensions } = information;
    facts.push(["active latent dimensions", `${formatCount(activeDimensions)} of ${formatCount(dimensions)}`]);
  }
  return facts;
}

const bits = ({ mean, standardError }: MeanWithError): string =>
  `${formatFixed(mean, 4)}${standardError === null ? "" : ` ± ${formatFixed(standardError, 4)}`} bits/dim`;

const remarkOn = ({ count }: LikelihoodSummary, split: Split): string =>
  `likelihood: ${formatCount(count)} ${split} images, 8-bit; ± is the standard error of the mean`;

/** A row for every image, by its index in the split; bits per dimension. */
function likelihoodTable(likelihoods: ImageLikelihoods, indices: readonly number[]): string {
  const { bitsPerDim, rateBitsPerDim, distortionBitsPerDim, importanceWeightedBitsPerDim: weighted } = likelihoods;
  const columns = [bitsPerDim, rateBitsPerDim, distortionBitsPerDim, ...(weighted ? [weighted] : [])];
  const heading = ["image", "nll", "rate", "distortion", ...(weighted ? ["importance_weighted"] : [])];
  const rows = indices.map((image, row) => [image, ...columns.map((column) => column[row].toFixed(6))]);
  return `${[heading, ...rows].map((row) => row.join(",")).join("\n")}\n`;
}
