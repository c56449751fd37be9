/** @file `manifest.json` of an exported model: what its files are, and what a browser has to know to draw with it. Hostile until parsed. */
import type { ModelConfig } from "../config/index.js";
import { UserError } from "../errors.js";

/** What the manifest says it is. */
export const WEB_FORMAT = "strata-web";

/** The version of the manifest and of the graphs' inputs. Others are refused: exporting again takes a minute. */
export const WEB_VERSION = 1;

/** Where the graphs say that their weights are. */
export const WEIGHTS_NAME = "weights.bin";

/** A file that was exported. */
export interface WebFile {
  /** Its path, relative to the manifest. */
  path: string;
  bytes: number;
  /** In hexadecimal digits. */
  sha256: string;
}

/** What is computed, each by a graph of its own: `guided` only for models with classes, `velocity` and `flow-end` only with a refinement, `encoder` not for super-resolution models. */
export type GraphName = "sampler" | "guided" | "velocity" | "flow-end" | "encoder";

/** ONNX Runtime for one kind of device. */
export interface WebRuntimeFiles {
  /** The module to import, what it imports itself, and what that instantiates. */
  module: WebFile;
  loader: WebFile;
  binary: WebFile;
}

/** Where a model computes in a browser. */
export type WebDevice = "wasm" | "webgpu";

/** What is known of the model beside its files. */
export interface WebModelInfo {
  /** As it was named when it was exported: the last part of the run's path. */
  name: string;
  /** The same as commands take it: a run folder, or `pretrained:NAME`. */
  run: string;
  config: ModelConfig;
  /** The noise that a picture is drawn with, where it is not the predicted mean; for each pixel. */
  outputNoise: { kind: "normal" | "uniform"; channels: number } | null;
  /** Names of the classes, in label order, where they are known. */
  classes: string[];
  /** Training images of each class. */
  classCounts: number[];
  /** Batches that it was trained on. */
  step: number;
  /** Numbers in its weights. */
  parameters: number;
  /** For each latent group the share of the information that training aimed at, and its KL in nats; null where unknown. */
  groups: { share: number | null; klNats: number | null }[];
  /** The refinement that draws the first groups where that is asked for; null without one. */
  refinement: WebRefinement | null;
  /** The super-resolution model that was exported along; null without one. */
  enlarger: WebEnlarger | null;
}

/** A super-resolution model beside the model whose pictures it enlarges; it runs on the files of that one's runtime. */
export interface WebEnlarger {
  /** Its own manifest, relative to this one. */
  path: string;
  name: string;
  /** As commands take it. */
  run: string;
  /** Of what it draws, pixels. */
  resolution: number;
}

/** What is known of a refinement. */
export interface WebRefinement {
  /** How many of the first groups it draws. */
  groups: number;
  /** Evaluations of its network for a sample. */
  steps: number;
  /** Guidance and temperature that suit it, as they were calibrated or usually are. */
  shown: { guidance: number; temperature: { resolution: number; temperature: number }[] };
}

/** A model as it was exported for browsers. */
export interface WebManifest {
  format: typeof WEB_FORMAT;
  version: typeof WEB_VERSION;
  /** The version of Strata that wrote it. */
  producer: string;
  model: WebModelInfo;
  /** Weights of all graphs, one after another: float16 is widened to float32 before it is used. */
  weights: WebFile & { dtype: "float16" | "float32" };
  graphs: Partial<Record<GraphName, WebFile>> & { sampler: WebFile };
  /** ONNX Runtime, as exported beside the model. */
  runtime: Record<WebDevice, WebRuntimeFiles> & { version: string };
}

/** Larger files are no models for browsers, bytes: what WebAssembly can address. */
const LARGEST_FILE = 2 ** 32;
const LARGEST_SIDE = 4096;
const MOST_GROUPS = 1024;
const MOST_CLASSES = 1e6;

/**
 * The manifest that a text is.
 *
 * @param where - its address, for messages
 * @throws UserError when it is none, or of another version
 */
