/** @file The space that a calibration searches: a temperature for each resolution; guidance, and where it applies. */
import type { ModelConfig } from "../../config/index.js";
import { UserError } from "../../errors.js";
import type { Coordinate } from "./coordinate-descent.js";
import type { CalibratedSampling } from "./settings.js";

/** Lists of the values to try. */
export interface SearchLists {
  temperatures: readonly number[];
  /** Weights of the mean and of the variance, for models with classes. */
  means: readonly number[];
  variances: readonly number[];
}

/** One candidate. Lists are by resolution, in the order of the space. */
export interface SearchPoint {
  temperatures: readonly number[];
  mean: number;
  variance: number;
  guided: readonly boolean[];
}

/** What can be varied of a model. */
export interface SearchSpace extends SearchLists {
  /** Of the latent groups, highest first: the details of fine groups are where noise shows most, so they are decided first. */
  resolutions: readonly number[];
  hasClasses: boolean;
}

/**
 * @throws UserError for a model that enlarges images, a temperature that is negative or not finite, or a weight that is not
 *   finite
 */
export function searchSpace({ levels, classes, superResolution }: ModelConfig, lists: SearchLists): SearchSpace {
  if (superResolution) {
    throw new UserError(
      "wrong-model",
      "Expected a model that draws by itself, got a super-resolution model, which enlarges what another one draws. Calibrate that one.",
    );
  }
  const bad = lists.temperatures.find((value) => !(value >= 0 && Number.isFinite(value)));
  if (bad !== undefined) throw new UserError("out-of-range", `Expected temperatures of 0 or more, got ${bad}.`);
  const weight = [...lists.means, ...lists.variances].find((value) => !Number.isFinite(value));
  if (weight !== undefined) throw new UserError("out-of-range", `Expected finite guidance weights, got ${weight}.`);
  const drawn = levels.filter(({ stochasticLayers }) => stochasticLayers > 0).map(({ resolution }) => resolution);
  const resolutions = [...new Set(drawn)].sort((a, b) => b - a);
  return { ...lists, resolutions, hasClasses: classes > 0 };
}

/** Plain sampling. */
export const neutralPoint = ({ resolutions }: SearchSpace): SearchPoint => ({
  temperatures: resolutions.map(() => 1),
  mean: 0,
  variance: 0,
  guided: resolutions.map(() => true),
});

/** Temperatures from the finest resolution to the coarsest, then the weights of guidance, then where it applies. */
export function coordinatesOf(space: SearchSpace): Coordinate<SearchPoint>[] {
  const { resolutions, temperatures, means, variances, hasClasses } = space;
  const others = (values: readonly number[], value: number) => values.filter((other) => other !== value);
  const temperatureAt = resolutions.map((resolution, place) => ({
    name: `temperature at ${resolution}×${resolution}`,
    most: temperatures.length,
    choices: (at: SearchPoint) =>
      others(temperatures, at.temperatures[place]).map((value) => ({
        ...at,
        temperatures: at.temperatures.with(place, value),
      })),
  }));
  if (!hasClasses) return temperatureAt;
  const isGuided = ({ mean, variance }: SearchPoint) => mean !== 0 || variance !== 0;
  const guidanceAt = resolutions.map((resolution, place) => ({
    name: `guidance at ${resolution}×${resolution}`,
    most: 1,
    choices: (at: SearchPoint) => (isGuided(at) ? [{ ...at, guided: at.guided.with(place, !at.guided[place]) }] : []),
  }));
  const mean = {
    name: "guidance of the mean",
    most: means.length,
    choices: (at: SearchPoint) => others(means, at.mean).map((value) => ({ ...at, mean: value })),
  };
  const variance = {
    name: "guidance of the variance",
    most: variances.length,
    choices: (at: SearchPoint) => others(variances, at.variance).map((value) => ({ ...at, variance: value })),
  };
  return [...temperatureAt, mean, variance, ...guidanceAt];
}

/** What a sampler is told for a candidate: only what differs from plain sampling, lowest resolution first. */
export function samplingOf(
  { temperatures, mean, variance, guided }: SearchPoint,
  { resolutions }: SearchSpace,
): CalibratedSampling {
  const ascending = [...resolutions.keys()].reverse();
  const isGuided = (place: number) => guided[place] && (mean !== 0 || variance !== 0);
  return {
    temperature: ascending
      .filter((place) => temperatures[place] !== 1)
      .map((place) => ({ resolution: resolutions[place], temperature: temperatures[place] })),
    guidance: ascending.filter(isGuided).map((place) => ({ resolution: resolutions[place], mean, variance })),
  };
}
