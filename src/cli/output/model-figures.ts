/** @file Figures of a model, for people: charts beside those of other evaluations, a table of single images, a few lines. */
import type { Split } from "../../data/index.js";
import type { ModelFigures } from "../../experiments/model-figures.js";
import type { HeadName } from "../../heads/heads.js";
import type { ImageLikelihoods, MeanWithError } from "../../inference/measures/nll.js";
import { formatCount, formatFixed } from "../../number-format.js";
import type { OtherEvaluation } from "../options/other-evaluations.js";

/** What the mean likelihood is the mean of, with the index of every image in its split. */
export interface SingleLikelihoods {
  likelihoods: ImageLikelihoods;
  /** The same with the heads that were measured, by their names. */
  ofHeads: Partial<Record<HeadName, ImageLikelihoods>>;
  indices: readonly number[];
}

/** What was measured of a model. */
export interface ModelResult {
  /** Of the model, in charts. */
  name: string;
  split: Split;
  figures: Partial<ModelFigures>;
  single?: SingleLikelihoods;
  /** Evaluations whose curves are drawn beside this one's. */
  beside: readonly OtherEvaluation[];
}

/** Width of the charts, pixels; twice as many in a PNG. */
const WIDTH = 720;

/** Charts and the table of single images, by the name of their file. */
export async function modelFiles({ name, figures, single, beside }: ModelResult): Promise<Record<string, Uint8Array>> {
  const { rateDistortion, information, diffusion } = figures;
  const others = <Kind extends "rateDistortion" | "information">(kind: Kind) =>
    beside.flatMap(({ name: other, [kind]: result }) => (result ? [{ name: other, result }] : []));
  const curves = rateDistortion && [{ name, result: rateDistortion }, ...others("rateDistortion")];
  const models = information && [{ name, result: information }, ...others("information")];
  const files: Record<string, Uint8Array> = {};
  if (single) files["likelihood.csv"] = Buffer.from(likelihoodTable(single));
  if (!curves && !models) return files; // charts take a moment to load
  const { activeDimensionsChart, informationFigure, rateDistortionFigure } = await import(
    "../../report/likelihood-charts.js"
  );
  const { chartToPng, withDefaultColours } = await import("../../report/svg.js");
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
  return files;
}

/** The figures in a few words. */
export function modelFacts({ figures }: ModelResult): [name: string, value: string][] {
  const { likelihood, headLikelihoods = {}, rateDistortion, information } = figures;
  const facts: [string, string][] = [];
  if (likelihood) {
    facts.push(["NLL", bits(likelihood.bitsPerDim)]);
    const { importanceWeightedBitsPerDim: weighted, samples } = likelihood;
    if (weighted) facts.push([`NLL, importance-weighted, K = ${samples}`, bits(weighted)]);
    facts.push(["rate", bits(likelihood.rateBitsPerDim)], ["distortion", bits(likelihood.distortionBitsPerDim)]);
  }
  for (const [name, ofHead] of Object.entries(headLikelihoods)) {
    facts.push([`NLL with the ${name} head`, bits(ofHead.bitsPerDim)]);
    const { importanceWeightedBitsPerDim: weighted, samples } = ofHead;
    if (weighted) facts.push([`… importance-weighted, K = ${samples}`, bits(weighted)]);
    facts.push(["… its distortion, at the same rate", bits(ofHead.distortionBitsPerDim)]);
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

/** What has to be said about the figures for them not to be misread, line by line. */
export const modelRemarks = ({ figures: { likelihood }, split }: ModelResult): string[] =>
  likelihood
    ? [`likelihood: ${formatCount(likelihood.count)} ${split} images, 8-bit; ± is the standard error of the mean`]
    : [];

/** A row for every image, by its index in the split; bits per dimension. */
function likelihoodTable({ likelihoods, ofHeads, indices }: SingleLikelihoods): string {
  const { bitsPerDim, rateBitsPerDim, distortionBitsPerDim, importanceWeightedBitsPerDim: weighted } = likelihoods;
  const heads = Object.entries(ofHeads).map(([name, of]) => [`nll_${name}`, of.bitsPerDim] as const);
  const columns = [
    ...[bitsPerDim, rateBitsPerDim, distortionBitsPerDim, ...(weighted ? [weighted] : [])],
    ...heads.map(([, values]) => values),
  ];
  const heading = [
    ...["image", "nll", "rate", "distortion", ...(weighted ? ["importance_weighted"] : [])],
    ...heads.map(([name]) => name),
  ];
  const rows = indices.map((image, row) => [image, ...columns.map((column) => column[row].toFixed(6))]);
  return `${[heading, ...rows].map((row) => row.join(",")).join("\n")}\n`;
}