export function parseWebManifest(text: string, where: string): WebManifest {
  const refuse = (problem: string, code: "damaged" | "unsupported-format" = "damaged"): never => {
    throw new UserError(code, `Expected the manifest of an exported model at ${where}, but ${problem}.`, {
      advice: "Export the run again with `format: web`.",
    });
  };
  const root = object(parsed(text, refuse), "it", refuse);
  if (root.format !== WEB_FORMAT)
    refuse(`its format is ${shown(root.format)}, not "${WEB_FORMAT}"`, "unsupported-format");
  if (root.version !== WEB_VERSION) {
    const [version, producer] = [shown(root.version), shown(root.producer)];
    refuse(
      `it has version ${version}, written by Strata ${producer}, and this version reads ${WEB_VERSION}`,
      "unsupported-format",
    );
  }
  const read = new Reader(refuse);
  const model = readModel(object(root.model, "model", refuse), read, refuse);
  const graphs = object(root.graphs, "graphs", refuse);
  const weights = object(root.weights, "weights", refuse);
  const runtime = object(root.runtime, "runtime", refuse);
  return {
    format: WEB_FORMAT,
    version: WEB_VERSION,
    producer: read.text(root.producer, "producer"),
    model,
    weights: {
      ...read.file(weights, "weights"),
      dtype: read.oneOf(weights.dtype, "weights.dtype", ["float16", "float32"] as const),
    },
    graphs: {
      sampler: read.file(graphs.sampler, "graphs.sampler"),
      ...(model.config.superResolution ? {} : { encoder: read.file(graphs.encoder, "graphs.encoder") }),
      ...(graphs.guided === undefined ? {} : { guided: read.file(graphs.guided, "graphs.guided") }),
      ...(model.refinement
        ? {
            velocity: read.file(graphs.velocity, "graphs.velocity"),
            "flow-end": read.file(graphs["flow-end"], "graphs.flow-end"),
          }
        : {}),
    },
    runtime: {
      version: read.text(runtime.version, "runtime.version"),
      wasm: read.runtime(runtime.wasm, "runtime.wasm"),
      webgpu: read.runtime(runtime.webgpu, "runtime.webgpu"),
    },
  };
}

type Refuse = (problem: string) => never;

function parsed(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return refuse("it is no JSON");
  }
}

function object(value: unknown, name: string, refuse: Refuse): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  return refuse(`${name} is ${shown(value)}, not an object`);
}

/** A value as a message shows it. */
const shown = (value: unknown): string => (JSON.stringify(value) ?? "missing").slice(0, 80);

/** Reads values that have to be of a type and within a range. */
class Reader {
  constructor(readonly refuse: Refuse) {}

  text(value: unknown, name: string): string {
    return typeof value === "string" ? value : this.refuse(`${name} is ${shown(value)}, not text`);
  }

  whole(value: unknown, name: string, least: number, most: number): number {
    const isGood = Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
    return isGood
      ? (value as number)
      : this.refuse(`${name} is ${shown(value)}, not a whole number from ${least} to ${most}`);
  }

  /** A number of 0 or more, or null. */
  amount(value: unknown, name: string): number | null {
    if (value === null || (typeof value === "number" && value >= 0)) return value;
    return this.refuse(`${name} is ${shown(value)}, not a number of 0 or more`);
  }

  list(value: unknown, name: string, most: number): unknown[] {
    if (Array.isArray(value) && value.length <= most) return value;
    return this.refuse(`${name} is ${shown(value)}, not a list of at most ${most}`);
  }

  oneOf<const Choice extends string>(value: unknown, name: string, choices: readonly Choice[]): Choice {
    const found = choices.find((choice) => choice === value);
    return found ?? this.refuse(`${name} is ${shown(value)}, not one of ${choices.join(", ")}`);
  }

  /** A path below the manifest: nothing leads elsewhere. */
  path(value: unknown, name: string): string {
    const parts = typeof value === "string" ? value.split("/") : [];
    const isBelow = parts.length > 0 && parts.every((part) => /^\w[\w.-]*$/.test(part));
    return isBelow ? (value as string) : this.refuse(`${name} is ${shown(value)}, not a path below it`);
  }

  file(value: unknown, name: string): WebFile {
    const { path, bytes, sha256 } = object(value, name, this.refuse);
    if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256))
      this.refuse(`${name}.sha256 is ${shown(sha256)}, not a SHA-256`);
    return {
      path: this.path(path, `${name}.path`),
      bytes: this.whole(bytes, `${name}.bytes`, 1, LARGEST_FILE),
      sha256: sha256 as string,
    };
  }

  runtime(value: unknown, name: string): WebRuntimeFiles {
    const { module, loader, binary } = object(value, name, this.refuse);
    return {
      module: this.file(module, `${name}.module`),
      loader: this.file(loader, `${name}.loader`),
      binary: this.file(binary, `${name}.binary`),
    };
  }
}

