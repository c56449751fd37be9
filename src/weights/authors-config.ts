/**
 * @file The authors' configuration files: modules of Python with `model`, `dataset`, `training` and `optimizer`, or the same as
 * JSON. Their lists run from the highest resolution down, ours from the lowest up.
 */
import { type CompleteConfigInput, type Config, parseCompleteConfig, resolvePreset } from "../config/index.js";
import { UserError } from "../errors.js";
import { readPythonModule } from "../io/python/python-module.js";
import type { PythonDictionary, PythonValue } from "../io/python/python-values.js";

/** A configuration, and what the user should know of how it came from theirs. */
export interface TranslatedConfig {
  config: Config;
  notes: string[];
}

/** Arguments of the authors' model. */
const MODEL_KEYS = new Set(
  (
    "resolution c c_enc c_mult num_classes nlayers enc_nlayers num_attention num_final_blocks is_superres superres_nlayers zdim " +
    "checkpoint_min_resolution"
  ).split(" "),
);

/** Whether parsed JSON is a configuration of the authors, or the arguments of their model alone. */
export function isAuthorsConfig(json: unknown): boolean {
  const model = (json as { model?: unknown } | null)?.model ?? json;
  return typeof model === "object" && model !== null && "nlayers" in model && "enc_nlayers" in model;
}

/**
 * The configuration that a Python module of the authors stands for; it is read, not run.
 *
 * @param where - the file's name, for messages
 * @throws UserError naming what is not read, is missing, or has no counterpart here
 */
export function parseAuthorsModule(source: string, where: string): TranslatedConfig {
  const defined = readPythonModule(source, where);
  const isWhole = (value: PythonValue): boolean => value instanceof Map && (value.has("model") || value.has("nlayers"));
  const inside = isWhole(defined) ? undefined : ([...defined.values()].find(isWhole) as PythonDictionary | undefined);
  return translate(inside ?? defined, where);
}

/** The same from their JSON, parsed. */
export const parseAuthorsJson = (json: unknown, where: string): TranslatedConfig =>
  translate(asValue(json) as PythonDictionary, where);

function asValue(json: unknown): PythonValue {
  if (Array.isArray(json)) return json.map(asValue);
  if (typeof json !== "object" || json === null) return json as PythonValue;
  return new Map(Object.entries(json).map(([key, value]) => [key, asValue(value)]));
}

/** One section of their file, each of whose settings is asked for by name; what was never asked for is told. */
class Section {
  readonly #asked = new Set<string>();

  constructor(
    readonly name: string,
    readonly values: ReadonlyMap<string | number, PythonValue>,
    readonly where: string,
  ) {}

  refuse(key: string, expected: string): never {
    const value = this.values.get(key);
    const got = value === undefined ? "nothing" : shown(value);
    throw new UserError("invalid-config", `Expected ${expected} as ${this.name}.${key} in ${this.where}, got ${got}.`);
  }

  get(key: string): PythonValue | undefined {
    this.#asked.add(key);
    return this.values.get(key) ?? undefined; // None is as good as nothing
  }

  number(key: string): number | undefined {
    const value = this.get(key);
    return value === undefined || typeof value === "number" ? value : this.refuse(key, "a number");
  }

  flag(key: string): boolean | undefined {
    const value = this.get(key);
    return value === undefined || typeof value === "boolean" ? value : this.refuse(key, "True or False");
  }

  numbers(key: string): number[] | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((each) => typeof each === "number")) return value;
    return this.refuse(key, "a list of numbers");
  }

  /** A setting that the model cannot do without. */
  needed<T>(key: string, value: T | undefined): T {
    return value ?? this.refuse(key, "a value");
  }

  /** Names of settings that nothing here stands for. */
  unused(): string[] {
    return [...this.values.keys()].map(String).filter((key) => !this.#asked.has(key));
  }
}

function shown(value: PythonValue): string {
  if (value instanceof Map) return `a dictionary of ${value.size}`;
  if (!Array.isArray(value)) return JSON.stringify(value).slice(0, 60);
  const isPlain = value.length <= 10 && value.every((each) => typeof each !== "object" || each === null);
  return isPlain
    ? `[${value.map((each) => JSON.stringify(each).slice(0, 20)).join(", ")}]`
    : `a list of ${value.length}`;
}

