/**
 * @file The space that a calibration searches: a temperature for each resolution; guidance, and where it applies. Groups that a
 * refinement draws share one temperature, since they are drawn together, and have its guidance instead of the prior's.
 */
import type { ModelConfig } from "../../config/index.js";
import { UserError } from "../../errors.js";
import { groups } from "../../model/index.js";
import type { Coordinate } from "./coordinate-descent.js";
import type { CalibratedSampling } from "./settings.js";

/** Lists of the values to try. */
export interface SearchLists {
  temperatures: readonly number[];
  /** Weights of the mean and of the variance, for models with classes that have no refinement. */
  means: readonly number[];
  variances: readonly number[];
  /** Guidance weights of a refinement, for models with classes. */
  refinementGuidance: readonly number[];
}

/** One candidate. Lists are by part, in the order of the space. */
export interface SearchPoint {
  temperatures: readonly number[];
  mean: number;
  variance: number;
  guided: readonly boolean[];
  /** Guidance of the refinement. */
  refinement: number;
}

/** Resolutions with one temperature, highest first. */
interface Part {
  name: string;
  resolutions: readonly number[];
}

/** What can be varied of a model. */
export interface SearchSpace extends SearchLists {
  /** Of the latent groups, highest first: the details of fine groups are where noise shows most, so they are decided first. */
  parts: readonly Part[];
  hasClasses: boolean;
  isRefined: boolean;
}

/**
 * @param refined - how many of the first groups a refinement draws; default 0, none
 * @throws UserError for a model that enlarges images, a temperature that is negative or not finite, or a weight that is not
 *   finite
 */
export function searchSpace(model: ModelConfig, lists: SearchLists, refined = 0): SearchSpace {
  if (model.superResolution) {
    throw new UserError(
      "wrong-model",
      "Expected a model that draws by itself, got a super-resolution model, which enlarges what another one draws. Calibrate that one.",
    );
  }
  const bad = lists.temperatures.find((value) => !(value >= 0 && Number.isFinite(value)));
  if (bad !== undefined) throw new UserError("out-of-range", `Expected temperatures of 0 or more, got ${bad}.`);
  const weights = [...lists.means, ...lists.variances, ...lists.refinementGuidance];
  const weight = weights.find((value) => !Number.isFinite(value));
  if (weight !== undefined) throw new UserError("out-of-range", `Expected finite guidance weights, got ${weight}.`);
  const drawn = resolutionsOf(groups(model));
  const together = resolutionsOf(groups(model).slice(0, refined));
  const alone = drawn
    .filter((resolution) => !together.includes(resolution))
    .map((resolution) => ({ name: `at ${resolution}×${resolution}`, resolutions: [resolution] }));
  return {
    ...lists,
    parts: [...alone, ...(refined > 0 ? [{ name: "of the refined groups", resolutions: together }] : [])],
    hasClasses: model.classes > 0,
    isRefined: refined > 0,
  };
}

/** Highest first. */
const resolutionsOf = (some: readonly { resolution: number }[]): number[] =>
  [...new Set(some.map(({ resolution }) => resolution))].sort((a, b) => b - a);

/** Plain sampling. */
export const neutralPoint = ({ parts }: SearchSpace): SearchPoint => ({
  temperatures: parts.map(() => 1),
  mean: 0,
  variance: 0,
  guided: parts.map(() => true),
  refinement: 0,
});

/** Temperatures from the finest resolution to the coarsest, then the weights of guidance, then where it applies. */
export function coordinatesOf(space: SearchSpace): Coordinate<SearchPoint>[] {
  const { parts, temperatures, hasClasses, isRefined } = space;
  const temperatureAt = parts.map(({ name }, place) => ({
    name: `temperature ${name}`,
    most: temperatures.length,
    choices: (at: SearchPoint) =>
      others(temperatures, at.temperatures[place]).map((value) => ({
        ...at,
        temperatures: at.temperatures.with(place, value),
      })),
  }));
  if (!hasClasses) return temperatureAt;
  return [...temperatureAt, ...(isRefined ? [guidanceOfRefinement(space)] : guidanceOfPrior(space))];
}

const others = (values: readonly number[], value: number): number[] => values.filter((other) => other !== value);

const guidanceOfRefinement = ({ refinementGuidance }: SearchSpace): Coordinate<SearchPoint> => ({
  name: "guidance of the refinement",
  most: refinementGuidance.length,
  choices: (at) => others(refinementGuidance, at.refinement).map((value) => ({ ...at, refinement: value })),
});

function guidanceOfPrior({ parts, means, variances }: SearchSpace): Coordinate<SearchPoint>[] {
  const isGuided = ({ mean, variance }: SearchPoint) => mean !== 0 || variance !== 0;
  return [
    {
      name: "guidance of the mean",
      most: means.length,
      choices: (at) => others(means, at.mean).map((value) => ({ ...at, mean: value })),
    },
    {
      name: "guidance of the variance",
      most: variances.length,
      choices: (at) => others(variances, at.variance).map((value) => ({ ...at, variance: value })),
    },
    ...parts.map(({ name }, place) => ({
      name: `guidance ${name}`,
      most: 1,
      choices: (at: SearchPoint) => (isGuided(at) ? [{ ...at, guided: at.guided.with(place, !at.guided[place]) }] : []),
    })),
  ];
}

/** What a sampler is told for a candidate: only what differs from plain sampling, lowest resolution first. */
export function samplingOf(
  { temperatures, mean, variance, guided, refinement }: SearchPoint,
  { parts, isRefined }: SearchSpace,
): CalibratedSampling {
  const ascending = [...parts.keys()].reverse();
  const isGuided = (place: number) => guided[place] && (mean !== 0 || variance !== 0);
  const inPart = (place: number) => parts[place].resolutions.toReversed();
  return {
    temperature: ascending
      .filter((place) => temperatures[place] !== 1)
      .flatMap((place) => inPart(place).map((resolution) => ({ resolution, temperature: temperatures[place] }))),
    guidance: ascending
      .filter(isGuided)
      .flatMap((place) => inPart(place).map((resolution) => ({ resolution, mean, variance }))),
    ...(isRefined && { refinement: { guidance: refinement } }),
  };
}
