import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type ErrorCode, type ErrorDetails, UserError } from "../errors.js";
import { inFlags, programName, sentenceOf } from "./advice.js";

beforeAll(() => {
  for (const name of ["npm_command", "npm_lifecycle_event"]) vi.stubEnv(name, undefined); // called as `strata`
});
afterAll(() => vi.unstubAllEnvs());

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
  ["not-found", { calibrated: "runs/a" }, "Expected a. Find some: strata calibrate runs/a --data SOURCE"],
  [
    "mismatch",
    { calibrated: "runs/a", temperature: ["8:0.5", "16:0.7"], guidance: ["4:2,0"] },
    "Expected a. Calibrate again (strata calibrate runs/a --data SOURCE), or sample with --temperature 8:0.5 16:0.7 --guidance 4:2,0.",
  ],
  [
    "mismatch",
    { calibrated: "runs/a", temperature: [], guidance: [] },
    "Expected a. Calibrate again (strata calibrate runs/a --data SOURCE), or sample with neither --temperature nor --guidance.",
  ],
  ["mismatch", {}, "Expected a. Do this."],
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

const exec = { npm_command: "exec", npm_lifecycle_event: "npx" };

test("suggested commands begin as the user's own did", () => {
  expect(programName({}, "/usr/local/bin/strata")).toBe("strata");
  expect(programName({}, "/usr/local/bin/strata-vae")).toBe("strata-vae");
  expect(programName({}, "/repository/dist/cli.js")).toBe("strata");
  expect(programName(exec, "/project/node_modules/.bin/strata")).toBe("npx strata");
  expect(programName(exec, "/home/me/.npm/_npx/1/node_modules/.bin/strata-vae")).toBe("npx strata-vae");
  expect(programName(exec, "C:\\project\\node_modules\\strata-vae\\dist\\cli\\main.js")).toBe("npx strata-vae");
});

test("a script of the repository is called by npm run, one of the user's own package is none of ours", () => {
  const script = { npm_command: "run-script", npm_lifecycle_event: "demo" };
  const ours = { ...script, npm_package_name: "strata-vae" };
  expect(programName(ours, "/repository/src/cli/main.ts")).toBe("npm run strata --");
  const theirs = { ...script, npm_package_name: "photos" };
  expect(programName(theirs, "/photos/node_modules/.bin/strata")).toBe("npx strata");
});