function translate(root: ReadonlyMap<string | number, PythonValue>, where: string): TranslatedConfig {
  const section = (name: string): Section => {
    const value = root.get(name);
    if (value !== undefined && value !== null && !(value instanceof Map)) {
      throw new UserError("invalid-config", `Expected a dictionary as ${name} in ${where}, got ${shown(value)}.`);
    }
    return new Section(name, value ?? new Map(), where);
  };
  const isModelAlone = !root.has("model") && root.has("nlayers");
  const model = isModelAlone ? new Section("model", root, where) : section("model");
  if (model.values.size === 0) {
    const names = [...root.keys()].slice(0, 10).join(", ") || "nothing";
    throw new UserError(
      "invalid-config",
      `Expected a configuration of the authors in ${where}, with model, dataset, training and optimizer, got ${names}.`,
    );
  }
  const [dataset, training, optimizer] = isModelAlone
    ? ["dataset", "training", "optimizer"].map((name) => new Section(name, new Map(), where))
    : ["dataset", "training", "optimizer"].map(section);
  const notes: string[] = [];
  const translated = translateModel(model, dataset);
  const base = resolvePreset(
    translated.superResolution ? "imagenet64-superres" : translated.classes! > 0 ? "imagenet32" : "cifar10",
  );
  const missing = [dataset, training, optimizer].filter(({ values }) => values.size === 0).map(({ name }) => name);
  if (missing.length > 0)
    notes.push(`${where} has no ${missing.join(", ")}; those settings are the ones of ${base.preset}.`);
  const input: CompleteConfigInput = {
    preset: "custom",
    model: translated,
    objective: translateObjective(training, translated, base),
    optimizer: translateOptimizer(optimizer, training, base, notes),
    training: translateTraining(training, dataset, optimizer, base, notes),
  };
  const config = parseCompleteConfig(input, { source: where });
  const told = new Set([
    "model",
    "dataset",
    "training",
    "optimizer",
    "derived",
    "expected_scalars_float64",
    "spectral",
  ]);
  const unused = [
    ...[dataset, training, optimizer].flatMap((each) => each.unused().map((key) => `${each.name}.${key}`)),
    ...(isModelAlone ? [] : [...root.keys()].map(String).filter((key) => !told.has(key))),
  ];
  if (unused.length > 0) notes.push(`Not used of ${where}: ${unused.join(", ")}.`);
  return { config, notes };
}

/** Height of the levels from the highest down: halves, and 1 below 4. */
function resolutionsFrom(resolution: number, count: number): number[] {
  const heights: number[] = [];
  for (let height = resolution; heights.length < count; height = Math.floor(height / 2)) {
    if (height < 4) height = 1;
    heights.push(height);
  }
  return heights;
}

function translateModel(model: Section, dataset: Section): CompleteConfigInput["model"] {
  const unknown = [...model.values.keys()].map(String).filter((key) => !MODEL_KEYS.has(key));
  if (unknown.length > 0) {
    throw new UserError(
      "invalid-config",
      `Expected arguments of the authors' model in ${model.where}, got model.${unknown.join(", model.")}, which it does not take.`,
    );
  }
  const resolution = model.needed("resolution", model.number("resolution"));
  const channels = model.needed("c", model.number("c"));
  if ((model.number("c_enc") ?? channels) !== channels)
    model.refuse("c_enc", `the ${channels} channels of the generator (c), as wide as the encoder here`);
  const layers = model.needed("nlayers", model.numbers("nlayers"));
  const perLevel = (key: string, missing?: number[]): number[] => {
    const list = model.needed(key, model.numbers(key) ?? missing);
    return list.length === layers.length
      ? list
      : model.refuse(key, `${layers.length} numbers, one for each level of nlayers`);
  };
  const multipliers = perLevel(
    "c_mult",
    layers.map(() => 1),
  );
  const encoder = perLevel("enc_nlayers");
  const attention = perLevel(
    "num_attention",
    layers.map(() => 0),
  );
  const heights = resolutionsFrom(resolution, layers.length);
  const isSuper = model.flag("is_superres") ?? false;
  const blocks = isSuper ? model.needed("superres_nlayers", model.numbers("superres_nlayers")) : [];
  const noise = dataset.number("sigma_aug") ?? (resolution === 64 ? 0.1 : 0.15); // as their sampling adds it
  return {
    resolution,
    classes: model.number("num_classes") ?? 0,
    latentChannels: model.needed("zdim", model.number("zdim")),
    finalBlocks: model.needed("num_final_blocks", model.number("num_final_blocks")),
    levels: heights
      .map((height, index) => ({
        resolution: height,
        channels: channels * multipliers[index],
        encoderBlocks: encoder[index],
        stochasticLayers: layers[index],
        attention: attention[index],
      }))
      .reverse(),
    ...(isSuper ? { superResolution: { blocks, noise } } : {}),
  };
}

