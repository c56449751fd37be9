/** @file CIFAR-10's batches of 10,000 images in both forms that its authors publish (https://www.cs.toronto.edu/~kriz/cifar.html). */
import { UserError } from "../../errors.js";
import { NumpyArray, numpyGlobals } from "../../io/python/array-pickle.js";
import { unpickle } from "../../io/python/pickle.js";
import { shown } from "../../io/python/pickle-text.js";

/** Bytes of an image: 3 planes of 32×32, red, green, blue. */
export const IMAGE_BYTES = 3 * 32 * 32;
const CLASSES = 10;

export interface Batch {
  labels: ArrayLike<number>;
  /** uint8 [N, 3, 32, 32], in the memory of the file. */
  pixels: Uint8Array;
}

type Refuse = (problem: string) => never;

const refuser =
  (where: string): Refuse =>
  (problem) => {
    throw new UserError(
      "damaged",
      `Expected a batch of CIFAR-10 in ${where}, but ${problem}. The file may be cut off or damaged.`,
    );
  };

/** Records of the binary form: a byte for the label, then the image. */
export function parseBinaryBatch(bytes: Uint8Array, where: string): Batch {
  const refuse = refuser(where);
  const recordBytes = 1 + IMAGE_BYTES;
  const count = bytes.length / recordBytes;
  if (!Number.isInteger(count) || count === 0) {
    refuse(`its ${bytes.length} bytes are no whole records of ${recordBytes}`);
  }
  const labels = new Uint8Array(count);
  const pixels = new Uint8Array(count * IMAGE_BYTES);
  for (let index = 0; index < count; index++) {
    const start = index * recordBytes;
    labels[index] = bytes[start];
    pixels.set(bytes.subarray(start + 1, start + recordBytes), index * IMAGE_BYTES);
  }
  return checked({ labels, pixels }, refuse);
}

/** The Python form: a pickled dictionary with `data`, uint8 [N, 3072], and a list of `labels`. */
export function parsePythonBatch(bytes: Uint8Array, where: string): Batch {
  const refuse = refuser(where);
  const batch = dictionary(bytes, where, refuse);
  const data = batch.get("data");
  const labels = batch.get("labels");
  if (!(data instanceof NumpyArray)) return refuse("it has no array called data");
  if (!Array.isArray(labels)) return refuse("it has no list called labels");
  const { dtype, shape, data: pixels } = data.tensor((problem) => refuse(`in its data ${problem}`));
  if (dtype !== "uint8" || shape.length !== 2 || shape[1] !== IMAGE_BYTES) {
    refuse(`its data are ${dtype} [${shape}], not uint8 [N,${IMAGE_BYTES}]`);
  }
  if (labels.length !== shape[0]) refuse(`it has ${shape[0]} images and ${labels.length} labels`);
  return checked({ labels, pixels: pixels as Uint8Array }, refuse);
}

/** Names of the classes in `batches.meta.txt`, one a line. */
export const parseBinaryNames = (bytes: Uint8Array): string[] =>
  Buffer.from(bytes).toString("latin1").split(/\s+/).filter(Boolean);

/** Names of the classes in `batches.meta`, a pickled dictionary. */
export function parsePythonNames(bytes: Uint8Array, where: string): unknown {
  return dictionary(bytes, where, refuser(where)).get("label_names");
}

function dictionary(bytes: Uint8Array, where: string, refuse: Refuse): Map<unknown, unknown> {
  const { value } = unpickle(bytes, { where, globals: numpyGlobals });
  return value instanceof Map ? value : refuse("it is no pickled dictionary");
}

function checked(batch: Batch, refuse: Refuse): Batch {
  const wrong = Array.from(batch.labels).findIndex(
    (label) => !Number.isInteger(label) || label < 0 || label >= CLASSES,
  );
  if (wrong >= 0)
    refuse(`its image ${wrong} has the label ${shown(batch.labels[wrong])}; there are 0 … ${CLASSES - 1}`);
  return batch;
}
