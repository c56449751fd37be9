/**
 * @file The benchmark suite: `npm run bench [-- CASE …]`. Every case runs in a process of its own, so that its memory is
 * its own; prints a table in Markdown.
 */
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { generation, trainStep } from "./cases/models.js";
import { primitiveRows } from "./cases/primitives.js";
import type { Row } from "./measure.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: "string", default: "2" }, single: { type: "boolean", default: false } },
});
const threads = Number(values.threads);

/** What rematerialisation saves and costs. */
const memoryCases = [4, 8, 16].flatMap((batch) =>
  [false, true].map((rematerialise): [string, () => Promise<Row[]>] => [
    `memory-cifar10-${batch}${rematerialise ? "-rematerialised" : ""}`,
    () => trainStep({ preset: "cifar10", batch, rounds: 2, threads, rematerialise }),
  ]),
);

const cases: Record<string, () => Promise<Row[]>> = {
  primitives: () => primitiveRows(threads),
  "train-emoji32-small": () => trainStep({ preset: "emoji32-small", batch: 16, rounds: 25, threads }),
  "generate-emoji32-small": () => generation({ preset: "emoji32-small", batch: 16, rounds: 25, threads }),
  "train-cifar10": () => trainStep({ preset: "cifar10", batch: 4, rounds: 7, threads }),
  "generate-cifar10": () => generation({ preset: "cifar10", batch: 4, rounds: 11, threads }),
  ...Object.fromEntries(memoryCases),
};

if (values.single) {
  const rows = await cases[positionals[0]]();
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  process.stdout.write(JSON.stringify(rows.map((row) => ({ ...row, peakBytes }))));
} else {
  const wanted = positionals.length > 0 ? positionals : Object.keys(cases);
  const unknown = wanted.find((name) => !(name in cases));
  if (unknown) {
    process.stderr.write(`Expected cases among ${Object.keys(cases).join(", ")}, got ${unknown}.\n`);
    process.exit(2);
  }
  process.stdout.write(`${heading()}\n`);
  for (const name of wanted) {
    for (const row of runCase(name)) process.stdout.write(`${line(row)}\n`);
  }
}

function runCase(name: string): Row[] {
  const script = new URL(import.meta.url).pathname;
  const args = ["--import", "tsx", script, "--single", name, "--threads", values.threads];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Row[];
}

function heading(): string {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus()[0].model}, ${threads} threads, Node ${process.versions.node}`;
  const columns = [
    "case",
    "ms (median)",
    "images/s",
    "start, s",
    "peak memory, GB",
    "peer",
    "peer ms",
    "times as fast",
  ];
  return `${date}, ${machine}\n\n| ${columns.join(" | ")} |\n|${columns.map(() => "---").join("|")}|`;
}

function line({ name, ms, images, startMs, peer, peerMs, peakBytes }: Row): string {
  const fields = [
    name,
    ms.toPrecision(3),
    images ? ((1000 * images) / ms).toPrecision(3) : "",
    startMs ? (startMs / 1000).toFixed(1) : "",
    peakBytes && images ? (peakBytes / 2 ** 30).toFixed(2) : "",
    peer ?? "",
    peerMs ? peerMs.toPrecision(3) : "",
    peerMs ? (peerMs / ms).toPrecision(3) : "",
  ];
  return `| ${fields.join(" | ")} |`;
}
