import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { discs, tinyConfig } from "../../../test/support/tiny.js";
import { Runtime } from "../../engine/index.js";
import { readMetrics } from "../../training/run/metrics-log.js";
import { runPaths } from "../../training/run/run-folder.js";
import { candidatesOf } from "./candidates.js";
import { boundJudge, type Judge } from "./judge.js";
import { type TuneOptions, tune } from "./tune.js";

let runtime: Runtime;
let folder: string;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "strata-tune-"));
});
afterAll(async () => {
  await runtime.dispose();
  rmSync(folder, { recursive: true });
});

const data = { train: discs(16), validation: discs(16) };
const candidates = candidatesOf(["optimizer.maxLearningRate=1e-9,0.003,2e-9"]);
const config = tinyConfig({
  training: { batchSize: 4 },
  optimizer: { startLearningRate: 1e-9, minLearningRate: 1e-10 },
});
const begun: string[] = [];
const search = (name: string, changes: Partial<TuneOptions> = {}) =>
  tune({
    ...{ config, candidates, seeds: [0, 1], data, judge: boundJudge(data.validation, 8), runtime },
    ...{ out: join(folder, name), minutes: 0.001 },
    onRun: ({ folder: run, round }, again) => {
      begun.push(`${run.split("/").at(-1)} in round ${round}${again ? ", again" : ""}`);
      return undefined;
    },
    ...changes,
  });

test("the better candidates go on where they stopped; what learns beats what does not, over all seeds", async () => {
  const { rounds, best, isSure } = await search("whole");
  expect(rounds.map(({ share, results }) => [share, results.length])).toEqual([
    [0.5, 3],
    [1, 2],
  ]);
  expect(best.candidate).toEqual({ name: "2", settings: ["optimizer.maxLearningRate=0.003"] });
  expect(best.config.optimizer).toMatchObject({ maxLearningRate: 0.003, decaySteps: best.config.training.steps });
  expect(isSure).toBe(true);
  const [first, second] = rounds[1].results;
  expect(Math.max(...first.figures)).toBeLessThan(Math.min(...second.figures));
  expect(begun.splice(0)).toEqual([
    ...[1, 2, 3].flatMap((name) => [0, 1].map((seed) => `${name}-seed-${seed} in round 1`)),
    ...rounds[0].results
      .slice(0, 2)
      .flatMap(({ candidate: { name } }) => [0, 1].map((seed) => `${name}-seed-${seed} in round 2, again`)),
  ]);
  const steps = (run: string) =>
    readMetrics(runPaths(join(folder, "whole", run)).metrics)
      .filter(({ type }) => type === "train")
      .at(-1);
  expect(steps("2-seed-0")).toMatchObject({ step: best.config.training.steps });

  expect(await search("whole")).toEqual({ rounds, best, isSure }); // nothing is trained again
  expect(begun).toEqual([]);
  await expect(search("whole", { seeds: [0] })).rejects.toThrow("one of other candidates, seeds");
});

test("an interrupted search goes on; candidates that give no number come last, and one seed cannot tell", async () => {
  const stop = new AbortController();
  let left = 2;
  const broken: Judge = {
    ...{ name: "figure", better: "higher", identity: "broken" },
    measure: async ({ config: { optimizer } }) => {
      left -= 1;
      if (left === 0) stop.abort(new Error("stop"));
      return optimizer.maxLearningRate === 0.003 ? Number.NaN : optimizer.maxLearningRate;
    },
  };
  const asked = { seeds: [3], judge: broken };
  await expect(search("parts", { ...asked, signal: stop.signal })).rejects.toThrow("stop");
  begun.splice(0);
  const { rounds, best, isSure } = await search("parts", asked);
  expect(begun[0]).toBe("3 in round 1");
  expect(rounds[0].results.map(({ candidate }) => candidate.name)).toEqual(["3", "1", "2"]);
  expect(best.candidate.name).toBe("3");
  expect(isSure).toBeUndefined();
  expect(existsSync(join(folder, "parts", "2"))).toBe(true);
  expect(JSON.parse(readFileSync(join(folder, "parts", "search.json"), "utf8")).figures).toMatchObject({
    [`2 seed 3 step ${Math.round(best.config.training.steps / 2)}`]: null,
  });
});

test("what is no configuration is refused before anything is done", async () => {
  const wrong = [{ name: "1", settings: ["optimizer.maxLearningRate=fast"] }, candidates[0]];
  await expect(search("wrong", { candidates: wrong })).rejects.toThrow("optimizer.maxLearningRate");
  expect(existsSync(join(folder, "wrong"))).toBe(false);
});
