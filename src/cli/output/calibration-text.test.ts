import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Calibration } from "../../experiments/calibration/settings.js";
import { calibrationLine, calibrationText } from "./calibration-text.js";

beforeAll(() => {
  for (const name of ["npm_command", "npm_lifecycle_event"]) vi.stubEnv(name, undefined); // called as `strata`
});
afterAll(() => vi.unstubAllEnvs());

const plain = { temperature: [], guidance: [] };
const best = {
  temperature: [{ resolution: 8, temperature: 0.8 }],
  guidance: [{ resolution: 4, mean: 1, variance: 0 }],
};
const check = {
  metric: "energy distance (classifier)",
  distance: { unadjusted: 0.52, calibrated: 0.31 },
  difference: -0.21,
  standardError: 0.05,
  accuracy: { unadjusted: 0.4, calibrated: 0.55 },
};
const found = {
  ...{ date: "2026-11-30T12:00:00.000Z", version: "0.1.0", data: "emoji", features: "classifier of classes" },
  ...{
    images: { search: 104, check: 115 },
    samples: { search: [125, 500], check: 1000 },
    seeds: { search: 0, check: 1 },
  },
  ...{ candidates: 83, isComplete: true, best, check },
};
const calibration: Calibration = { sampling: best, weights: { digest: "ab", step: 8000 }, found };

test("what was found, how it was checked, and how to use it", () => {
  const text = calibrationText("runs/a", calibration, ["--calibrated"]);
  for (const line of [
    "settings  --temperature 8:0.8 --guidance 4:1,0",
    "search    83 settings, up to 500 samples of seed 0 each, 104 held-out images\n",
    "check     1,000 samples of seed 1, 115 other held-out images",
    "The check confirms the settings: a difference of -0.21 ± 0.050.",
    "Use them: strata sample --run runs/a --calibrated",
  ])
    expect(text).toContain(line);
  expect(text).toMatch(/plain sampling +0\.520 +40 %/);
  expect(text).toMatch(/settings of the search +0\.310 +55 %/);
  expect(calibrationText("runs/a", calibration, ["--calibrated", "my place"])).toMatch(/--calibrated 'my place'$/);
});

test("where plain sampling stays, why; and that a search was ended early", () => {
  const unconfirmed = { ...check, difference: 0.01 };
  const kept = (changes: Partial<Calibration["found"]>) =>
    calibrationText("runs/a", { ...calibration, sampling: plain, found: { ...found, ...changes } }, []);
  expect(kept({ check: unconfirmed })).toMatch(
    /The search found --temperature 8:0\.8 .*, but the check does not confirm them: a difference of 0\.010 ± 0\.050\. Plain sampling stays\.$/,
  );
  expect(kept({ check: undefined })).toMatch(/but the model overflowed in the check\. Plain sampling stays\.$/);
  expect(kept({ check: undefined, best: plain })).toMatch(/nothing better than plain sampling, which stays\.$/);
  expect(kept({ isComplete: false })).toContain("ended by --minutes: the same command goes on");
});

test("settings of a refinement name it, and what they are compared with", () => {
  const refined = (guidance: number) => ({ ...best, guidance: [], refinement: { guidance } });
  const ofRefinement = {
    ...calibration,
    ...{ sampling: refined(1), refinement: { digest: "cd", step: 900 }, found: { ...found, best: refined(1) } },
  };
  const text = calibrationText("runs/a", ofRefinement, ["--refined", "--calibrated"]);
  expect(text).toContain("settings    --refined --refine-guidance 1 --temperature 8:0.8\n");
  expect(text).toContain("refinement  step 900\n");
  expect(text).toMatch(/--refined alone +0\.520 +40 %/);
  expect(text).toContain("Use them: strata sample --run runs/a --refined --calibrated");
  expect(calibrationLine(ofRefinement, 900)).toMatch(
    /^at step 900, --refined --refine-guidance 1 .* instead of 0\.520$/,
  );
  expect(calibrationLine(ofRefinement, 1000)).toMatch(/out of date: the newest checkpoint is of step 1,000$/);
  const alone = { ...plain, refinement: { guidance: 0 } };
  const kept = { ...ofRefinement, sampling: alone, found: { ...found, best: alone, check: undefined } };
  expect(calibrationText("runs/a", kept, [])).toMatch(/nothing better than --refined alone, which stays\.$/);
});
