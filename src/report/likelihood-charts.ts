/** @file The paper's Figures 2 and 3 for one or more models: where the information sits, and what a rate buys. */
import type { DiffusionInformation } from "../inference/measures/diffusion-information.js";
import type { ModelInformation } from "../inference/measures/information.js";
import type { RateDistortion } from "../inference/measures/rate-distortion.js";
import { lineChart, type Point, type Series } from "./line-chart.js";
import { COLOURS } from "./svg.js";

/** Trailing zeros trimmed: 0.05, 20. */
const DECIMAL = "~f";

/** Error of partial reconstructions against the rate that they really used (Figure 3), a curve for each model. */
export function rateDistortionFigure(models: { name: string; result: RateDistortion }[], width: number): string {
  const curves = models.map(({ name, result: { points } }) => ({
    name,
    points: points.map(({ rateBitsPerDim, rmse }) => ({ x: rateBitsPerDim, y: rmse })),
  }));
  return lineChart(curves, {
    description: "Root mean squared error of partial reconstructions against the rate used",
    xLabel: "rate used, bits per dimension",
    xFormat: DECIMAL,
    yLabel: "RMSE, of 255",
    fromZero: true,
    width,
  });
}

export interface InformationFigure {
  models: { name: string; result: ModelInformation }[];
  /** Steps of a diffusion model beside the groups of ours. */
  diffusion?: DiffusionInformation;
  width: number;
}

/**
 * Part of the KL carried by the first groups of each model (Figure 2), by the part of its groups that they are; dashed, what
 * the schedules aim at, and a diffusion model's.
 */
export function informationFigure({ models, diffusion, width }: InformationFigure): string {
  const carried = models.map(({ name, result: { groups } }) => ({
    name,
    points: byDepth(groups.map(({ cumulativeShare }) => 100 * cumulativeShare)),
  }));
  return lineChart([...carried, ...targets(models), ...(diffusion ? [diffusionCurve(diffusion)] : [])], {
    description: "Share of the KL carried up to each latent group",
    xLabel: diffusion ? "groups drawn, or steps done, %" : "groups drawn, %",
    xFormat: DECIMAL,
    yLabel: "cumulative share of the information, %",
    fromZero: true,
    width,
    height: Math.round(Math.max(280, 0.55 * width)),
  });
}

/** Part of each group's latent dimensions that are active, a curve for each model. */
export function activeDimensionsChart(models: { name: string; result: ModelInformation }[], width: number): string {
  const curves = models.map(({ name, result: { groups } }) => ({
    name: `${name} (${groups.length} groups)`,
    points: groups.map(({ activeDimensions, dimensions }, index) => ({
      x: (100 * (index + 1)) / groups.length,
      y: (100 * activeDimensions) / dimensions,
    })),
  }));
  return lineChart(curves, {
    description: "Share of each latent group's dimensions that are active",
    xLabel: "group, % of the depth",
    xFormat: DECIMAL,
    yLabel: "active latent dimensions, %",
    fromZero: true,
    width,
  });
}

/** What the schedules aim at: once where models agree, with the models' names where they differ. */
function targets(models: InformationFigure["models"]): Series[] {
  const scheduled = models.flatMap(({ name, result: { groups } }) => {
    const share = groups.map(({ targetCumulativeShare }) => targetCumulativeShare);
    return share.every((value) => value !== null) ? [{ name, points: byDepth(share.map((value) => 100 * value)) }] : [];
  });
  const distinct = scheduled.filter(
    ({ points }, index) =>
      scheduled.findIndex((other) => JSON.stringify(other.points) === JSON.stringify(points)) === index,
  );
  return distinct.map(({ name, points }) => ({
    name: distinct.length > 1 ? `target of ${name}` : "target of the schedule",
    points,
    dashed: true,
    colour: COLOURS.ink,
  }));
}

/** Every tenth step, and near the end, where the curve is steep, every one. */
function diffusionCurve({ label, cumulativeShare }: DiffusionInformation): Series {
  const points = byDepth(cumulativeShare.map((share) => 100 * share));
  const drawn = points.filter((_, step) => step % 10 === 0 || step > 0.9 * points.length);
  return { name: label, points: drawn, dashed: true, colour: COLOURS.muted };
}

/** Values after each of n steps, at the part of the steps done, %; before the first, 0. */
function byDepth(values: number[]): Point[] {
  return [{ x: 0, y: 0 }, ...values.map((y, index) => ({ x: (100 * (index + 1)) / values.length, y }))];
}
