/** @file What `tune` leaves besides the runs: the page and the tables. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Judge } from "../../experiments/tuning/judge.js";
import { runFolder, type TuningResult } from "../../experiments/tuning/tune.js";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import { csvTable, markdownTable } from "../../report/text-table.js";
import { renderTuning, type TunedRun } from "../../report/tuning-report.js";
import { sureness, tuningTable } from "../../report/tuning-table.js";
import { readMetrics } from "../../training/run/metrics-log.js";
import { picturePaths, runPaths } from "../../training/run/run-folder.js";

/** Runs whose curves and pictures are shown. */
const SHOWN = 12;

/** Writes `tune.html`, `tune.md` and `tune.csv`. @returns the page */
export async function writeTuning(
  found: TuningResult,
  { out, judge, seeds }: { out: string; judge: Judge; seeds: readonly number[] },
): Promise<string> {
  const table = tuningTable(found);
  const tried = found.best.candidate.settings.length;
  const runs = table.rows.flatMap(([candidate, ...cells]) =>
    seeds.map((seed) => ({
      name: `${candidate}: ${[...cells.slice(0, tried), ...(seeds.length === 1 ? [] : [`seed ${seed}`])].join(", ")}`,
      folder: runFolder(out, candidate, seed, seeds),
    })),
  );
  const shown = await Promise.all(runs.slice(0, SHOWN).map(({ name, folder }) => describe(name, folder)));
  const write = (name: string, text: string) => writeFileAtomic(join(out, name), Buffer.from(text));
  await write("tune.csv", csvTable(table));
  await write("tune.md", `# Settings tried\n\n${judge.name}\n\n${markdownTable(table)}\n\n${sureness(found)}\n`);
  await write("tune.html", renderTuning(found, { judge, runs: shown }));
  return join(out, "tune.html");
}

/** A run with its log and the last grid that it drew. */
async function describe(name: string, folder: string): Promise<TunedRun> {
  const metrics = readMetrics(runPaths(folder).metrics);
  const steps = metrics.flatMap((line) => ("step" in line && line.step > 0 ? [line.step] : []));
  for (const step of [...new Set(steps)].sort((a, b) => b - a)) {
    const samples = await readFile(picturePaths(folder, step).samples).catch(() => undefined);
    if (samples) return { name, metrics, samples };
  }
  return { name, metrics };
}
