/** @file How the second model of a cascade follows the first one (paper §4.3): which models fit, and what of the first one's settings holds for both. */
import type { ModelConfig } from "../config/index.js";
import type { Guidance, Temperature } from "./per-group.js";

/** How the second model is sampled, where not as the first. */
export interface EnlargingOptions {
  /** Default: that of the base model, if it is one for all groups and this model knows classes. */
  guidance?: Guidance;
  /** Default: that of the base model, if it is one for all groups. */
  temperature?: Temperature;
}

/**
 * Why two models make no cascade, as "expected …, got …"; undefined where they do.
 *
 * @param small - draws small images
 * @param large - enlarges them
 */
export function cascadeProblem(small: ModelConfig, large: ModelConfig): string | undefined {
  if (small.superResolution) return "expected a base model to begin with, got a super-resolution model";
  if (!large.superResolution) {
    const own = `${large.resolution}×${large.resolution}`;
    return `expected a super-resolution model to enlarge with, got one that draws ${own} by itself`;
  }
  const low = large.levels[0].resolution;
  if (small.resolution !== low) {
    return `expected a base model that draws ${low}×${low}, which the super-resolution model enlarges, got ${small.resolution}×${small.resolution}`;
  }
  if (large.classes > 0 && large.classes !== small.classes) {
    return `expected a base model with the ${large.classes} classes of the super-resolution model, got ${small.classes}`;
  }
  return undefined;
}

/** What images are drawn with, of which some holds for both models. */
interface BaseSettings<Each extends Guidance | undefined> {
  guidance?: Guidance;
  /** One for each image. */
  guidances?: readonly Each[];
  temperature?: Temperature;
}

/**
 * What the second model is sampled with: its own settings, else those of the base model that are for all groups, since lists
 * are of the resolutions or groups of one model.
 */
export function enlargingSettings<Each extends Guidance | undefined>(
  base: BaseSettings<Each>,
  own: EnlargingOptions,
  { classes }: Pick<ModelConfig, "classes">,
): BaseSettings<Each> {
  const isShared = !own.guidance && classes > 0;
  return {
    guidance: own.guidance ?? (isShared ? forAllGroups(base.guidance) : undefined),
    guidances: isShared && !base.guidances?.some((each) => Array.isArray(each)) ? base.guidances : undefined,
    temperature: own.temperature ?? forAllGroups(base.temperature),
  };
}

const forAllGroups = <T>(setting: T): Exclude<T, readonly unknown[]> | undefined =>
  Array.isArray(setting) ? undefined : (setting as Exclude<T, readonly unknown[]>);
