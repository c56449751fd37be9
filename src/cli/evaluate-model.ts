/** @file The part of `evaluate` that measures a model on held-out images: likelihood, rate and distortion, information. */
import type { ImageSet, Split } from "../data/index.js";
import type { Runtime } from "../engine/index.js";
import { diffusionInformation, imageSpectrum } from "../evaluation/diffusion-information.js";
import type { Estimate, LikelihoodSummary } from "../evaluation/nll.js";
import { type ModelFigures, type ModelMetric, measureModel } from "../experiments/model-figures.js";
import type { TrainedModel } from "../generation/trained-model.js";
import { activeDimensionsChart, informationFigure, rateDistortionFigure } from "../report/likelihood-charts.js";
import { chartToPng } from "../report/svg.js";
import type { Context } from "./command.js";
import { showRate } from "./features-options.js";
import { formatCount } from "./format.js";

export interface ModelOptions {
  metrics: readonly ModelMetric[];
  split: Split;
  count?: number;
  importance: number;
  batch?: number;
  /** The training images, whose spectrum the diffusion curve is of. */
  train: ImageSet;
}

export interface ModelResult {
  json: Record<string, unknown>;
  facts: [name: string, value: string][];
  remarks: string[];
  /** Charts, by the name of their file. */
  pictures: Record<string, Uint8Array>;
}

/** Width of the charts, pixels; twice as many in a PNG. */
const WIDTH = 720;

/** Measures a model on images, and draws the figures that belong to it. */
export async function evaluateModel(
  model: TrainedModel,
  images: ImageSet,
  { metrics, split, count = images.count, importance, batch, train }: ModelOptions,
  { progress, seed, signal }: Context,
  runtime: Runtime,
): Promise<ModelResult> {
  const stages = new Map<string, ReturnType<typeof showRate>>();
  const onProgress = (what: string, done: number, all: number) => {
    if (!stages.has(what)) stages.set(what, showRate(what, progress));
    stages.get(what)!(done, all);
  };
  const figures = await measureModel(model, images, metrics, {
    count,
    importance,
    seed,
    batch,
    runtime,
    signal,
    onProgress,
  });
  const { likelihood, rateDistortion, information } = figures;
  const diffusion = information && diffusionInformation(imageSpectrum(train));
  const name = model.config.preset ?? "model";
  const charts: Record<string, string> = {
    ...(rateDistortion ? { "rate-distortion": rateDistortionFigure([{ name, result: rateDistortion }], WIDTH) } : {}),
    ...(information
      ? {
          information: informationFigure({ models: [{ name, result: information }], diffusion, width: WIDTH }),
          "active-dimensions": activeDimensionsChart([{ name, result: information }], WIDTH),
        }
      : {}),
  };
  const pictures: Record<string, Uint8Array> = {};
  for (const [chart, svg] of Object.entries(charts)) {
    pictures[`${chart}.svg`] = Buffer.from(svg);
    pictures[`${chart}.png`] = await chartToPng(svg);
  }
  return {
    json: { split, ...figures, ...(diffusion ? { diffusion } : {}) },
    facts: factsOf(figures),
    remarks: likelihood ? [remarkOn(likelihood, split)] : [],
    pictures,
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
      `${least.rmse.toFixed(1)} at ${least.rateBitsPerDim.toFixed(3)} bits/dim, ${most.rmse.toFixed(1)} at ${most.rateBitsPerDim.toFixed(3)}`,
    ]);
  }
  if (information) {
    const { activeDimensions, dimensions } = information;
    facts.push(["active latent dimensions", `${formatCount(activeDimensions)} of ${formatCount(dimensions)}`]);
  }
  return facts;
}

const bits = ({ mean, standardError }: Estimate): string =>
  `${mean.toFixed(4)}${standardError === null ? "" : ` ± ${standardError.toFixed(4)}`} bits/dim`;

const remarkOn = ({ count }: LikelihoodSummary, split: Split): string =>
  `likelihood: ${formatCount(count)} ${split} images, 8-bit; ± is the standard error of the mean`;
