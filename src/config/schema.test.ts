import { expect, test } from "vitest";
import { UserError } from "../errors.js";
import { type Config, parseConfig, presets } from "./index.js";

const base = presets["emoji32-small"];
/** The base configuration with one branch replaced. */
const altered = (change: (config: Record<string, Record<string, unknown>>) => void) => {
  const copy = structuredClone(base) as unknown as Record<string, Record<string, unknown>>;
  change(copy);
  return copy;
};

test("a complete configuration is its own fixed point, also through JSON", () => {
  for (const config of Object.values(presets)) {
    expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  }
});

test("what is left out gets the paper's values", () => {
  const given = structuredClone(base) as unknown as Record<string, Record<string, unknown>>;
  const own = ["latentChannels", "sigma", "beta2", "spectralWeight"];
  for (const branch of ["model", "objective", "optimizer"]) for (const name of own) delete given[branch][name];
  const { model, objective, optimizer, training } = parseConfig(given);
  expect(model).toMatchObject({ latentChannels: 16, classes: 0 });
  expect(objective).toEqual({
    output: "gaussian",
    sigma: 0.025,
    mixtures: 10,
    labelDropout: 0.1,
    spectralWeight: 0.05,
    informationSchedule: { shares: "geometric", scale: 1000, shift: 10 },
  });
  expect(optimizer).toMatchObject({ warmupSteps: 50, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  expect(training).toMatchObject({ seed: 0, keepCheckpoints: 3 });
});

test.each([
  ["on", { shares: "geometric", scale: 1000, shift: 10 }],
  [true, { shares: "geometric", scale: 1000, shift: 10 }],
  ["off", false],
  [false, false],
  [
    { shares: "geometric", scale: 100 },
    { shares: "geometric", scale: 100, shift: 10 },
  ],
])("the information schedule may be written as %j", (written, expected) => {
  const config = parseConfig(altered((c) => (c.objective.informationSchedule = written)));
  expect(config.objective.informationSchedule).toEqual(expected);
});

test("shares may be a list, one for every latent group", () => {
  const groups = base.model.levels.reduce((sum, { stochasticLayers }) => sum + stochasticLayers, 0);
  const schedule = { shares: "explicit", values: Array.from({ length: groups }, (_, group) => group + 1) };
  const { objective } = parseConfig(altered((c) => (c.objective.informationSchedule = schedule)));
  expect(objective.informationSchedule).toEqual(schedule);
});

test("in a super-resolution model, plain on means shares per resolution", () => {
  const superres = structuredClone(presets["imagenet64-superres"]) as unknown as { objective: Record<string, unknown> };
  superres.objective.informationSchedule = "on";
  const { objective } = parseConfig(superres);
  expect(objective).toEqual(presets["imagenet64-superres"].objective);
});

const failing: [string, (config: Record<string, Record<string, unknown>>) => void, string[]][] = [
  [
    "unknown key",
    (c) => (c.training.batchsize = 3),
    ['Unknown key "batchsize": did you mean batchSize', "→ at training"],
  ],
  ["key of another branch", (c) => (c.model.sigma = 3), ['Unknown key "sigma": did you mean objective.sigma?']],
  [
    "unknown key of a level",
    (c) => Object.assign((c.model.levels as object[])[1], { chanels: 3 }),
    ['Unknown key "chanels": did you mean channels', "model.levels[1]"],
  ],
  [
    "unknown key of a schedule",
    (c) => (c.objective.informationSchedule = { shares: "geometric", scal: 3 }),
    ['Unknown key "scal": did you mean scale', "objective.informationSchedule"],
  ],
  [
    "parameter of a schedule out of range",
    (c) => (c.objective.informationSchedule = { shares: "geometric", scale: 0 }),
    [">=1", "objective.informationSchedule.scale"],
  ],
  ["wrong type", (c) => (c.training.flips = "yes"), ["expected boolean", "training.flips"]],
  ["out of range", (c) => (c.training.emaDecay = 1.5), ["training.emaDecay"]],
  ["missing", (c) => (c.model.levels = []), ["model.levels"]],
  ["micro-batch", (c) => (c.training.microBatchSize = 3), ["expected a divisor of batchSize (16), got 3"]],
  ["learning rates", (c) => (c.optimizer.minLearningRate = 1), ["expected at most maxLearningRate", "got 1"]],
  ["schedule", (c) => (c.objective.informationSchedule = { shares: "equal" }), ['"geometric" | "per-resolution"']],
  [
    "weights",
    (c) => (c.objective.informationSchedule = { shares: "per-resolution", weights: [{ resolution: 32, weight: 1 }] }),
    ["expected one weight for each of the resolutions 1, 4, 8, 16, 32, got 32"],
  ],
  [
    "explicit shares",
    (c) => (c.objective.informationSchedule = { shares: "explicit", values: [1, 2] }),
    ["expected one share for each of the model's", "latent groups, got 2", "objective.informationSchedule.values"],
  ],
];

test.each(failing)("%s: the message says where and what", (_, change, parts) => {
  const parse = () => parseConfig(altered(change), { source: "mine.json" });
  expect(parse).toThrow(UserError);
  for (const part of ["mine.json", ...parts]) expect(parse).toThrow(part);
});

/** A model of these resolutions, as listed. */
function ladder(resolution: number, resolutions: number[], superResolution?: { blocks: number[] }): Config {
  const levels = resolutions.map((r) => ({ resolution: r, channels: 16, encoderBlocks: 1, stochasticLayers: 1 }));
  return parseConfig(altered((c) => Object.assign(c, { model: { resolution, levels, superResolution } })));
}

test("levels form a ladder from the lowest resolution up", () => {
  expect(ladder(64, [32, 64]).model.levels).toHaveLength(2);
  expect(ladder(24, [6, 12, 24]).model.levels).toHaveLength(3);
  expect(() => ladder(32, [32, 16, 8])).toThrow("expected 32");
  expect(() => ladder(32, [8, 16, 32, 64])).toThrow("expected 32");
  expect(() => ladder(32, [2, 4, 8, 16, 32])).toThrow("expected 1");
  expect(() => ladder(16, [1, 1, 4, 8, 16])).toThrow("expected at most 4 levels");
  expect(() => ladder(24, [1, 6, 12, 24])).toThrow("expected at most 3 levels");
  expect(() => ladder(64, [32, 64], { blocks: [1, 1, 1, 1, 1] })).toThrow("expected fewer U-Net levels");
  expect(() => ladder(64, [64], { blocks: [1] })).toThrow("expected at least two levels");
});

test("a name with a character that cannot be seen is shown with it", () => {
  expect(() => parseConfig({ ...base, "\ufeffpreset": "x" })).toThrow('"U+FEFFpreset"');
});