function readModel(model: Record<string, unknown>, read: Reader, refuse: Refuse): WebModelInfo {
  const config = readConfig(object(model.config, "model.config", refuse), read, refuse);
  const groups = config.levels.reduce((sum, { stochasticLayers }) => sum + stochasticLayers, 0);
  const noise = model.outputNoise === null ? null : object(model.outputNoise, "model.outputNoise", refuse);
  const told = read.list(model.groups, "model.groups", MOST_GROUPS);
  if (told.length !== groups) refuse(`model.groups has ${told.length} entries for ${groups} latent groups`);
  return {
    name: read.text(model.name, "model.name"),
    run: read.text(model.run, "model.run"),
    config,
    outputNoise: noise && {
      kind: read.oneOf(noise.kind, "model.outputNoise.kind", ["normal", "uniform"] as const),
      channels: read.whole(noise.channels, "model.outputNoise.channels", 1, 64),
    },
    classes: read
      .list(model.classes, "model.classes", MOST_CLASSES)
      .map((name, index) => read.text(name, `model.classes[${index}]`)),
    classCounts: read
      .list(model.classCounts, "model.classCounts", MOST_CLASSES)
      .map((count, index) => read.whole(count, `model.classCounts[${index}]`, 0, Number.MAX_SAFE_INTEGER)),
    step: read.whole(model.step, "model.step", 0, Number.MAX_SAFE_INTEGER),
    parameters: read.whole(model.parameters, "model.parameters", 1, Number.MAX_SAFE_INTEGER),
    groups: told.map((each, index) => {
      const { share, klNats } = object(each, `model.groups[${index}]`, refuse);
      return {
        share: read.amount(share, `model.groups[${index}].share`),
        klNats: read.amount(klNats, `model.groups[${index}].klNats`),
      };
    }),
    // Earlier exports say nothing of either.
    refinement: readRefinement(model.refinement ?? null, groups, read, refuse),
    enlarger: readEnlarger(model.enlarger ?? null, read, refuse),
  };
}

function readEnlarger(value: unknown, read: Reader, refuse: Refuse): WebEnlarger | null {
  if (value === null) return null;
  const { path, name, run, resolution } = object(value, "model.enlarger", refuse);
  return {
    path: read.path(path, "model.enlarger.path"),
    name: read.text(name, "model.enlarger.name"),
    run: read.text(run, "model.enlarger.run"),
    resolution: read.whole(resolution, "model.enlarger.resolution", 1, LARGEST_SIDE),
  };
}

function readRefinement(value: unknown, groups: number, read: Reader, refuse: Refuse): WebRefinement | null {
  if (value === null) return null;
  const refinement = object(value, "model.refinement", refuse);
  const shown = object(refinement.shown, "model.refinement.shown", refuse);
  const number = (of: unknown, name: string) =>
    typeof of === "number" && Number.isFinite(of) ? of : refuse(`${name} is ${JSON.stringify(of)}, not a number`);
  return {
    groups: read.whole(refinement.groups, "model.refinement.groups", 1, groups),
    steps: read.whole(refinement.steps, "model.refinement.steps", 1, 1000),
    shown: {
      guidance: number(shown.guidance, "model.refinement.shown.guidance"),
      temperature: read
        .list(shown.temperature, "model.refinement.shown.temperature", MOST_GROUPS)
        .map((each, index) => {
          const name = `model.refinement.shown.temperature[${index}]`;
          const { resolution, temperature } = object(each, name, refuse);
          return {
            resolution: read.whole(resolution, `${name}.resolution`, 1, LARGEST_SIDE),
            temperature: number(temperature, `${name}.temperature`),
          };
        }),
    },
  };
}

/** A model's configuration. What sizes follow from is checked; the rest is for people. */
function readConfig(config: Record<string, unknown>, read: Reader, refuse: Refuse): ModelConfig {
  read.whole(config.resolution, "model.config.resolution", 1, LARGEST_SIDE);
  read.whole(config.classes, "model.config.classes", 0, MOST_CLASSES);
  read.whole(config.latentChannels, "model.config.latentChannels", 1, LARGEST_SIDE);
  const levels = read.list(config.levels, "model.config.levels", MOST_GROUPS);
  if (levels.length === 0) refuse("model.config.levels is empty");
  for (const [index, level] of levels.entries()) {
    const { resolution, stochasticLayers } = object(level, `model.config.levels[${index}]`, refuse);
    read.whole(resolution, `model.config.levels[${index}].resolution`, 1, LARGEST_SIDE);
    read.whole(stochasticLayers, `model.config.levels[${index}].stochasticLayers`, 0, MOST_GROUPS);
  }
  if (config.superResolution !== undefined) {
    const { noise } = object(config.superResolution, "model.config.superResolution", refuse);
    if (read.amount(noise, "model.config.superResolution.noise") === null)
      refuse("model.config.superResolution.noise is missing");
  }
  return config as unknown as ModelConfig;
}
