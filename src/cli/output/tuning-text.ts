/** @file What a search has found, for people. */
import type { Judge } from "../../experiments/tuning/judge.js";
import type { TuningResult } from "../../experiments/tuning/tune.js";
import { sureness, tuningTable } from "../../report/tuning-table.js";
import { table } from "./table.js";

/** The table of the candidates, the best first, and how sure that is. */
export function tuningText(found: TuningResult, { name, better }: Judge): string {
  const { columns, rows } = tuningTable(found);
  const headings = columns.map((heading, index) => ({
    heading,
    align: index === 0 ? ("left" as const) : ("right" as const),
  }));
  return [
    `${name}, ${better} is better`,
    "",
    table(headings, rows),
    "",
    `Best: ${found.best.candidate.settings.join(", ")}`,
    sureness(found),
  ].join("\n");
}
