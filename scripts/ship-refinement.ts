/**
 * @file Puts a refinement beside the model that ships which it is of: `node --import tsx scripts/ship-refinement.ts FOLDER NAME
 * [SETTINGS]` writes `pretrained/NAME/refinement`, with the averaged weights in float16 and the log. It was trained on the
 * weights that ship, `strata refine pretrained:NAME --out FOLDER`. SETTINGS are what `strata calibrate pretrained:NAME
 * --refined` left for the refinement as it ships: a first call without them, then the search, then a second call.
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readFlow, saveUsedFlow } from "../src/refinement/flow-state.js";
import { checkRefines, describeRefinement, readRefinementConfig } from "../src/refinement/refinement-config.js";
import { runCard } from "../src/sharing/run-card.js";
import { openRun } from "../src/training/run/open-run.js";
import { runPaths } from "../src/training/run/run-folder.js";

const [folder, name, settings] = process.argv.slice(2);
if (!folder || !name) throw new Error("Expected FOLDER and NAME.");

const shipped = `pretrained:${name}`;
const run = fileURLToPath(new URL(`../pretrained/${name}`, import.meta.url));
const out = join(run, "refinement");
const model = await openRun(shipped);
const config = await readRefinementConfig(folder);
checkRefines(config, model, folder);
const refined = { config, model: model.config.model };
const flow = await readFlow(folder, refined, console.warn);

rmSync(out, { recursive: true, force: true });
await saveUsedFlow(out, refined, flow, "float16");
await describeRefinement(out, config);
copyFileSync(join(folder, "metrics.jsonl"), join(out, "metrics.jsonl"));
if (settings) {
  mkdirSync(runPaths(out).calibration);
  copyFileSync(settings, join(runPaths(out).calibration, "settings.json"));
}
writeFileSync(join(run, "README.md"), await runCard(shipped, model, { license: "mit" }));
