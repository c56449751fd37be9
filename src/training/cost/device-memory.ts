/**
 * @file The settings with which training fits into the memory of a device whose compiler says what a program takes: nothing is
 * estimated that can be known, and a step is tried.
 */
import type { Config, TrainingConfig } from "../../config/index.js";
import { leaves, map, type ProgramMemory, type Runtime, type Spec } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { parameterSpecs } from "../../inference/trained-model.js";
import { formatBytes } from "../../number-format.js";
import { compileGradients, type GradientsProgram, microBatchesOf } from "../gradients.js";
import { stepInputs } from "../inputs/step-inputs.js";
import { FRESH } from "../run/counters.js";
import { stateSpecs, Trainer, type TrainingState } from "../trainer.js";
import { waitingSums } from "../tree-sum.js";
import { type Fitted, type MemorySettings, microBatchesFor, SMALLEST } from "./memory.js";

/** Share of a device's memory that training may plan with: its allocator needs some to move in. */
const SHARE = 0.92;

/** Arrays of the weights' size beside those that the gradients' program takes and gives: average, moments, gradients of a step before. */
const COPIES = 4;

/** A configuration with nothing left open. */
export interface FittedToDevice {
  config: Config;
  /** The gradients' program, where it has been compiled: as long as it is there, training need not load it again. */
  program?: GradientsProgram;
}

/**
 * The configuration with what it leaves open decided for a device: the largest micro-batch with which a step runs, without
 * rematerialisation unless only tiny ones do. The caller disposes the program.
 *
 * @param onNotice - called with what does not fit
 * @param ranks - processes that are to have as many micro-batches each
 * @throws UserError when nothing fits
 */
export async function fitToDevice(
  config: Config,
  runtime: Runtime,
  onNotice: (message: string) => void,
  ranks = 1,
): Promise<FittedToDevice> {
  const { training } = config;
  if (training.microBatchSize !== "auto" && training.rematerialise !== "auto") return { config };
  const { devices } = await runtime.describe();
  const { memoryBytes } = devices[0];
  const budget = SHARE * (memoryBytes ?? process.availableMemory());
  const withSettings = (settings: Fitted): Config => ({ ...config, training: { ...training, ...settings } });
  let program: GradientsProgram | undefined;
  try {
    const chosen = await chooseOnDevice(candidates(training, devices.length, ranks), budget, {
      bytes: async (settings) => {
        await program?.dispose();
        program = await compileGradients(withSettings(settings), runtime);
        return bytesOf(program.memory!, withSettings(settings));
      },
      // a processor does not count its memory, and takes more than there is
      runs: async (settings) => memoryBytes === undefined || isTrained(withSettings(settings), runtime),
      onNotice,
    });
    return { config: withSettings(chosen), program };
  } catch (error) {
    await program?.dispose();
    throw error;
  }
}

/** What training takes of the memory of each of some devices. */
export interface DeviceMemory {
  devices: number;
  /** What the compiled gradients take, and what training keeps beside them. */
  bytes: number;
  /** Bytes that a device has; where it does not say, as processors do not, there is none. */
  available?: number;
}

/** The configuration as {@link fitToDevice} settles it, and what it takes. Compiles the gradients, which training then finds in the cache. */
export async function memoryOnDevice(
  config: Config,
  runtime: Runtime,
  onNotice: (message: string) => void,
): Promise<{ config: Config; memory: DeviceMemory }> {
  const { config: fitted, program } = await fitToDevice(config, runtime, onNotice);
  await using compiled = program ?? (await compileGradients(fitted, runtime));
  const { devices } = await runtime.describe();
  const [{ memoryBytes: available }] = devices;
  const bytes = bytesOf(compiled.memory!, fitted);
  return { config: fitted, memory: { devices: devices.length, bytes, ...(available && { available }) } };
}

/** Settings in the order of preference: whole batches first, and rematerialised ones before tiny ones. */
export function candidates(
  { batchSize, microBatchSize, rematerialise }: Pick<TrainingConfig, "batchSize"> & MemorySettings,
  devices: number,
  ranks = 1,
): Fitted[] {
  const possible = microBatchesFor(batchSize, ranks);
  const shared = possible.filter((size) => size % devices === 0); // rows that devices can share out equally
  const sizes = microBatchSize === "auto" ? (shared.length > 0 ? shared : possible) : [microBatchSize];
  const least = Math.min(SMALLEST * devices, sizes[0]);
  const plain = sizes.filter((size) => rematerialise === false || size >= least);
  const all = sizes.map((size) => ({ microBatchSize: size, rematerialise: true }));
  return [
    ...(rematerialise === true ? [] : plain.map((size) => ({ microBatchSize: size, rematerialise: false }))),
    ...(rematerialise === false ? [] : all),
  ];
}

/** What is known of settings. */
export interface Trial {
  /** Memory that a step takes. */
  bytes(settings: Fitted): Promise<number>;
  /** Whether a step runs. */
  runs(settings: Fitted): Promise<boolean>;
  onNotice(message: string): void;
}

/** The first settings that fit into the budget, and run. Throws UserError when none do. */
export async function chooseOnDevice(
  settings: readonly Fitted[],
  budget: number,
  { bytes, runs, onNotice }: Trial,
): Promise<Fitted> {
  let left = settings;
  while (left.length > 0) {
    const [tried, ...others] = left;
    const needed = await bytes(tried);
    if (needed <= budget && (await runs(tried))) return tried;
    const how = tried.rematerialise ? ", rematerialised," : "";
    onNotice(
      `A micro-batch of ${tried.microBatchSize}${how} takes ${formatBytes(needed)} or more of the device's memory, and does not fit.`,
    );
    // memory grows evenly with the micro-batch at most, so of those that are left alike, too large ones need not be compiled
    const most = (tried.microBatchSize * budget) / needed;
    const alike = others.filter(({ rematerialise }) => rematerialise === tried.rematerialise);
    const hopeful = alike.filter(({ microBatchSize }) => microBatchSize <= most);
    left = [...(hopeful.length > 0 ? hopeful : alike.slice(-1)), ...others.filter((other) => !alike.includes(other))];
  }
  throw new UserError(
    "out-of-memory",
    "Expected a device with memory for a step of the smallest micro-batch, got one with too little.",
    { advice: "Make the model smaller, or train on another device." },
  );
}

/** Memory that a step takes on each device. */
function bytesOf({ arguments: given, outputs, temporary }: ProgramMemory, config: Config): number {
  const weights = leaves(parameterSpecs(config)).reduce((sum, { size }) => sum + 4 * size, 0);
  return given + outputs + temporary + (COPIES + waitingSums(microBatchesOf(config))) * weights;
}

/** Whether a step runs, with all that training keeps on the device. */
async function isTrained(config: Config, runtime: Runtime): Promise<boolean> {
  const state = map(stateSpecs(config), ({ size }: Spec) => new Float32Array(size)) as TrainingState<Float32Array>;
  const { batchSize } = config.training;
  const images = new Float32Array(batchSize * 3 * config.model.resolution ** 2);
  try {
    await using trainer = await Trainer.create(config, runtime, FRESH, state);
    await trainer.step(stepInputs(config, 0, { images, labels: new Int32Array(batchSize) }, runtime.traits));
    return true;
  } catch (error) {
    if (error instanceof UserError && error.code === "out-of-memory") return false;
    throw error;
  }
}
