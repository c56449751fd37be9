/** @file What a search has found, as a table and a sentence. */
import type { TuningFigure, TuningResult } from "../experiments/tuning/tune.js";
import { formatShare } from "../number-format.js";
import { formatSpread, spreadOf } from "./spread.js";
import type { TextTable } from "./text-table.js";

/** Every candidate with its settings and its figure after every round that it took part in; the best first. */
export function tuningTable({ rounds }: Pick<TuningResult, "rounds">): TextTable {
  const standing = rounds.toReversed().flatMap(({ results }) => results.map(({ candidate }) => candidate));
  const candidates = standing.filter((candidate, index) => standing.indexOf(candidate) === index);
  const figureIn = (results: readonly TuningFigure[], name: string) => {
    const found = results.find(({ candidate }) => candidate.name === name);
    if (!found) return "–";
    const spread = spreadOf(found.figures);
    return spread ? formatSpread(spread) : "diverged";
  };
  const split = (setting: string) => {
    const equals = setting.indexOf("=");
    return [setting.slice(0, equals), setting.slice(equals + 1)] as const;
  };
  const paths = candidates[0].settings.map((setting) => split(setting)[0]);
  return {
    columns: ["candidate", ...paths, ...rounds.map(({ share }) => `after ${formatShare(share)}`)],
    rows: candidates.map(({ name, settings }) => [
      name,
      ...settings.map((setting) => split(setting)[1]),
      ...rounds.map(({ results }) => figureIn(results, name)),
    ]),
  };
}

/** How sure the result is, as a sentence. */
export function sureness({ isSure, rounds }: TuningResult): string {
  const [first, second] = rounds.at(-1)!.results.map(({ candidate }) => candidate.name);
  if (isSure === undefined)
    return `One seed cannot tell whether ${first} is better than ${second}, or was luckier: give several.`;
  return isSure
    ? `${first} is ahead of ${second} by more than the standard error over seeds.`
    : `The seeds differ by more than ${first} and ${second} do: either will do.`;
}
