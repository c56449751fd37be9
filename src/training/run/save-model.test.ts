import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tinyConfig } from "../../../test/support/tiny.js";
import { leaves } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import type { ParameterTree } from "../../inference/trained-model.js";
import { initialise, modelParameters } from "../../model/index.js";
import { outputChannels } from "../../objective/output-layers.js";
import { FRESH } from "./counters.js";
import { openRun } from "./open-run.js";
import { saveModel } from "./save-model.js";
import { startingPoint } from "./starting-point.js";

const config = tinyConfig();
const data = { name: "drawings", count: 12, classes: [], classCounts: [] };
const ema = initialise(modelParameters(config.model, outputChannels(config.objective)), 7);
const numbers = (tree: ParameterTree) => leaves(tree).flatMap((leaf) => [...leaf]);

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "strata-save-model-")), "run");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true }));

test("weights come back as they were, with what they learnt from", async () => {
  await saveModel(folder, { config, data }, { ema });
  const model = await openRun(folder);
  expect(model).toMatchObject({ config, data, step: 0 });
  expect(numbers(model.parameters)).toEqual(numbers(ema));
});

test("in float16 they come back rounded", async () => {
  await saveModel(folder, { config, data }, { ema }, "float16");
  const found = numbers((await openRun(folder)).parameters);
  const wrong = numbers(ema).filter((x, i) => Math.abs(found[i] - x) > Math.abs(x) * 2 ** -11 + 2 ** -25);
  expect(wrong).toEqual([]);
  expect(found).not.toEqual(numbers(ema));
});

/** The weights with one value changed. */
function withValue(value: number): ParameterTree {
  const changed = structuredClone(ema);
  changed.generator.output.bias[1] = value;
  return changed;
}

test("weights that are no numbers are refused by name when a run is opened, unless they are asked for", async () => {
  await saveModel(folder, { config, data, counters: { ...FRESH, step: 7 } }, { ema: withValue(Number.NaN) });
  const sentence =
    /^The weights of .*run at step 7 \(ema\) hold values that are no numbers: generator\.output\.bias \(1 NaN\)\./;
  await expect(openRun(folder)).rejects.toThrow(sentence);
  await expect(openRun(folder)).rejects.toThrow(UserError);
  const notes: string[] = [];
  await openRun(folder, { flawed: true, onNotice: (message) => notes.push(message) });
  expect(notes).toEqual([expect.stringMatching(sentence)]);
});

test("numbers that float16 cannot hold are not made infinite", async () => {
  await expect(saveModel(folder, { config, data }, { ema: withValue(70_000) }, "float16")).rejects.toThrow(
    "Expected weights that float16 can hold, got values beyond it: generator.output.bias (1 infinite). Keep float32.",
  );
});

test("a folder that holds anything is left alone", async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, "data.json"), "mine");
  await expect(saveModel(folder, { config, data }, { ema })).rejects.toThrow(
    /^Expected a new or an empty folder at .*run, but it holds data\.json\. Give another folder\.$/,
  );
  expect(readFileSync(join(folder, "data.json"), "utf8")).toBe("mine");
});

test("what was not saved is not there: the raw weights, and a state to go on with", async () => {
  await saveModel(folder, { config, data }, { ema });
  const missing =
    /^Expected the weights without averaging in .*step-0, which was made with the moving average of the weights alone\. Use it with `weights: "ema"`; to train it further, start a new run with `initial`\.$/;
  await expect(openRun(folder, { weights: "raw" })).rejects.toThrow(missing);
  const resumed = startingPoint(config, { count: 12, digest: "" }, { out: folder, resume: true, onNotice: () => {} });
  await expect(resumed).rejects.toThrow(missing);
});
