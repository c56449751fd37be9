/** @file What `probe` leaves: the page, the tables, the pictures. */
import { join } from "node:path";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import type { NamedPicture } from "../../report/probe-drawings.js";
import {
  accuracyLines,
  accuracyTable,
  type ProbeFindings,
  probeChart,
  probeDifferences,
  probeVerdicts,
  renderProbe,
} from "../../report/probe-report.js";
import { chartToPng } from "../../report/svg.js";
import { csvTable, markdownTable } from "../../report/text-table.js";
import { version } from "../../version.js";
import type { Context } from "../options/command.js";
import { table } from "./table.js";

/** Pixels that charts are drawn at before they are made twice as large. */
const CHART = 720;

/** Writes `probe.html`, `.md`, `.csv` and `.json`, the charts and the pictures, and prints the accuracies. */
export async function writeProbe(
  findings: ProbeFindings,
  pictures: readonly NamedPicture[],
  out: string,
  context: Context,
): Promise<void> {
  const differences = probeDifferences(findings, context.seed);
  const verdicts = probeVerdicts(findings, differences);
  const { runs, pixels, ...sizes } = findings;
  const numbers = (_: string, value: unknown) => (value instanceof Float64Array ? undefined : value);
  const json = JSON.parse(
    JSON.stringify({ version, ...sizes, runs, pixels, differences }, numbers), // without answers and coefficients
  );
  for (const { file, png } of pictures) await writeFileAtomic(join(out, `${file}.png`), png);
  for (const kind of ["linear", "nearest"] as const) {
    for (const against of ["groups", "bits"] as const) {
      const chart = await chartToPng(probeChart(findings, kind, against, CHART));
      await writeFileAtomic(join(out, `${kind}-by-${against}.png`), chart);
    }
  }
  const write = (name: string, text: string) => writeFileAtomic(join(out, name), Buffer.from(text));
  await write("probe.csv", csvTable(accuracyLines(findings)));
  await write(
    "probe.md",
    `${["# What the latents know", markdownTable(accuracyTable(findings)), ...verdicts].join("\n\n")}\n`,
  );
  await write("probe.json", `${JSON.stringify(json, null, 2)}\n`);
  await write("probe.html", renderProbe(findings, pictures, context.seed));
  const report = join(out, "probe.html");
  const { columns, rows } = accuracyTable(findings);
  const headed = columns.map((heading, index) => ({ heading, align: index === 0 ? "left" : "right" }) as const);
  context.result({ out, report, ...json }, [table(headed, rows), ...verdicts, `Look at ${report}`].join("\n"));
}
