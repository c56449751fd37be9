/**
 * @file One command for a machine with a GPU or TPU: whether it computes as the CPU does, and how fast, beside JAX and PyTorch.
 *
 *     node --import tsx scripts/gpu-check/main.ts --device xla:/opt/xla
 *
 * Writes FOLDER/check.json and FOLDER/check.md, after each part anew.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findPlugin } from "../../src/engine/pjrt/find-plugin.js";
import { version } from "../../src/version.js";
import { type Finding, type Part, parts, type Setting } from "./parts.js";
import { quick, whole } from "./plan.js";

/** Of all these parts, if none ends early. */
const secondsOf = (some: readonly Part[]): number => some.reduce((sum, { seconds }) => sum + seconds, 0);

interface Done {
  part: string;
  title: string;
  seconds: number;
  findings: Finding[];
}

/** Runs a part, for as long as it may take; what keeps it from its end is a finding too. */
async function runPart(part: Part, setting: Setting, limitSeconds: number): Promise<Done> {
  const findings: Finding[] = [];
  const signal = AbortSignal.timeout(Math.ceil(1000 * limitSeconds));
  const began = performance.now();
  try {
    await part.run(setting, (finding) => findings.push(finding), signal);
  } catch (error) {
    const stopped = signal.aborted
      ? `stopped after ${limitSeconds.toFixed(0)} s`
      : `failed: ${(error as Error).message}`;
    findings.push({ what: part.title, found: stopped.replace(/\s+/g, " ") });
  }
  return { part: part.name, title: part.title, seconds: (performance.now() - began) / 1000, findings };
}

const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

/** The findings as a page. */
const pageOf = (preface: readonly string[], done: readonly Done[]): string =>
  [
    ...["# Check of a device", "", ...preface, "", row(["what", "found"]), "| --- | --- |"],
    ...done.flatMap(({ findings }) => findings.map(({ what, found }) => row([what, found]))),
    "",
  ].join("\n");

const { values } = parseArgs({
  options: {
    device: { type: "string", default: "xla" },
    minutes: { type: "string", default: "12" },
    out: { type: "string", default: "gpu-check" },
    parts: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});
const surroundings = { env: process.env, cwd: process.cwd(), home: homedir() };
const { path: plugin } = findPlugin(surroundings, values.device.replace(/^xla:?/, "") || undefined);
const setting: Setting = { plan: values.quick ? quick : whole, plugin, threads: availableParallelism() };
const wanted = values.parts?.split(",");
const chosen = parts.filter(({ name }) => wanted === undefined || wanted.some((part) => name.startsWith(part)));
const preface = [
  `${new Date().toISOString()}, Strata ${version}, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0].model}`,
  "",
  `Plugin: ${plugin}. Preset: ${setting.plan.preset}, batch ${setting.plan.batch}.`,
];

process.env.STRATA_CACHE_DIR ??= ""; // every start is a first one
mkdirSync(values.out, { recursive: true });
const end = performance.now() + 60_000 * Number(values.minutes);
const done: Done[] = [];
for (const [index, part] of chosen.entries()) {
  process.stderr.write(`${part.name} …\n`);
  // what a part leaves over is for those after it
  const left = Math.max(0, end - performance.now()) / 1000;
  done.push(await runPart(part, setting, (left * part.seconds) / secondsOf(chosen.slice(index))));
  writeFileSync(join(values.out, "check.json"), `${JSON.stringify({ preface, plan: setting.plan, done }, null, 2)}\n`);
  writeFileSync(join(values.out, "check.md"), pageOf(preface, done));
}
process.stdout.write(pageOf(preface, done));