/** Their schedules: ("shifted_exp", {scale, shift}), and ("constant_per", [a weight for each resolution, lowest first]). */
function translateObjective(
  training: Section,
  model: CompleteConfigInput["model"],
  base: Config,
): CompleteConfigInput["objective"] {
  const renorm = training.number("renorm_value");
  if (renorm !== undefined && Math.abs(renorm - 66.7) > 1e-9)
    training.refuse("renorm_value", "66.7, which is built in here");
  return {
    output: "gaussian",
    sigma: training.number("sigma_q") ?? base.objective.sigma,
    labelDropout: training.number("label_drop_probability") ?? base.objective.labelDropout,
    spectralWeight: training.number("global_sr_weight") ?? base.objective.spectralWeight,
    informationSchedule: scheduleOf(training, model),
  };
}

function scheduleOf(training: Section, { levels }: CompleteConfigInput["model"]) {
  const schedule = training.get("rate_schedule");
  if (schedule === undefined) return "on" as const;
  const [name, given] = Array.isArray(schedule) ? schedule : [];
  if (name === "shifted_exp" && given instanceof Map) {
    const [scale, shift] = [given.get("scale"), given.get("shift")];
    if (typeof scale === "number" && typeof shift === "number") return { shares: "geometric" as const, scale, shift };
  }
  if (name === "constant_per" && Array.isArray(given) && given.length === levels.length) {
    const weights = levels.map(({ resolution }, index) => ({ resolution, weight: given[index] as number }));
    if (weights.every(({ weight }) => typeof weight === "number"))
      return { shares: "per-resolution" as const, weights };
  }
  return training.refuse(
    "rate_schedule",
    `("shifted_exp", {"scale": …, "shift": …}) or ("constant_per", […]) with ${levels.length} numbers`,
  );
}

function translateOptimizer(
  optimizer: Section,
  training: Section,
  base: Config,
  notes: string[],
): CompleteConfigInput["optimizer"] {
  const [type, decay] = [optimizer.get("opt_type") ?? "adamax", optimizer.get("decay") ?? "cosine"];
  if (String(type).toLowerCase() !== "adamax")
    notes.push(`optimizer.opt_type is ${shown(type)}; training here is with Adamax.`);
  if (decay !== "cosine")
    notes.push(`optimizer.decay is ${shown(decay)}; the learning rate here decays along a cosine.`);
  return {
    startLearningRate: optimizer.number("startlr") ?? base.optimizer.startLearningRate,
    maxLearningRate: optimizer.number("maxlr") ?? base.optimizer.maxLearningRate,
    minLearningRate: optimizer.number("minlr") ?? base.optimizer.minLearningRate,
    warmupSteps: optimizer.number("warmup_steps") ?? base.optimizer.warmupSteps,
    decaySteps: optimizer.number("decay_steps") ?? base.optimizer.decaySteps,
    beta1: optimizer.number("beta1") ?? base.optimizer.beta1,
    beta2: optimizer.number("beta2") ?? base.optimizer.beta2,
    skipThreshold: training.number("skip_threshold") ?? base.optimizer.skipThreshold,
  };
}

/** Their loop counts micro-batches, ours whole batches; of their two folders of checkpoints the second is for good. */
function translateTraining(
  training: Section,
  dataset: Section,
  optimizer: Section,
  base: Config,
  notes: string[],
): CompleteConfigInput["training"] {
  for (const key of ["native_res", "is_labeled", "lower_res"]) dataset.get(key); // follow from the model
  const micro = dataset.number("batch_size");
  const batchSize = training.number("total_batch_size") ?? micro ?? base.training.batchSize;
  const parts = micro === undefined ? 1 : Math.ceil(batchSize / micro);
  const whole = micro === undefined || micro >= batchSize ? batchSize : parts * micro;
  if (whole !== batchSize)
    notes.push(`Batches have ${whole} images, as their training makes of ${parts} times ${micro}.`);
  const iterations = training.number("iterations");
  const steps = iterations === undefined ? base.training.steps : Math.max(1, Math.floor(iterations / parts));
  if (iterations !== undefined && parts > 1) {
    notes.push(
      `training.iterations counts parts of batches: ${iterations} of them are ${steps} steps of ${whole} images.`,
    );
  }
  const [every, kept] = [training.numbers("save_freq"), training.numbers("num_checkpoints")];
  return {
    batchSize: whole,
    ...(parts > 1 && { microBatchSize: micro }),
    steps,
    flips: dataset.flag("flip") ?? base.training.flips,
    emaDecay: optimizer.number("ema_decay") ?? base.training.emaDecay,
    checkpointEvery: every?.[0] ?? base.training.checkpointEvery,
    keepCheckpoints: kept?.[0] ?? base.training.keepCheckpoints,
    keepEvery: every?.[1] ?? base.training.keepEvery,
    logEvery: training.number("log_freq") ?? base.training.logEvery,
    evaluateEvery: base.training.evaluateEvery,
    sampleEvery: base.training.sampleEvery,
  };
}
