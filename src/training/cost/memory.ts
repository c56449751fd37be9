/** @file What training takes of memory, and the settings that fit into what there is. */
import type { Config, TrainingConfig } from "../../config/index.js";
import { leaves } from "../../engine/index.js";
import { parameterSpecs } from "../../inference/trained-model.js";
import { microBatchesOf, stepCost } from "../gradients.js";
import { waitingSums } from "../tree-sum.js";

/**
 * Memory of a training process = 0.4 GiB + 8.5 × the weights + 1.4 × what the traced step needs at once: Node and its code;
 * weights, average, moments, gradients, and what is being replaced; ONNX Runtime's arenas and layouts; and what `waitingSums`
 * counts. Fitted to the measured
 * peaks of emoji32-small (micro-batch 4 to 64) and cifar10 (4 to 16, with and without rematerialisation) to within 25 %.
 */
const PROCESS = { bytes: 0.4 * 2 ** 30, weights: 8.5, step: 1.4 };

/** Share of the memory there is that training may plan with. */
const SHARE = 0.6;

/** Smaller micro-batches cost more time than rematerialisation does. */
export const SMALLEST = 4;

/**
 * Multiply-accumulates for each thread of the processor that a micro-batch should not go beyond, since training cannot stop
 * within one: some eight seconds. Larger ones are no faster (docs/benchmarks.md: `cifar10`, batch 4 and 8).
 */
const LARGEST_WORK = 3.5e11;

/** The two settings that trade time for memory. */
export type MemorySettings = Pick<TrainingConfig, "microBatchSize" | "rematerialise">;

/** Both of them decided. */
export interface Fitted {
  microBatchSize: number;
  rematerialise: boolean;
}

/** Peak memory of a process that trains, whose step has arrays of so many bytes at once; an estimate, in bytes. */
export function trainingBytes(config: Config, peakBytes: number): number {
  const weights = leaves(parameterSpecs(config)).reduce((sum, { size }) => sum + 4 * size, 0);
  const halved = config.optimizer.stateType === "bfloat16" ? 1 : 0; // two moments of half the bytes
  const copies = PROCESS.weights - halved + waitingSums(microBatchesOf(config));
  return PROCESS.bytes + copies * weights + PROCESS.step * peakBytes;
}

/** Where training is to fit. */
export interface Machine {
  device: string;
  threads: number;
  /** Bytes to spare. */
  available?: number;
  /** Processes that share the micro-batches of a step equally. */
  ranks?: number;
}

/** The configuration with what it leaves open decided for a machine. Allocates nothing. */
export function fitToMemory(
  config: Config,
  { device, threads, available = process.availableMemory(), ranks = 1 }: Machine,
): Config {
  const { training } = config;
  if (training.microBatchSize !== "auto" && training.rematerialise !== "auto") return config;
  const measure = (settings: Fitted) => {
    const wanted = { ...config, training: { ...training, ...settings } };
    return trainingBytes(wanted, stepCost(wanted).peakBytes);
  };
  const one = { ...config, training: { ...training, microBatchSize: 1, rematerialise: false } };
  const limited = training.microBatchSize === "auto" && device === "cpu";
  const most = limited ? (threads * LARGEST_WORK) / stepCost(one).multiplyAccumulates : training.batchSize;
  const chosen = chooseSettings(training, SHARE * available, { most, ranks }, measure);
  return { ...config, training: { ...training, ...chosen } };
}

/**
 * The largest micro-batch that fits, without rematerialisation unless only tiny ones do; the smallest of all if none does.
 *
 * @param most - images whose work is not too much for a micro-batch that is chosen; few are taken all the same
 * @param ranks - processes that are to have as many micro-batches each
 * @param bytes - memory that some settings take; it grows evenly with the micro-batch, so few are asked for
 */
export function chooseSettings(
  training: Pick<TrainingConfig, "batchSize"> & MemorySettings,
  budget: number,
  { most, ranks }: { most: number; ranks: number },
  bytes: (settings: Fitted) => number,
): Fitted {
  const { batchSize } = training;
  const possible = microBatchesFor(batchSize, ranks).filter((size) => size <= Math.max(most, SMALLEST));
  const sizes = training.microBatchSize === "auto" ? possible : [training.microBatchSize];
  const settings = training.rematerialise === "auto" ? [false, true] : [training.rematerialise];
  for (const rematerialise of settings) {
    const least = rematerialise === settings.at(-1) ? 1 : Math.min(SMALLEST, sizes[0]);
    const microBatchSize = largestFitting(sizes, budget, (size) => bytes({ microBatchSize: size, rematerialise }));
    if (microBatchSize !== undefined && microBatchSize >= least) return { microBatchSize, rematerialise };
  }
  return { microBatchSize: sizes.at(-1)!, rematerialise: settings.at(-1)! };
}

/** The first of descending sizes whose bytes are within the budget; those between the ends by interpolation. */
function largestFitting(sizes: readonly number[], budget: number, bytes: (size: number) => number): number | undefined {
  const [largest, smallest] = [sizes[0], sizes.at(-1)!];
  const most = bytes(largest);
  if (most <= budget || largest === smallest) return most <= budget ? largest : undefined;
  const least = bytes(smallest);
  const slope = (most - least) / (largest - smallest);
  return sizes.find((size) => least + slope * (size - smallest) <= budget);
}

/** Sizes of micro-batches that ranks can share equally, largest first; all that divide the batch where none can be shared. */
export function microBatchesFor(batchSize: number, ranks: number): number[] {
  const sizes = divisors(batchSize);
  const equal = sizes.filter((size) => (batchSize / size) % ranks === 0);
  return equal.length > 0 ? equal : sizes;
}

/** Divisors, largest first. */
const divisors = (n: number): number[] =>
  Array.from({ length: n }, (_, index) => n - index).filter((divisor) => n % divisor === 0);
