/** @file How latent groups are named wherever people see them: by number from 0, the lowest resolution, as `strata inspect` lists them. */
import type { GroupInfo } from "../training/run/metrics-log.js";

type LabelledGroup = Pick<GroupInfo, "resolution">;

/** Groups `first` to `last`, both included: "4", or "4–6". */
export const groupRange = (first: number, last: number): string => (first === last ? `${first}` : `${first}–${last}`);

/** The groups of one resolution. */
export interface GroupLevel {
  resolution: number;
  first: number;
  last: number;
}

/** The resolutions of some groups in order, each with its groups. */
export function groupLevels(groups: readonly LabelledGroup[]): GroupLevel[] {
  return [...new Set(groups.map(({ resolution }) => resolution))].map((resolution) => ({
    resolution,
    first: groups.findIndex((group) => group.resolution === resolution),
    last: groups.findLastIndex((group) => group.resolution === resolution),
  }));
}

/**
 * Stages at which to show a picture that forms: how many groups are drawn at each, from none to all, evenly spaced.
 *
 * @param most - columns there is room for, at least 2
 */
export function formationStages(groupCount: number, most: number): number[] {
  const last = Math.min(most, groupCount + 1) - 1;
  return Array.from({ length: last + 1 }, (_, column) => Math.round((column * groupCount) / last));
}

/** Above each stage, the groups that it adds to the one before, and below them their resolution: "none", "0\n1²", "1–2\n1²–4²". */
export function stageLabels(stages: readonly number[], groups: readonly LabelledGroup[]): string[] {
  return stages.map((stage, column) => {
    if (stage === 0) return "none";
    const first = column === 0 ? 0 : stages[column - 1];
    const sides = [groups[first], groups[stage - 1]].map(({ resolution }) => `${resolution}²`);
    return `${groupRange(first, stage - 1)}\n${[...new Set(sides)].join("–")}`;
  });
}

/** What the labels of a formation mean, and which pictures it has no room for. */
export function stagesCaption(stages: readonly number[]): string {
  const meaning =
    "Above each column, the latent groups that it adds to those before it, numbered from 0, and their resolution";
  const leftOut = stages.flatMap((stage, column) => {
    const before = column === 0 ? 0 : stages[column - 1];
    return stage - before > 1 ? [groupRange(before, stage - 2)] : [];
  });
  if (leftOut.length === 0) return `${meaning}.`;
  const plural = leftOut.length > 1 || leftOut[0].includes("–");
  return (
    `${meaning}. Left out, where a column adds several groups at once: ` +
    `the ${plural ? "pictures after groups" : "picture after group"} ${leftOut.join(", ")}.`
  );
}
