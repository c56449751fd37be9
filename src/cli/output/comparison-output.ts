/** @file What `compare` leaves: the page, the tables, the pictures. */
import { join } from "node:path";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import {
  type Comparison,
  figureLines,
  figureTable,
  renderComparison,
  runTable,
  seedTable,
  settingTable,
  verdicts,
} from "../../report/comparison-report.js";
import { csvTable, markdownTable } from "../../report/text-table.js";
import { version } from "../../version.js";
import type { Context } from "../options/command.js";

/** Writes `compare.html`, `.md`, `.csv` and `.json` and the grids, and prints who is better at what. */
export async function writeComparison(comparison: Comparison, out: string, context: Context): Promise<void> {
  const { runs, settings, figures, remarks } = comparison;
  const seeds = seedTable(comparison);
  const sentences = verdicts(comparison);
  const markdown = [
    ...["# Runs compared", markdownTable(runTable(comparison))],
    ...(figures.length > 0 ? ["## Figures", markdownTable(figureTable(comparison)), ...sentences] : []),
    ...(seeds ? ["## Over seeds", markdownTable(seeds)] : []),
    ...(settings.length > 0 ? ["## Settings that differ", markdownTable(settingTable(comparison))] : []),
    ...remarks,
  ];
  const json = {
    version,
    runs: runs.map(({ metrics: _, pictures, ...run }) => ({
      ...run,
      millisecondsPerSample: pictures?.millisecondsPerSample,
    })),
    settings,
    replicates: comparison.replicates,
    figures,
    remarks,
  };
  for (const [index, { pictures }] of runs.entries()) {
    const { samples, formation, reconstructions } = pictures ?? {};
    for (const [kind, png] of Object.entries({ samples, formation, reconstructions })) {
      if (png) await writeFileAtomic(join(out, `${kind}-${index + 1}.png`), png);
    }
  }
  const write = (name: string, text: string) => writeFileAtomic(join(out, name), Buffer.from(text));
  await write("compare.csv", csvTable(figureLines(comparison)));
  await write("compare.md", `${markdown.join("\n\n")}\n`);
  await write("compare.json", `${JSON.stringify(json, null, 2)}\n`);
  await write("compare.html", renderComparison(comparison));
  const report = join(out, "compare.html");
  const differing = settings.length === 1 ? "1 setting differs" : `${settings.length || "No"} settings differ`;
  context.result({ out, report, ...json }, [...sentences, `${differing}. Look at ${report}`].join("\n"));
}
