/** @file Files of weights of any kind that is known here, told apart by content, and read without running anything of them. */
import { type ErrorCode, UserError } from "../errors.js";
import { openBytes } from "../io/archives/byte-source.js";
import { jaxGlobals } from "../io/python/array-pickle.js";
import { type PickleGlobals, unpickle } from "../io/python/pickle.js";
import { readSafetensorsFile } from "../io/tensors/safetensors.js";
import { torchContainerOf } from "../io/torch/torch-containers.js";
import { openTorchCheckpoint } from "../io/torch/torch-file.js";
import { torchGlobals } from "../io/torch/torch-pickle.js";

/** What a file holds, and how it was written. */
export interface WeightsFile {
  format: "PyTorch" | "PyTorch before 1.6" | "safetensors" | "pickle";
  /** Dictionaries as Maps, lists as arrays, tensors, and objects that were not made. */
  value: unknown;
  /** Of its pickle, if it has one. */
  protocol?: number;
  /** Texts beside the tensors, in safetensors. */
  metadata?: Record<string, string>;
}

/** One kind of file. */
interface Kind {
  name: WeightsFile["format"];
  /** Whether a file that begins and ends like this is one. */
  matches(start: Buffer, last: Buffer): boolean;
  read(path: string): Promise<Omit<WeightsFile, "format">>;
}

/** Bytes of the beginning that tell the kinds apart. */
const START = 32;

/** Bytes of the largest pickle that is read: the largest published one has 0.8 GB. */
const LARGEST_PICKLE = 2 ** 32 - 1;

/** How a pickle begins: in protocol 2 to 5, or with an opcode of earlier ones, whose end is a dot. */
const isPickle = ([mark, protocol]: Buffer, last: Buffer): boolean =>
  mark === 0x80
    ? protocol >= 2 && protocol <= 5
    : mark !== undefined && "(c}]".includes(String.fromCharCode(mark)) && last[0] === 0x2e;

/** Every kind, in the order in which they are tried: an old PyTorch file is a pickle too, and begins with a number. */
const kinds: readonly Kind[] = [
  { name: "PyTorch", matches: (start) => torchContainerOf(start) === "zip", read: readTorch },
  { name: "PyTorch before 1.6", matches: (start) => torchContainerOf(start) === "legacy", read: readTorch },
  {
    name: "safetensors",
    matches: (start) => start.subarray(4, 9).equals(Buffer.from("\0\0\0\0{")), // a length below 4 GiB, then the header
    read: async (path) => {
      const { tensors, metadata } = await readSafetensorsFile(path);
      return { value: tensors, metadata };
    },
  },
  { name: "pickle", matches: isPickle, read: readPickle },
];

/**
 * Reads a file of weights.
 *
 * @throws UserError when it is of no known kind, is damaged, or asks for what could do harm elsewhere
 */
export async function openWeightsFile(path: string): Promise<WeightsFile> {
  const refuse = (problem: string, code: ErrorCode = "unsupported-format"): never => {
    throw new UserError(code, `Expected a file of weights at ${path}, but ${problem}.`);
  };
  await using file = await openBytes(path, refuse);
  const [start, last] = await Promise.all([file.read(0, START), file.read(Math.max(0, file.size - 1), 1)]);
  const kind = kinds.find(({ matches }) => matches(start, last));
  if (!kind) return refuse(`it begins like none that is known: ${kinds.map(({ name }) => name).join(", ")}`);
  return { format: kind.name, ...(await kind.read(path)) };
}

/** Whether a file begins like one of weights, whatever its name; false where there is none. */
export async function beginsLikeWeights(path: string): Promise<boolean> {
  const missing = (): never => {
    throw new UserError("not-found", "no file");
  };
  await using file = await openBytes(path, missing).catch(() => undefined);
  if (!file) return false;
  const start = await file.read(0, START);
  return kinds.some(({ matches }) => matches(start, Buffer.alloc(1)));
}

async function readTorch(path: string) {
  const { value, protocol } = await openTorchCheckpoint(path, path);
  return { value, protocol };
}

/** What pickles that Python itself wrote may ask for: arrays of NumPy and JAX. PyTorch's tensors need its own container. */
const pickleGlobals: PickleGlobals = new Map<string, unknown>([
  ...torchGlobals,
  ...jaxGlobals,
  [
    "torch.storage _load_from_bytes",
    (_: readonly unknown[], refuse: (problem: string) => never) =>
      refuse("its tensors were written by Python's pickle alone; write them with torch.save"),
  ],
]);

async function readPickle(path: string) {
  const refuse = (problem: string, code: ErrorCode = "damaged"): never => {
    throw new UserError(code, `Expected a pickle of weights in ${path}, but ${problem}.`);
  };
  await using file = await openBytes(path, refuse);
  if (file.size > LARGEST_PICKLE) refuse(`it has ${file.size} bytes, and more than ${LARGEST_PICKLE} are not read`);
  return readPickledWeights(await file.read(0, file.size), path);
}

/** What a pickle in memory holds; its arrays are views of it. */
export function readPickledWeights(bytes: Uint8Array, where: string): Omit<WeightsFile, "format"> {
  const { value } = unpickle(bytes, { where, globals: pickleGlobals, holdObjects: true });
  return { value, protocol: bytes[0] === 0x80 ? bytes[1] : 0 };
}
