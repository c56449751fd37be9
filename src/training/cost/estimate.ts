/** @file What training will take on this machine, before it starts: an estimate from the traced step and a speed measured now. */
import type { Config } from "../../config/index.js";
import { abortable } from "../../data/concurrent.js";
import type { Reading, Split } from "../../data/index.js";
import { sourceOf } from "../../data/sources/index.js";
import { measureSpeed } from "../../engine/device-test/self-test.js";
import type { ExecutionOptions } from "../../inference/execution-options.js";
import type { HubOptions } from "../../io/hub/access.js";
import { type DeviceMemory, memoryOnDevice } from "./device-memory.js";
import { type ModelSummary, summariseModel } from "./model-summary.js";

/**
 * Share of the speed of a single convolution that whole training steps reach; the rest goes into gradients of filters,
 * elementwise work and changes of layout. Measured on emoji32-small and cifar10.
 */
const EFFICIENCY = 0.41;

/** What training will take on this machine. */
export interface TrainingEstimate {
  model: ModelSummary;
  /** Where the device's compiler says what it takes; `model.memoryBytes.training` is the estimate for a CPU then as well. */
  deviceMemory?: DeviceMemory;
  /** Of a 3×3 convolution on this machine, now. */
  gigaflops: number;
  imagesPerSecond: number;
  secondsForAllSteps: number;
  /** The images, as far as they can be counted without opening them; of a source that was named. */
  data?: ListedImages;
}

/** Images of a source by their split, before any is opened. */
export interface ListedImages extends Record<Split, number> {
  source: string;
  /** What it was taken for. */
  description: string;
  classes: string[];
}

/** What {@link estimateTraining} counts and measures. */
export interface EstimateOptions extends ExecutionOptions {
  /** Images to count: a source as `openData` takes it. */
  source?: string;
  /** How the source is read, where the user says. */
  reading?: Reading;
  /** How a hub is asked for a source that lies there. */
  hub?: HubOptions;
  /** Called with what is being done. */
  onStage?: (what: string) => void;
  /** Called with what does not fit into the device's memory. */
  onNotice?: (message: string) => void;
}

/**
 * Summarises the model, counts the images of a source, and measures this machine for a second. For a device whose compiler says
 * what programs take, it compiles the gradients, which takes minutes once.
 */
export async function estimateTraining(
  config: Config,
  { source, reading, hub, runtime, signal, onStage, onNotice = () => {} }: EstimateOptions = {},
): Promise<TrainingEstimate> {
  if (source !== undefined) onStage?.(`listing ${source}`);
  const { resolution } = config.model;
  const data = source === undefined ? undefined : await listImages(source, { resolution, reading, hub, signal });
  onStage?.("tracing the model and measuring this machine");
  const gigaflops = await measureSpeed(runtime);
  const compiled = runtime?.traits.tellsMemory ? await memoryOnDevice(config, runtime, onNotice) : undefined;
  const model = summariseModel(compiled?.config ?? config);
  const imagesPerSecond = (EFFICIENCY * gigaflops * 1e9) / (2 * model.multiplyAccumulates.training);
  const { steps, batchSize } = config.training;
  const secondsForAllSteps = (steps * batchSize) / imagesPerSecond;
  const deviceMemory = compiled?.memory;
  return {
    ...{ model, gigaflops, imagesPerSecond, secondsForAllSteps },
    ...(deviceMemory && { deviceMemory }),
    ...(data && { data }),
  };
}

async function listImages(
  source: string,
  { resolution, reading, hub, signal }: Pick<EstimateOptions, "reading" | "hub" | "signal"> & { resolution: number },
): Promise<ListedImages> {
  await using listing = await abortable(
    sourceOf(source, { resolution, ...reading, hub: { ...hub, signal } }).list(),
    signal,
    (late) => late[Symbol.asyncDispose](),
  );
  const { description, classes, images } = listing;
  const counts = { train: 0, validation: 0, test: 0 };
  for (const { split, alsoValidation } of images) {
    counts[split]++;
    if (alsoValidation) counts.validation++;
  }
  return { source, description, classes, ...counts };
}
