/**
 * @file Writing of PyTorch checkpoints, as `torch.save(model.state_dict(), …)` does: a zip archive with a pickle in protocol 2,
 * which is the one that `torch.load(…, weights_only=True)` reads, and every tensor's elements as a stored entry.
 */
import { Zip, ZipPassThrough } from "fflate";
import { UserError } from "../../errors.js";
import { bytesOf, type ElementType, elementCount, type Tensor } from "../tensors/tensor.js";

const storageTypes: Record<ElementType, string> = {
  float32: "FloatStorage",
  float64: "DoubleStorage",
  float16: "HalfStorage",
  bfloat16: "BFloat16Storage",
  int64: "LongStorage",
  int32: "IntStorage",
  uint8: "ByteStorage",
  bool: "BoolStorage",
};

/** Folder of all entries. */
const ROOT = "archive";

/** Zip stores no earlier date; a fixed one makes the same tensors the same bytes. */
const DATE = new Date("1980-01-01T00:00:00");

/** Zip counts in 32 bits. */
const LARGEST_ARCHIVE = 2 ** 32 - 1;

/** Elements begin at multiples of so many bytes, so that the file can be mapped into memory … */
const ALIGNMENT = 64;
/** … behind an extra field of zip, with PyTorch's name for it ("FB"). */
const PADDING = 0x4246;

/**
 * The file for a state dictionary, as consecutive pieces: the tensors' own memory, nothing is copied. The same tensors give
 * the same bytes.
 *
 * @param tensors - by name; `torch.load` gives an OrderedDict in this order
 * @throws UserError when they are larger than a zip archive can be (4 GiB)
 */
export function torchFilePieces(tensors: ReadonlyMap<string, Tensor>): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const zip = new Zip((error, piece) => {
    if (error) throw error;
    pieces.push(piece);
    length += piece.length;
  });
  const add = (name: string, content: Uint8Array) => {
    const entry = new ZipPassThrough(`${ROOT}/${name}`);
    entry.mtime = DATE;
    const start = length + 30 + entry.filename.length + 4; // behind the header, the name and the field's own head
    entry.extra = { [PADDING]: new Uint8Array(-start & (ALIGNMENT - 1)) };
    zip.add(entry);
    entry.push(content, true);
    if (length > LARGEST_ARCHIVE) {
      throw new UserError(
        "too-large",
        `Expected tensors of at most 4 GiB for a PyTorch file, got more. Write a safetensors file.`,
      );
    }
  };
  add("data.pkl", stateDictionary(tensors));
  add("byteorder", Buffer.from("little"));
  for (const [index, tensor] of [...tensors.values()].entries()) add(`data/${index}`, bytesOf(tensor));
  add("version", Buffer.from("3\n"));
  zip.end();
  return pieces;
}

/** The pickle: an OrderedDict of tensors, each of which is a contiguous view of the storage of its number. */
function stateDictionary(tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  const items = [...tensors].flatMap(([name, { dtype, shape, data }], storage) => [
    text(name),
    global("torch._utils", "_rebuild_tensor_v2"),
    MARK,
    ...[
      MARK,
      text("storage"),
      global("torch", storageTypes[dtype]),
      text(`${storage}`),
      text("cpu"),
      integer(data.length),
    ],
    ...[TUPLE, PERSISTENT, integer(0), tuple(shape), tuple(strides(shape)), FALSE, EMPTY_ORDERED, TUPLE, CALL],
  ]);
  return Buffer.concat([Buffer.of(0x80, 2), EMPTY_ORDERED, MARK, ...items, SET_ITEMS, STOP]);
}

/** Elements from one index to the next along every axis, in row-major order. */
const strides = (shape: readonly number[]): number[] => shape.map((_, axis) => elementCount(shape.slice(axis + 1)));

// Opcodes of pickles: see `pickle.ts`, which reads them.
const opcode = (code: string): Buffer => Buffer.from(code, "latin1");
const MARK = opcode("(");
const TUPLE = opcode("t");
const PERSISTENT = opcode("Q");
const CALL = opcode("R");
const FALSE = opcode("\x89");
const SET_ITEMS = opcode("u");
const STOP = opcode(".");
const global = (module: string, name: string): Buffer => opcode(`c${module}\n${name}\n`);
const EMPTY_ORDERED = Buffer.concat([global("collections", "OrderedDict"), opcode(")R")]);
const tuple = (numbers: readonly number[]): Buffer => Buffer.concat([MARK, ...numbers.map(integer), TUPLE]);

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([opcode("X"), Buffer.from(Uint32Array.of(bytes.length).buffer), bytes]);
}

/** 4 bytes, or where they are too few an integer of 8. */
function integer(value: number): Buffer {
  return value < 2 ** 31
    ? Buffer.concat([opcode("J"), Buffer.from(Int32Array.of(value).buffer)])
    : Buffer.concat([opcode("\x8a\x08"), Buffer.from(BigInt64Array.of(BigInt(value)).buffer)]);
}
