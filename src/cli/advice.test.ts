import { expect, test, vi } from "vitest";
import { type ErrorCode, type ErrorDetails, UserError } from "../errors.js";
import { inFlags, sentenceOf } from "./advice.js";

vi.mock("./invocation.js", async (original) => ({ ...(await original<object>()), programName: () => "strata" }));

test.each([
  ['If they are, give `layout: "splits"`.', "If they are, give --layout splits."],
  ["Resume it with `resume: true`.", "Resume it with --resume."],
  ["start a new run with `initial`", "start a new run with --init"],
  ['Say which: `tensors: ["model","ema_0.9"]`.', "Say which: --tensors model ema_0.9."],
  ["a smaller rate (`optimizer.maxLearningRate=0.002`)", "a smaller rate (--set optimizer.maxLearningRate=0.002)"],
  ["Keep `strata-vae` out, and `dropout: 1`.", "Keep `strata-vae` out, and `dropout: 1`."],
])("%s is said as %s", (sentence, said) => {
  expect(inFlags(sentence)).toBe(said);
});

test.each<[ErrorCode, ErrorDetails, string]>([
  ["damaged", {}, "Expected a. Do this."],
  ["not-found", {}, "Expected a. Do this."],
  ["not-found", { download: "cifar10" }, "Expected a. Run `strata fetch cifar10`, or give its place: cifar10:PATH."],
  ["not-found", { run: "runs/a b" }, "Expected a. Train it first: strata train … --out 'runs/a b'"],
  ["wrong-model", { preset: "emoji32" }, "Expected a. They are those of another preset: --preset emoji32."],
  ["wrong-model", { names: "unknown" }, "Expected a. Do this. `strata inspect` lists them."],
  ["unsupported-format", { download: "inception" }, "Expected a. `strata fetch inception` gets the official file."],
])("the advice for %s %j", (code, details, said) => {
  expect(sentenceOf(new UserError(code, "Expected a.", { advice: "Do this.", details }))).toBe(said);
});

test("missing weights of Inception: how to get them, and what does without", () => {
  const error = new UserError("not-found", "Expected them.", { details: { download: "inception" } });
  expect(sentenceOf(error)).toMatch(
    /^Expected them\. `strata fetch inception` gets them, or .* --from FILE.*`--features pixels` or `--features classifier`/,
  );
});

test("training that diverged: the commands to copy", () => {
  const details = { run: "a", maxLearningRate: 0.002, checkpoint: "a/checkpoints/step-4" };
  const stopped = (more: ErrorDetails) =>
    sentenceOf(
      new UserError("diverged", "Stopped:\nmuch.", { advice: "Start again.", details: { ...details, ...more } }),
    );
  const again =
    "  strata train --config a/config.json --init a/checkpoints/step-4 --data SOURCE --out NEW --set optimizer.maxLearningRate=0.002";
  expect(stopped({})).toBe(`Stopped:\nmuch.\nStart again. As commands:\n${again}`);
  expect(stopped({ skipThreshold: 800 })).toBe(
    "Stopped:\nmuch.\nStart again. As commands:\n  strata train --resume --data SOURCE --out a --set optimizer.skipThreshold=800\n" +
      again,
  );
});
