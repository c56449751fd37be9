/** @file What differs in the settings of several runs, and which runs differ by nothing but the seed. */
import type { Config } from "../../config/index.js";

/** A setting that not all runs share. */
export interface SettingDifference {
  /** As `--set` takes it: "training.batchSize", "model.levels[2].channels". */
  path: string;
  /** Its value in each run, as JSON; undefined where a run has no such setting. */
  values: (string | undefined)[];
}

/** The settings that are not the same in all runs, in the order in which they first appear. */
export function settingDifferences(configs: readonly Config[]): SettingDifference[] {
  const settings = configs.map((config) => new Map(leavesOf(config, "")));
  const paths = new Set(settings.flatMap((own) => [...own.keys()]));
  return [...paths]
    .map((path) => ({ path, values: settings.map((own) => own.get(path)) }))
    .filter(({ values }) => new Set(values).size > 1);
}

/** Leaves with their paths; lists of numbers and empty lists are leaves, lists of objects are not. */
function leavesOf(value: unknown, path: string): [path: string, value: string][] {
  if (typeof value !== "object" || value === null) return [[path, JSON.stringify(value) ?? "undefined"]];
  if (Array.isArray(value)) {
    const nested = value.length > 0 && value.every((element) => typeof element === "object" && element !== null);
    if (!nested) return [[path, JSON.stringify(value)]];
    return value.flatMap((element, index) => leavesOf(element, `${path}[${index}]`));
  }
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, path === "" ? key : `${path}.${key}`));
}

/**
 * The runs by configuration, the seed of training left aside: runs of one list are one experiment, done several times.
 *
 * @returns indices of the runs, in order
 */
export function replicates(configs: readonly Config[]): number[][] {
  const byConfig = new Map<string, number[]>();
  for (const [index, config] of configs.entries()) {
    const key = JSON.stringify({ ...config, training: { ...config.training, seed: 0 } });
    byConfig.set(key, [...(byConfig.get(key) ?? []), index]);
  }
  return [...byConfig.values()];
}
