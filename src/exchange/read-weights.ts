/** @file Weights from a file of any kind that is known here, told apart by content. */
import type { Config } from "../config/index.js";
import { UserError } from "../errors.js";
import { openBytes } from "../formats/byte-source.js";
import { readSafetensorsFile } from "../formats/safetensors.js";
import { torchContainerOf } from "../formats/torch-containers.js";
import { readTorchFile } from "../formats/torch-file.js";
import { readFlaxFile } from "./flax.js";
import { fromStateDictionary } from "./state-dictionary.js";
import { type ForeignWeights, fromAuthorsCheckpoint } from "./training-checkpoint.js";

/** One kind of file. */
interface Kind {
  name: string;
  /** Whether a file that begins like this is one. */
  begins(start: Buffer): boolean;
  read(path: string, config: Config): Promise<ForeignWeights>;
}

/** Bytes of the beginning that tell the kinds apart. */
const START = 32;

/** How a pickle in protocol 2 to 5 begins. */
const isPickle = ([mark, protocol]: Buffer): boolean => mark === 0x80 && protocol >= 2 && protocol <= 5;

const fromTorch = async (path: string, config: Config) =>
  fromAuthorsCheckpoint(await readTorchFile(path), config, path);

/** Every kind, in the order in which they are tried: an old PyTorch file is a pickle too, and begins with a number. */
const kinds: readonly Kind[] = [
  { name: "PyTorch", begins: (start) => torchContainerOf(start) === "zip", read: fromTorch },
  { name: "PyTorch before 1.6", begins: (start) => torchContainerOf(start) === "legacy", read: fromTorch },
  {
    name: "safetensors",
    begins: (start) => start.subarray(4, 9).equals(Buffer.from("\0\0\0\0{")), // a length below 4 GiB, then the header
    read: async (path, config) => ({
      ema: fromStateDictionary((await readSafetensorsFile(path)).tensors, config, path),
    }),
  },
  {
    name: "JAX",
    begins: isPickle,
    read: async (path, config) => ({ ema: await readFlaxFile(path, config) }),
  },
];

/**
 * The weights in a file for a model of this configuration, and what more of a training state the file holds.
 *
 * @returns also the name of the kind of file
 * @throws UserError when the file is of no known kind, is damaged, or holds the weights of another model
 */
export async function readWeights(path: string, config: Config): Promise<ForeignWeights & { format: string }> {
  const refuse = (problem: string): never => {
    throw new UserError(`Expected a file of weights at ${path}, but ${problem}.`);
  };
  const file = await openBytes(path, refuse);
  const start = await file.read(0, START).finally(() => file.close());
  const kind = kinds.find(({ begins }) => begins(start));
  if (!kind) return refuse(`it begins like none that is known: ${kinds.map(({ name }) => name).join(", ")}`);
  return { format: kind.name, ...(await kind.read(path, config)) };
}
