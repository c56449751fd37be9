import { expect, test } from "vitest";
import { fixture, fixtureNames } from "../../test/support/fixtures.js";
import { readGoldenJson } from "../../test/support/golden.js";
import { type Config, type PresetName, presets, resolvePreset } from "../config/index.js";
import { isAuthorsConfig, parseAuthorsJson, parseAuthorsModule } from "./authors-config.js";

test.each(fixtureNames)("%s: the model of their JSON is the one that the fixture was made with", (name) => {
  const json = readGoldenJson(`${name}/config.json`);
  expect(isAuthorsConfig(json)).toBe(true);
  const { config, notes } = parseAuthorsJson(json, "config.json");
  expect(config.model).toEqual(fixture(name).model);
  expect(config.objective.sigma).toBe(0.025);
  expect(notes).toEqual([
    expect.stringMatching(/^config\.json has no dataset, optimizer; those settings are the ones of /),
  ]);
  expect(parseAuthorsJson(json.model, "model.json").config.model).toEqual(fixture(name).model);
});

/** A preset as the authors would write it, with what they compute and we do not need. */
function module(name: PresetName, sigmaAug = "None"): string {
  const { model, objective, optimizer, training } = resolvePreset(name);
  const levels = [...model.levels].reverse();
  const list = (values: number[]) => `[${values.join(", ")}]`;
  const python = (value: boolean) => (value ? "True" : "False");
  const width = levels[0].channels;
  const schedule = objective.informationSchedule;
  if (schedule === false || schedule.shares === "explicit") throw new Error("a preset without a schedule of the paper");
  const rates =
    schedule.shares === "geometric"
      ? `("shifted_exp", {"scale": ${schedule.scale}, "shift": ${schedule.shift}})`
      : `("constant_per", ${list(schedule.weights.map(({ weight }) => weight))})`;
  const batch = training.microBatchSize === "auto" ? training.batchSize : training.microBatchSize;
  return `from ml_collections import ConfigDict

def get_config():
    config = {}
    config["model"] = ConfigDict({
        "resolution": ${model.resolution}, # as the images
        "c": ${width}, "c_enc": ${width},
        "c_mult": ${list(levels.map(({ channels }) => channels / width))},
        "num_classes": ${model.classes},
        "nlayers": ${list(levels.map((level) => level.stochasticLayers))},
        "enc_nlayers": ${list(levels.map((level) => level.encoderBlocks))},
        "num_attention": ${list(levels.map((level) => level.attention))},
        "num_final_blocks": ${model.finalBlocks},
        "is_superres": ${python(model.superResolution !== undefined)},
        "superres_nlayers": ${model.superResolution ? list(model.superResolution.blocks) : "None"},
        "zdim": ${model.latentChannels},
    })
    config["dataset"] = ConfigDict({
        "dataset_name": 'images', "data_dir": "{}", "batch_size": ${batch}, "sigma_aug": ${sigmaAug},
        "flip": ${python(training.flips)},
        "native_res": config["model"].resolution,
        "is_labeled": config["model"].num_classes > 0,
        "lower_res": config["model"].resolution//(2**(len(config["model"].nlayers) - 1)),
    })
    config["training"] = ConfigDict({
        "iterations": ${training.steps * Math.ceil(training.batchSize / batch)}, "total_batch_size": ${training.batchSize},
        "sigma_q": ${objective.sigma}, "rate_schedule": ${rates},
        "global_sr_weight": ${objective.spectralWeight}, "skip_threshold": ${optimizer.skipThreshold},
        "checkpoint_dirs": ["{}/checkpoints_recent", "{}/checkpoints_permanent"],
        "num_checkpoints": [${training.keepCheckpoints}, 999999], "save_freq": [${training.checkpointEvery}, ${training.keepEvery}],
        "log_dir": "{}/logs", "log_freq": ${training.logEvery}
    })
    config["optimizer"] = ConfigDict({
        "opt_type": "adamax", "beta1": ${optimizer.beta1}, "beta2": ${optimizer.beta2},
        "startlr": ${optimizer.startLearningRate}, "maxlr": ${optimizer.maxLearningRate}, "decay": "cosine",
        "minlr": ${optimizer.minLearningRate}, "warmup_steps": ${optimizer.warmupSteps}, "decay_steps": ${optimizer.decaySteps},
        "ema_decay": ${training.emaDecay},
    })
    return ConfigDict(config)
`;
}

test.each(["cifar10", "imagenet32", "imagenet64-superres"] as const)(
  "%s as a module of Python is the preset again",
  (name) => {
    const superres = resolvePreset(name).model.superResolution;
    const { config, notes } = parseAuthorsModule(module(name, superres ? `${superres.noise}` : "None"), "theirs.py");
    expect({ ...config, preset: name }).toEqual(presetOf(name));
    expect(notes.at(-1)).toBe(
      "Not used of theirs.py: dataset.dataset_name, dataset.data_dir, training.checkpoint_dirs, training.log_dir.",
    );
    if (name === "imagenet64-superres") {
      expect(notes[0]).toMatch(
        /^training\.iterations counts parts of batches: \d+ of them are 337500 steps of 192 images\.$/,
      );
    }
  },
);

const presetOf = (name: PresetName): Config => resolvePreset(name);

const small = (change: string, from = "") => {
  const source = module("cifar10");
  return from === "" ? `${source}` : source.replace(from, change);
};

test.each<[string, string, string, string]>([
  ["another width of the encoder", '"c_enc": 128', '"c_enc": 64', "Expected the 128 channels of the generator (c)"],
  [
    "a list of another length",
    "[10, 8, 8, 6, 3]",
    "[10, 8]",
    "Expected 5 numbers, one for each level of nlayers as model.enc_nlayers in a.py, got [10, 8].",
  ],
  [
    "an argument that the model does not take",
    '"zdim": 16,',
    '"zdim": 16, "dropout": 0.1,',
    "got model.dropout, which it does not take",
  ],
  ["a missing argument", '"zdim": 16,', "", "Expected a value as model.zdim in a.py, got nothing."],
  ["another schedule", '"shifted_exp"', '"linear"', 'Expected ("shifted_exp"'],
  [
    "a text for a number",
    '"sigma_q": 0.025',
    '"sigma_q": "small"',
    'Expected a number as training.sigma_q in a.py, got "small".',
  ],
  ["what our schema refuses", '"zdim": 16', '"zdim": -1', "The configuration in a.py is not valid"],
])("refuses %s", (_, from, to, message) => {
  expect(() => parseAuthorsModule(small(to, from), "a.py")).toThrow(message);
});

test("another optimizer and other settings are told, not refused", () => {
  const source = small('"opt_type": "adam", "clip": 1.0', '"opt_type": "adamax"');
  expect(parseAuthorsModule(source, "a.py").notes).toEqual([
    'optimizer.opt_type is "adam"; training here is with Adamax.',
    expect.stringContaining("optimizer.clip"),
  ]);
});

test("a module of plain assignments, and one with the configuration under a name", () => {
  const { model } = readGoldenJson("uncond16/config.json");
  const python = JSON.stringify(model).replaceAll("false", "False").replaceAll("null", "None");
  for (const source of [`model = ${python}`, `hps = dict(model=${python})`, `base = ${python}`]) {
    expect(parseAuthorsModule(source, "a.py").config.model).toEqual(fixture("uncond16").model);
  }
  expect(() => parseAuthorsModule("a = 1", "a.py")).toThrow("with model, dataset, training and optimizer, got a.");
});

test("our own configurations are not taken for theirs", () => {
  expect([...Object.values(presets), null, 3, [], {}].some(isAuthorsConfig)).toBe(false);
});
