/**
 * @file Makes a model that ships with the package out of a run: `node --import tsx scripts/ship-model.ts RUN NAME` writes
 * `pretrained/NAME`, a run folder with the averaged weights in float16, the configuration, the log and the card.
 */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCard } from "../src/sharing/run-card.js";
import { readMetrics } from "../src/training/run/metrics-log.js";
import { openRun } from "../src/training/run/open-run.js";
import { saveModel } from "../src/training/run/save-model.js";

const [run, name] = process.argv.slice(2);
if (!run || !name) throw new Error("Expected RUN and NAME.");

const out = fileURLToPath(new URL(`../pretrained/${name}`, import.meta.url));
const { config, parameters, data, step } = await openRun(run);
const skips = readMetrics(join(run, "metrics.jsonl")).filter(({ type }) => type === "skip").length;
const images = step * config.training.batchSize;
const counters = { step, images, updates: step - skips, skips, consecutiveSkips: 0 };

rmSync(out, { recursive: true, force: true });
await saveModel(out, { config, data, counters }, { ema: parameters }, "float16");
copyFileSync(join(run, "metrics.jsonl"), join(out, "metrics.jsonl"));
const shipped = `pretrained:${name}`;
writeFileSync(join(out, "README.md"), await runCard(shipped, await openRun(shipped), { license: "mit" }));
const log = readFileSync(join(run, "log.txt"), "utf8");
writeFileSync(join(out, "log.txt"), log.replaceAll(dirname(run), "runs")); // paths of one machine mean nothing on another
