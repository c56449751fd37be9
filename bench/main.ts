/** @file The benchmark suite: `npm run bench [-- CASE …]`, where a case is `GROUP/NAME` or a whole `GROUP`. */
import { parseArgs } from "node:util";
import { agreementSection } from "./cases/agreement.js";
import { browserSection } from "./cases/browser.js";
import { contestSections } from "./cases/contests.js";
import { dataSection } from "./cases/data.js";
import { featuresSection } from "./cases/features.js";
import { guidanceSection } from "./cases/guidance.js";
import { memorySection } from "./cases/memory.js";
import { metricsSection } from "./cases/metrics.js";
import { overheadSection } from "./cases/overhead.js";
import { primitiveSection } from "./cases/primitives.js";
import { qualitySection } from "./cases/quality.js";
import { ranksSection } from "./cases/ranks.js";
import { sourcesSection } from "./cases/sources.js";
import { startSection } from "./cases/start.js";
import { studioSection } from "./cases/studio.js";
import { Report } from "./report.js";
import type { BenchOptions, Section } from "./suite.js";

const sections: Section[] = [
  agreementSection,
  ...contestSections,
  guidanceSection,
  featuresSection,
  startSection,
  dataSection,
  sourcesSection,
  metricsSection,
  memorySection,
  overheadSection,
  primitiveSection,
  ranksSection,
  browserSection,
  studioSection,
  qualitySection,
];

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(2);
};

const count = (name: string, text: string): number => {
  const value = Number(text);
  return Number.isInteger(value) && value > 0
    ? value
    : fail(`Expected --${name} to be a whole number above 0, got ${text}.`);
};

const seed = (text: string): number => {
  const value = Number(text);
  return /^\d+$/.test(text) ? value : fail(`Expected --seeds to be whole numbers, as in 0,1,2, got ${text}.`);
};

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        threads: { type: "string", default: "2" },
        rounds: { type: "string" },
        seeds: { type: "string", default: "0" },
        list: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return fail((error as Error).message);
  }
}

/** The sections with only those cases that are asked for; without any, all but those that take hours. */
function chosen(names: readonly string[]): Section[] {
  const isAskedFor = (id: string, name: string) => id === name || id.startsWith(`${name}/`);
  const ids = sections.flatMap(({ cases }) => cases.map(({ id }) => id));
  const unknown = names.find((name) => !ids.some((id) => isAskedFor(id, name)));
  if (unknown !== undefined) {
    const groups = [...new Set(ids.map((id) => id.split("/")[0]))];
    fail(`Unknown case ${unknown}: expected one of the groups ${groups.join(", ")}, or a case of --list.`);
  }
  const wanted = (id: string) => names.some((name) => isAskedFor(id, name));
  return sections
    .map((section) => ({
      ...section,
      cases: section.cases.filter(({ id }) => (names.length === 0 ? !section.byName : wanted(id))),
    }))
    .filter(({ cases }) => cases.length > 0);
}

const { values, positionals } = parse();
const options: BenchOptions = {
  threads: count("threads", values.threads),
  rounds: values.rounds === undefined ? undefined : count("rounds", values.rounds),
  seeds: values.seeds.split(",").map(seed),
};
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    process.stderr.write(`\nInterrupted (${signal}).\n`);
    process.exit(130);
  });
}

const selection = chosen(positionals);
if (values.list) {
  for (const { id, title } of selection.flatMap(({ cases }) => cases)) process.stdout.write(`${id}  ${title}\n`);
  process.exit(0);
}
process.env.STRATA_CACHE_DIR = ""; // every start is a first one, but where a case says otherwise
const report = new Report(process.argv.slice(2), options.threads);
for (const section of selection) {
  report.section(section);
  for (const { id, title, run } of section.cases) {
    for (const line of await run(options)) report.line(id, title, line);
  }
}
process.stdout.write(`\nKept in ${report.path}\n`);
